"""The command ``volconv``."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from volconv.cli.exits import exit_code
from volconv.cli.report import print_error
from volconv.cli.streams import standard_streams
from volconv.errors import VolconvError

__all__ = ["app", "main"]

VERBS = ("init", "validate", "plan", "run", "status", "schema", "field")
"""Verbs in the order in which they are used: functions of the modules of their names."""


class Verbs(Mapping[str, Any]):
    """The command of each verb, its module imported when it is asked for.

    A page of help asks for all of them: what a verb does is imported by its function.
    """

    def __getitem__(self, verb: str) -> Any:
        if verb not in VERBS:
            raise KeyError(verb)
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        alone.command()(getattr(import_module(f"volconv.cli.{verb}"), verb))
        return get_command(alone)

    def __iter__(self) -> Iterator[str]:
        return iter(VERBS)

    def __len__(self) -> int:
        return len(VERBS)


class Group(TyperGroup):
    """The command, which makes ready no other verb than the one that is typed."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands: Any = Verbs()


app = typer.Typer(
    name="volconv",
    cls=Group,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: no colours to switch off, no import of rich
    context_settings={"help_option_names": ["-h", "--help"]},
)


def show_version(wanted: bool) -> None:
    """Print the version and leave."""
    if wanted:
        from volconv.version import __version__

        print(f"volconv {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=show_version,
            is_eager=True,
            help="Print the version and leave.",
        ),
    ] = False,
) -> None:
    """Exact convolution on labelled volumes larger than memory."""
    del version  # its callback has done the work


def main() -> None:
    """Run the command; a user's fault is told in plain words, without a traceback."""
    with standard_streams():
        try:
            try:
                app(prog_name="volconv")
            finally:
                sys.stdout.flush()
        except (VolconvError, OSError) as error:
            print_error(error)
            sys.exit(exit_code(error))
