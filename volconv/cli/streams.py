"""The standard streams of the command: one that is not there, or is left, ends nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, TextIO

__all__ = ["standard_streams"]


class Stream:
    """A stream that writes into nothing from its first failure on.

    Parameters
    ----------
    stream : text stream
        What it writes to.
    quiet : type
        Failures that nobody is told of.
    """

    def __init__(self, stream: TextIO, quiet: type[OSError]) -> None:
        self.stream = stream
        self.quiet = quiet

    def write(self, text: str) -> int:
        """Write a text."""
        with self.failing():
            self.stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Write what is buffered."""
        with self.failing():
            self.stream.flush()

    @contextmanager
    def failing(self) -> Iterator[None]:
        """A block that writes, and may fail."""
        try:
            yield
        except OSError as error:
            # what is buffered goes there too: the interpreter writes it when it ends
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.stream.fileno())
            if not isinstance(error, self.quiet):
                raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


@contextmanager
def standard_streams() -> Iterator[None]:
    """A block whose output may lose its reader, as ``head`` leaves, or have none.

    Of stderr every failure is quiet: there is nowhere to tell of it.
    """
    with ExitStack() as stack:
        nothing = stack.enter_context(Path(os.devnull).open("r+"))
        stack.callback(setattr, sys, "stdin", sys.stdin)
        sys.stdin = sys.stdin or nothing
        stdout: Any = Stream(sys.stdout or nothing, BrokenPipeError)
        stderr: Any = Stream(sys.stderr or nothing, OSError)
        stack.enter_context(redirect_stdout(stdout))
        stack.enter_context(redirect_stderr(stderr))
        for stream in (stdout, stderr):
            say_what_you_can(stream)
        yield


def say_what_you_can(stream: object) -> None:
    """Escape characters that a terminal's encoding lacks, where Python would fail."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
