"""Errors on the terminal."""

from __future__ import annotations

import sys

from volconv.errors import ConfigError, VolconvError

__all__ = ["print_error"]


def print_error(error: BaseException) -> None:
    """Print an error to stderr, in plain words."""
    print(error_text(error), file=sys.stderr)


def error_text(error: BaseException) -> str:
    """What a user reads of an error."""
    if isinstance(error, ConfigError):
        return f"{error.path}: {error.got}\n{error}"
    if isinstance(error, VolconvError):
        return f"error: {error}"
    if isinstance(error, KeyboardInterrupt):
        return (
            "interrupted: finished blocks are kept, the same command goes on from them"
        )
    return f"error: {str(error) or type(error).__name__}"
