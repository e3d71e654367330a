"""The command ``volconv``."""

from __future__ import annotations

import os
import sys
from typing import Annotated, TextIO

import typer

from volconv.cli.exits import exit_code
from volconv.cli.field import field
from volconv.cli.init import init
from volconv.cli.plan import plan
from volconv.cli.report import print_error
from volconv.cli.run import run
from volconv.cli.schema import schema
from volconv.cli.status import status
from volconv.cli.validate import validate
from volconv.errors import VolconvError
from volconv.version import __version__

__all__ = ["app", "main"]

app = typer.Typer(
    name="volconv",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: no colours to switch off, no import of rich
    context_settings={"help_option_names": ["-h", "--help"]},
)

# the verbs, in the order in which they are used
app.command()(init)
app.command()(validate)
app.command()(plan)
app.command()(run)
app.command()(status)
app.command()(schema)
app.command()(field)


def show_version(wanted: bool) -> None:
    """Print the version and leave."""
    if wanted:
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
    for stream in (sys.stdout, sys.stderr):
        say_what_you_can(stream)
    try:
        app(prog_name="volconv")
    except (VolconvError, OSError) as error:
        print_error(error)
        sys.exit(exit_code(error))
    finally:
        flush(sys.stdout)


def say_what_you_can(stream: object) -> None:
    """Escape characters that a terminal's encoding lacks, where Python would fail."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def flush(stream: TextIO | None) -> None:
    """Write what is buffered, unless the reader has gone, as ``head`` does."""
    if stream is None:
        return
    try:
        stream.flush()
    except OSError:
        # the interpreter flushes once more at exit, and would complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
