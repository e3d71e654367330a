"""The journal of an array: which objects are done, and which of them are safe.

One line of JSON for each finished block. It tells of one array alone, so it holds however
a pipeline is cut into stages: the blocks are others then, not the objects. How lines are
kept, and what is known to outlive a crash of the machine, is the business of the target:
see its two kinds.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Protocol, TypeGuard

from volconv.errors import PlanMismatch
from volconv.io.place import Place
from volconv.run.task import BlockRecord

__all__ = [
    "Journal",
    "Places",
    "Told",
    "check_fingerprint",
    "is_count",
    "line_of",
    "make_safe",
    "read_line",
    "told",
    "unsafe",
]

Places = Callable[[str], tuple[Place, str]]
"""Takes an object's key below the array: where it lies, a place and its key there."""

Line = tuple[float, dict[str, Any]]
"""Where a line stands in the journal, and what it says."""


class Journal(Protocol):
    """The lines of one array."""

    def lines(self) -> Iterator[Line]:
        """The lines so far, without those that a crash left torn."""

    def take_over(self, is_object: Callable[[str], bool]) -> None:
        """Make objects of earlier runs safe with the rest: marks stand for them too.

        Those at least that are objects of the array.
        """

    def append(self, *records: BlockRecord) -> None:
        """Add finished blocks: what they leave behind in the array."""

    def close(self, *, complete: bool) -> None:
        """Keep what is not kept yet; where the stage is complete, make all safe."""


class Told(NamedTuple):
    """What a journal tells of an object.

    Attributes
    ----------
    name : str
        Its key below the array.
    nbytes, crc : int
        Its bytes, and their crc32c.
    is_safe : bool
        Whether it is known to outlive a crash of the machine.
    """

    name: str
    nbytes: int
    crc: int
    is_safe: bool


def told(lines: Iterable[Line]) -> Iterator[Told]:
    """Objects in the order in which they were written; what comes later holds.

    A mark tells of lines before it: no more are held than lie between two marks.
    """
    waiting: deque[tuple[float, list[Any]]] = deque()
    for place, line in lines:
        if "safe" not in line:
            waiting.append((place, line["objects"]))
            continue
        while waiting and waiting[0][0] < line["safe"]:
            for name, nbytes, crc, _ in waiting.popleft()[1]:
                yield Told(name, nbytes, crc, is_safe=True)
    for _, objects in waiting:
        for name, nbytes, crc, _ in objects:
            yield Told(name, nbytes, crc, is_safe=False)


def unsafe(lines: Iterable[Line]) -> list[str]:
    """Objects of which no line says that they are safe."""
    return [one.name for one in told(lines) if not one.is_safe]


def line_of(record: BlockRecord) -> str:
    """The line of a finished block."""
    return json.dumps(
        {
            "block": record.turn,
            "seconds": round(record.seconds, 4),
            "objects": [one[1:] for one in record.objects],
            "lowest": record.lowest,
            "highest": record.highest,
        }
    )


def read_line(line: bytes) -> dict[str, Any] | None:
    """What a line says; None where it is empty, torn or damaged."""
    try:
        found = json.loads(line.decode())  # which of bytes guesses the encoding
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    return found if is_count(found.get("safe")) or tells_of_block(found) else None


def tells_of_block(line: Mapping[str, Any]) -> bool:
    """Whether a line has all that `line_of` writes."""
    objects = line.get("objects")
    return (
        isinstance(objects, list)
        and all(map(is_object, objects))
        and is_count(line.get("block"))
        and all(is_number(line.get(key)) for key in ("seconds", "lowest", "highest"))
    )


def is_object(said: Any) -> bool:
    """Whether a line tells of an object: its key, bytes, crc, and cells not finite."""
    if not isinstance(said, list) or len(said) != 4:
        return False
    name, *counts = said
    return isinstance(name, str) and all(map(is_count, counts))


def is_count(said: Any) -> TypeGuard[int]:
    """Whether a line has a number that can count bytes."""
    return type(said) is int and 0 <= said < 2**63


def is_number(said: Any) -> bool:
    """Whether a line has a number that a cell can have."""
    return isinstance(said, float) or (type(said) is int and abs(said) < 2**64)


def make_safe(objects: Iterable[tuple[Place, str]]) -> None:
    """Make objects outlive a crash of the machine."""
    by_place: dict[Place, list[str]] = {}
    for place, key in objects:
        by_place.setdefault(place, []).append(key)
    for place, keys in by_place.items():
        place.make_safe(keys)


def check_fingerprint(
    where: str, begun: Mapping[str, str], now: Mapping[str, str], fix: str
) -> None:
    """Refuse to go on with an output of another plan.

    Raises
    ------
    PlanMismatch
        Naming the fields that differ.
    """
    differing = [
        key for key in dict.fromkeys([*begun, *now]) if begun.get(key) != now.get(key)
    ]
    if differing:
        verb = "differs" if len(differing) == 1 else "differ"
        raise PlanMismatch(
            where,
            f"an output of another plan ({', '.join(differing)} {verb})",
            "an output that this plan began",
            fix,
        )
