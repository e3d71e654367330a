"""Verb `status`: how far an output is, and how to go on."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Annotated

import typer

from volconv.cli.exits import INCOMPLETE
from volconv.text import bytes_text, range_text

if TYPE_CHECKING:
    from volconv.run.status import Status

__all__ = ["status"]


def status(
    output: Annotated[
        str, typer.Argument(metavar="OUT", help="The folder or URL of an output.")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print it as JSON, sizes in bytes.")
    ] = False,
) -> None:
    """Show how far an output is. Exit code 0 where it is complete, 9 where not yet."""
    from volconv.run.status import status_of

    found = status_of(output)
    if as_json:
        print(json.dumps(found.as_json(), indent=2))
    else:
        print("\n".join(status_lines(found, time.time())))
    if not found.complete:
        raise typer.Exit(INCOMPLETE)


def status_lines(found: Status, now: float) -> list[str]:
    """What a user reads."""
    size = bytes_text(found.nbytes)
    if found.complete:
        lines = [f"complete {found.path}", f"objects  {found.done}, {size}"]
        return lines + written_lines(found, now)
    if found.lost:
        lines = [
            f"damaged  {found.path}",
            f"objects  {found.done} of {found.objects}, {size}: not as a run left it",
            *written_lines(found, now),
        ]
        return [*lines, "go on    run its configuration with --restart"]
    if found.result is not None:
        lines = [
            f"begun    {found.path}",
            f"saved    by the run of {found.result}, whose status tells how far it is",
        ]
        return lines + ending_lines(found, now)
    share = f" ({100 * found.done // found.objects} %)" if found.objects else ""
    of = found.objects or "a number not yet known"
    lines = [
        f"begun    {found.path}",
        f"objects  {found.done} of {of}{share}, {size}",
    ]
    if found.between:
        lines.append(f"between  {found.between} objects of results between stages")
    lines.append(f"spent    {found.seconds or 0:.1f} s of tasks")
    if found.lowest is not None and found.highest is not None:
        ends = range_text(found.lowest, found.highest, found.nonfinite)
        lines.append(f"cells    {ends}")
    return lines + ending_lines(found, now)


def ending_lines(found: Status, now: float) -> list[str]:
    """When it was last written, by whom, and how to go on."""
    lines = written_lines(found, now)
    lines.append(f"held by  {found.holder or 'nobody'}")
    if found.command and found.holder is None:
        lines.append(f"go on    {found.command}")
    return lines


def written_lines(found: Status, now: float) -> list[str]:
    """When the output was last written."""
    if found.written is None:
        return []
    then = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(found.written))
    return [f"written  {then}, {max(0, now - found.written):.0f} s ago"]
