"""The command ``volconv``, also as ``python -m volconv``.

What is imported for it, and the plan, last as long as the process. Python's collector of
garbage would walk all of it many times over while it grows, and would find nothing: it
rests until a run begins, and what there is by then is never walked again.

What ends is the process, after all that Python does at its end but for taking itself down:
threads of a store's client, on which answers are still to come, abort the process if Python
goes away below them.

Tasks compute beside each other. Threads of NumPy's linear algebra would take their
processors, a tenth of a second of them already as the process starts.
"""

import atexit
import gc
import os
import sys

__all__ = ["main"]


class End:
    """The end of the process.

    Attributes
    ----------
    code : int
        What it ends with; that of a traceback, unless the command says another.
    """

    def __init__(self) -> None:
        self.code = 1

    def leave(self) -> None:
        """End the process."""
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        os._exit(self.code)


def main() -> None:
    """Run the command."""
    gc.disable()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is there
    end = End()
    atexit.register(end.leave)  # before all others: it is called after them
    try:
        from volconv.cli.main import main as command

        command()
        end.code = 0
    except KeyboardInterrupt:
        end.code = 130  # nothing is begun yet
    except SystemExit as exit_:
        end.code = exit_.code if isinstance(exit_.code, int) else bool(exit_.code)
        raise


if __name__ == "__main__":
    main()
