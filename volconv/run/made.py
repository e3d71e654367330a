"""What stores are made of before their blocks, so that it is seen when it changes.

That is metadata and coordinates. What is lost of them is made again, as a block is, where
it comes out as it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from volconv.errors import OutputError
from volconv.io.digest import content_digest
from volconv.io.objects import is_key
from volconv.io.place import Content
from volconv.run.target import ANOTHER, Target, read_mapping

__all__ = ["Made", "keep_made", "made_before", "made_of"]

Made = dict[str, str]
"""Digests of the objects that a store is begun with, by their keys."""


def made_of(documents: Mapping[str, Content]) -> Made:
    """The digests of objects."""
    return {key: digest(key, content) for key, content in documents.items()}


def digest(key: str, content: Content) -> str:
    """A digest of an object; of metadata without what is consolidated at the end."""
    if key.endswith("zarr.json"):
        said = read_mapping(bytes(content)) or {}
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


def keep_made(
    targets: Mapping[int, Target],
    made: Mapping[int, Made],
    documents_of: Callable[[int], Mapping[str, Content]],
) -> None:
    """Make again what stores have lost of what they were begun with.

    Parameters
    ----------
    targets : mapping of int to Target
        The outputs by their steps.
    made : mapping of int to dict
        What the store of each was begun with.
    documents_of : callable
        Takes a step, and gives what its store would be begun with now.

    Raises
    ------
    OutputError
        If something of a store is not as it was begun, or would not be if made again.
    """
    for step, target in targets.items():
        known = made[step]
        found = zip(known, target.place.contents(list(known)), strict=True)
        whole: dict[str, Content] = {
            key: content for key, content in found if content is not None
        }
        lost = known.keys() - whole
        if lost:
            whole = {**documents_of(step), **whole}
        now = made_of(whole)
        changed = [key for key in known if now.get(key) != known[key]]
        if changed:
            is_lost = changed[0] in lost
            how = "gone, and would be another" if is_lost else "not what it was"
            raise OutputError(
                "output.path",
                f"{target.where!r}, begun, of whose metadata or coordinates "
                f"{changed[0]!r} is {how}",
                "what a run began",
                ANOTHER,
            )
        target.place.put_group({key: whole[key] for key in lost})
