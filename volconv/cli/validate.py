"""Verb `validate`: every fault that a configuration's text tells, at once."""

from __future__ import annotations

from typing import Annotated

import typer

from volconv.cli.exits import exit_code
from volconv.cli.report import print_error
from volconv.errors import VolconvError

__all__ = ["validate"]


def validate(
    configs: Annotated[
        list[str], typer.Argument(metavar="CONFIG...", help="YAML files to check.")
    ],
) -> None:
    """Check the text of configurations: all faults, with their lines. Opens no data."""
    codes = [check(path) for path in configs]
    raise typer.Exit(next((code for code in codes if code), 0))


def check(path: str) -> int:
    """Print what is to be said of one configuration; its exit code."""
    from volconv.config import load_config

    try:
        config = load_config(path)
    except VolconvError as error:
        print_error(error)
        return exit_code(error)
    print(f"{path}: ok ({', '.join(step.step_name for step in config.steps)})")
    for note in config.notes():
        print(f"note: {note}")
    return 0
