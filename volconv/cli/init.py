"""Verb `init`: a commented configuration to start from."""

from __future__ import annotations

from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from volconv.errors import OutputError

__all__ = ["Starter", "init", "starter_text"]


class Starter(StrEnum):
    """The configurations to start from."""

    scan = "scan"
    grid = "grid"
    kernel = "kernel"


def init(
    kind: Annotated[
        Starter,
        typer.Argument(
            help="scan: smooth by a length, then halve; grid: a globe and its months; "
            "kernel: weights written out.",
        ),
    ],
    path: Annotated[
        Path | None, typer.Argument(help="File to write; by default KIND.yaml.")
    ] = None,
) -> None:
    """Write a commented configuration to start from, and the schema beside it."""
    from volconv.config import SCHEMA_NAME, schema_text

    target = path or Path()
    if target.is_dir():
        target /= f"{kind}.yaml"
    write_new(target, starter_text(kind))
    print(f"wrote {target}")
    schema = target.parent / SCHEMA_NAME
    if not schema.exists():
        write_new(schema, schema_text())
        print(f"wrote {schema} (editors read it)")
    print(f"next: set its paths, then: volconv validate {target}")


def starter_text(kind: Starter) -> str:
    """The text of a starter."""
    resource = files("volconv.cli").joinpath("starters", f"{kind}.yaml")
    return resource.read_text(encoding="utf-8")


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet.

    Raises
    ------
    OutputError
        If it is there, or cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise OutputError(
            str(path), "a file that exists", "a new one", "name another PATH"
        ) from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OutputError(str(path), reason, "a place that can be written to") from None
