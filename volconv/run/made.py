"""What stores are made of before their blocks, so that it is seen when it changes.

That is metadata and coordinates: a block that is lost is computed again, and these are not.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from volconv.errors import OutputError
from volconv.io.digest import content_digest
from volconv.io.objects import is_key
from volconv.io.place import Place
from volconv.run.target import ANOTHER, Target, read_mapping

__all__ = ["Made", "check_made", "made_before", "made_of"]

Made = dict[str, str]
"""Digests of the objects that a store is begun with, by their keys."""


def made_of(place: Place, keys: Collection[str]) -> Made:
    """What a store is made of, as it is now: an empty digest of what is not there."""
    found = zip(keys, place.contents(list(keys)), strict=True)
    return {key: digest(key, content) for key, content in found}


def digest(key: str, content: bytes | None) -> str:
    """A digest of an object; of metadata without what is consolidated at the end."""
    if content is None:
        return ""
    if key.endswith("zarr.json"):
        said = read_mapping(content) or {}
        said.pop("consolidated_metadata", None)
        content = json.dumps(said, sort_keys=True).encode()
    return content_digest(content)


def made_before(result: Target, steps: Iterable[int]) -> dict[int, Made]:
    """What each output's store was begun with, as the header of the result tells."""
    told = (result.header() or {}).get("made")
    return {step: made_in(told, str(step)) for step in steps}


def made_in(told: Any, step: str) -> Made:
    """What a header tells of a step; that of another kind is found nowhere."""
    known = told.get(step) if isinstance(told, dict) else None
    if isinstance(known, dict) and known and all(map(is_key, known)):
        return known
    return {"zarr.json": ""}


def check_made(targets: Mapping[int, Target], made: Mapping[int, Made]) -> None:
    """Refuse to go on with outputs whose stores are not as they were begun.

    Raises
    ------
    OutputError
    """
    for step, target in targets.items():
        known = made[step]
        now = made_of(target.place, known)
        changed = [key for key in known if not now[key] or now[key] != known[key]]
        if changed:
            raise OutputError(
                "output.path",
                f"{target.where!r}, begun, whose store has lost its metadata or "
                f"coordinates ({changed[0]!r} is not what it was)",
                "what a run began",
                ANOTHER,
            )
