"""The command, as tests call it."""

import subprocess
import sys
from contextlib import contextmanager

HALTING = """
import signal
from volconv.__main__ import main
from volconv.cli import run
from volconv.run import threads

class Halting(run.LineProgress):
    left = LINES

    def __call__(self, done, total):
        before = self.tenths
        super().__call__(done, total)
        self.left -= self.tenths != before
        while not self.left:
            signal.pause()

run.LineProgress = Halting
threads.TOGETHER = -1.0  # small blocks would be told together, perhaps all of them
main()
"""


def volconv(*args, cwd=None, env=None, **options):
    return subprocess.run(
        [sys.executable, "-c", "from volconv.cli.main import main; main()", *args],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=env,
        timeout=60,
        **options,
    )


@contextmanager
def halted(folder, lines, *words, at=None):
    """A run that was begun in a folder and has said some lines of its progress.

    Parameters
    ----------
    folder : Path
        Where the configuration lies.
    lines : int
        How many it says before it goes no further.
    *words : str
        Options.
    at : int, optional
        How many are waited for, where these are fewer.
    """
    code = HALTING.replace("LINES", str(lines))
    with subprocess.Popen(
        [sys.executable, "-c", code, "run", "config.yaml", *words],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            for _ in range(lines if at is None else at):
                assert process.stderr.readline().startswith(b"blocks")
            yield process
        finally:
            process.kill()
