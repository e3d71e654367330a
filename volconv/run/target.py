"""Where a run writes: what a folder and a bucket have in common.

A target holds three things apart: the group to be, which nothing can open as a result
before it is complete; what is known of the work so far (a header with the plan's
fingerprint, and a journal for each array); and the hold that one run has on it.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from volconv.errors import OutputError
from volconv.io.place import Place
from volconv.run.journal import Journal, Places, check_fingerprint
from volconv.text import text_of

__all__ = [
    "ANOTHER",
    "OBJECTS_ATTRIBUTE",
    "OWN_ATTRIBUTES",
    "PLAN_ATTRIBUTE",
    "STATUS_ATTRIBUTE",
    "Target",
    "has_blocks",
    "held",
    "is_begun",
    "is_complete",
    "oneself",
    "read_mapping",
    "whose",
]

PLAN_ATTRIBUTE = "volconv_plan"
"""Attribute of a finished group that holds the fingerprint of its plan, as a JSON text:
formats such as NetCDF have no other place for it."""

STATUS_ATTRIBUTE = "volconv_status"
"""Attribute of a finished group that says that it is one."""

OBJECTS_ATTRIBUTE = "volconv_objects"
"""Attribute of a finished group that says how many objects its array has, by its name, as
a JSON text: one that is gone reads as fill values."""

OWN_ATTRIBUTES = (PLAN_ATTRIBUTE, STATUS_ATTRIBUTE, OBJECTS_ATTRIBUTE)
"""Attributes that an output does not take over from its input."""

ANOTHER = "--restart to erase it and begin anew, or a new output.path"
"""The mend where an output is not this plan's, or not any more."""


class Target(Protocol):
    """An output, and what is done of it so far."""

    @property
    def where(self) -> str:
        """The path or URL of the output, there only when it is complete."""

    @property
    def draft(self) -> Place:
        """Where a run begins the group."""

    @property
    def place(self) -> Place:
        """Where the group is being written, or where it is complete."""

    def attributes(self) -> dict[str, Any] | None:
        """Attributes of the group at the output; None where nothing is there.

        What is there and no group has none.
        """

    def is_there(self) -> bool:
        """Whether anything is there, complete or begun."""

    def header(self) -> dict[str, Any] | None:
        """What is known of the run that began it; None where none did.

        Of a header that is damaged nothing is.
        """

    def write_header(self, content: Mapping[str, Any]) -> None:
        """Declare it ready for blocks, at once or not at all."""

    def clear(self) -> None:
        """Remove what was begun, but for the hold on it; before the header the journals."""

    def erase(self) -> None:
        """Remove the output and what was begun of it, but for the hold on it."""

    def finish(self) -> None:
        """Make the group that is written the output, at once or not at all."""

    def discard_partial(self) -> None:
        """Remove what lies beside a complete output."""

    def locked(self) -> AbstractContextManager[None]:
        """Hold the output for one run.

        Raises
        ------
        OutputError
            If another run holds it, or it cannot be written to.
        """

    def owner(self) -> dict[str, Any] | None:
        """The run that holds the output; None where none does."""

    def journal(self, array: str, place_of: Places | None = None) -> Journal:
        """The journal of an array; of the output itself where the name is empty."""

    def journals(self) -> Iterable[tuple[str, Journal]]:
        """Every journal that is there, with its array."""

    def between(self, array: str) -> Place:
        """Where an array lies that is written by a stage and read by the next one."""

    def discard(self, array: str) -> None:
        """Remove that array; the journal stays."""

    def written(self) -> float | None:
        """When it was last written, in seconds since 1970."""

    def stored(self) -> Iterator[tuple[str, int]]:
        """Objects of a complete output but for metadata: their keys and their bytes."""


def is_complete(target: Target, fingerprint: Mapping[str, str]) -> bool:
    """Whether the output of this very plan is there.

    Raises
    ------
    PlanMismatch
        If an output of another plan is there.
    OutputError
        If something else is there.
    """
    attributes = target.attributes()
    if attributes is None:
        return False
    begun = read_mapping(text_of(attributes, PLAN_ATTRIBUTE))
    if begun is None:
        raise OutputError(
            "output.path",
            f"{target.where!r}, which exists and was not made by a run",
            "a path where nothing is",
            "choose a new output.path, or move it away",
        )
    check_fingerprint(target.where, begun, fingerprint, ANOTHER)
    return True


def is_begun(
    target: Target, fingerprint: Mapping[str, str], layout: Mapping[str, Any]
) -> bool:
    """Whether this very plan has begun the output, in this layout.

    Parameters
    ----------
    target : Target
        The output.
    fingerprint : mapping
        The plan's.
    layout : mapping
        How what is saved on the way is stored, which another cut into stages may change.

    Raises
    ------
    PlanMismatch
        If another plan has.
    OutputError
        If the header is none of a run's, or gone, and finished blocks are not.
    """
    header = target.header()
    if header is None:
        if has_blocks(target):
            raise OutputError(
                "output.path",
                f"{target.where!r}, begun, with finished blocks and no header",
                "what a run began",
                ANOTHER,
            )
        return False
    begun, begun_layout = header.get("fingerprint"), header.get("layout")
    if not isinstance(begun, dict) or not isinstance(begun_layout, dict):
        raise OutputError(
            "output.path",
            f"{target.where!r}, begun by what has kept no plan",
            "what a run began",
            ANOTHER,
        )
    check_fingerprint(target.where, begun, fingerprint, ANOTHER)
    return bool(begun_layout == layout)


def has_blocks(target: Target) -> bool:
    """Whether a journal of what was begun tells of finished blocks."""
    lines = (line for _, journal in target.journals() for _, line in journal.lines())
    return any("objects" in line for line in lines)


def read_mapping(text: str | bytes | None) -> dict[str, Any] | None:
    """The mapping in a JSON text; None where it is no such text."""
    try:
        found = json.loads(text or b"")
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def oneself() -> dict[str, Any]:
    """Process and machine of this run, for others to read."""
    return {"pid": os.getpid(), "host": socket.gethostname()}


def whose(owner: Mapping[str, Any] | None) -> str:
    """Process and machine of the run that holds an output, as it wrote them."""
    if not owner or "pid" not in owner:
        return "unknown process"
    return f"process {owner['pid']} on {owner.get('host')}"


def held(where: str, owner: Mapping[str, Any] | None) -> OutputError:
    """The error of a second run on one output."""
    return OutputError(
        "output.path",
        f"{where!r}, which another run is writing ({whose(owner)})",
        "one run on an output at a time",
        "wait for it, or stop it",
    )
