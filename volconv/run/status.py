"""How far an output is, as it tells itself: neither plan nor input are looked at."""

from __future__ import annotations

import errno
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from volconv.errors import InputError, OutputError, StorageError
from volconv.files import reading
from volconv.run.journal import Journal, is_count
from volconv.run.outputs import target_of
from volconv.run.statistics import Statistics
from volconv.run.target import (
    OBJECTS_ATTRIBUTE,
    PLAN_ATTRIBUTE,
    Target,
    has_blocks,
    read_mapping,
    whose,
)
from volconv.text import text_of

__all__ = ["Status", "status_of"]

NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP)
"""What file systems answer that know no locks."""


@dataclass
class Status:
    """What there is of an output.

    Parameters
    ----------
    path : str
        Its path or URL.
    complete : bool
        Whether it can be opened, and has all its objects.
    done : int
        Objects that are written and in the journal; all of them where it is complete.
    objects : int
        Objects in all.
    between : int
        Objects of results between two stages, as far as they are in the journal.
    nbytes : int
        Bytes of the objects that are done.
    seconds : float, optional
        Of all tasks in sum; None where it is complete, like all that follows.
    written : float, optional
        When it was last written, in seconds since 1970.
    holder : str, optional
        The run that holds it, or that this cannot be told.
    lowest, highest : float, optional
        Of the finite cells that were written.
    nonfinite : int, optional
        Cells that are not finite.
    command : str
        What to type to go on.
    lost : int
        Objects that it had when it was complete and has no more.
    result : str, optional
        Of what a step saves: the output of the run, which tells what is done.
    """

    path: str
    complete: bool
    done: int = 0
    objects: int = 0
    between: int = 0
    nbytes: int = 0
    seconds: float | None = None
    written: float | None = None
    holder: str | None = None
    lowest: float | None = None
    highest: float | None = None
    nonfinite: int | None = None
    command: str = ""
    lost: int = 0
    result: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The same, for JSON."""
        return asdict(self)


def status_of(path: str) -> Status:
    """How far an output is.

    Raises
    ------
    InputError
        If nothing is there.
    OutputError
        If what is there was not made by a run.
    StorageError
        If the store does not let itself be read.
    """
    target = target_of(path)
    with reading("the output", path, StorageError):
        return looked_at(path, target)


def looked_at(path: str, target: Target) -> Status:
    """What there is of a target; raises as `status_of` does."""
    attributes = target.attributes()
    if attributes is not None and PLAN_ATTRIBUTE in attributes:
        return finished(path, target, attributes)
    header = target.header()
    holder = holder_of(target)
    if header is not None or holder is not None or has_blocks(target):
        return begun(path, target, header or {}, holder)
    if attributes is not None:
        raise OutputError(
            repr(path),
            "something that was not made by a run",
            "the output of a run",
        )
    raise InputError(
        repr(path), "nothing there", "an output, complete or begun", "check the path"
    )


def finished(path: str, target: Target, attributes: Mapping[str, Any]) -> Status:
    """What there is of an output that was complete."""
    there: Counter[str] = Counter()
    nbytes = 0
    for key, size in target.stored():
        there[key.partition("/c/")[0]] += 1
        nbytes += size
    said = read_mapping(text_of(attributes, OBJECTS_ATTRIBUTE)) or {}
    lost = sum(
        max(0, count - there[name]) for name, count in said.items() if is_count(count)
    )
    done = there.total()
    return Status(
        path,
        not lost,
        done,
        done + lost,
        nbytes=nbytes,
        written=target.written(),
        lost=lost,
    )


def holder_of(target: Target) -> str | None:
    """The run that holds a target, in words; None where none does."""
    try:
        owner = target.owner()
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        return "unknown: the file system has no locks"
    return None if owner is None else whose(owner)


def begun(
    path: str, target: Target, header: dict[str, Any], holder: str | None
) -> Status:
    """What the journals tell of an output that is not complete."""
    objects, arrays = header.get("objects"), header.get("arrays")
    found = Status(
        path,
        False,
        objects=objects if is_count(objects) else 0,
        seconds=0.0,
        written=target.written(),
        holder=holder,
        nonfinite=0,
        command=text_of(header, "command") or "",
        result=text_of(header, "result"),
    )
    for array, journal in target.journals():
        read_journal(
            found,
            journal,
            is_output=isinstance(arrays, list) and array in arrays,
            is_result=not array,
        )
    return found


def read_journal(
    found: Status, journal: Journal, *, is_output: bool, is_result: bool
) -> None:
    """Take an array's lines in; what a later one tells of an object holds."""
    nbytes: dict[str, int] = {}
    nonfinite: dict[str, int] = {}
    values = Statistics()
    for _, line in journal.lines():
        for key, size, _, cells in line.get("objects", ()):
            nbytes[key], nonfinite[key] = size, cells
        found.seconds = (found.seconds or 0.0) + line.get("seconds", 0.0)
        if "block" in line:
            values.add(line["lowest"], line["highest"], 0)
    if not is_output:
        found.between += len(nbytes)
        return
    found.done += len(nbytes)
    found.nbytes += sum(nbytes.values())
    if is_result:
        found.nonfinite = sum(nonfinite.values())
        if not math.isnan(values.lowest):
            found.lowest, found.highest = values.lowest, values.highest
