"""The command ``volconv``, also as ``python -m volconv``.

What is imported for it, and the plan, last as long as the process. Python's collector of
garbage would walk all of it many times over while it grows, and would find nothing: it
rests until a run begins, and what there is by then is never walked again.

Tasks compute beside each other. Threads of NumPy's linear algebra would take their
processors, a tenth of a second of them already as the process starts.
"""

import gc
import os
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command."""
    gc.disable()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is there
    try:
        from volconv.cli.main import main as command

        command()
    except KeyboardInterrupt:
        sys.exit(130)  # nothing is begun yet
    finally:
        gc.freeze()  # nor when Python ends


if __name__ == "__main__":
    main()
