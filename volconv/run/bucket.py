"""An output in a bucket: nothing can be renamed there, so its metadata comes last.

::

    OUT/
      VARIABLE/c/…            blocks, at their final keys, each a whole object
      .volconv/header.json    written when all is ready for blocks
      .volconv/lock           held by the run that writes
      .volconv/journal/…      the finished blocks of the result
      .volconv/draft/…        the metadata to be
      .volconv/step-…/        the same of another step that is stored, and its store where
                              a stage leaves it for the next one

At the end the arrays' metadata is copied from the draft, then the group's, and what a run
kept is removed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

from volconv.io.bucket import DRAFT, HIDDEN, Bucket
from volconv.io.store import consolidated
from volconv.run.journal import Places
from volconv.run.journal_objects import ObjectJournal
from volconv.run.lease import Lease, check_held, holder
from volconv.run.target import read_mapping

__all__ = ["BucketTarget"]

LOCK = f"{HIDDEN}/lock"


@dataclass(frozen=True)
class BucketTarget:
    """Where a run writes.

    Parameters
    ----------
    url : str
        The output, which can be opened only when it is complete.
    """

    url: str

    @property
    def where(self) -> str:
        """The output's URL."""
        return self.url

    @property
    def place(self) -> Bucket:
        """Where tasks write to."""
        return Bucket(self.url, is_draft=True)

    @property
    def draft(self) -> Bucket:
        """The same: objects have their final keys from the beginning."""
        return self.place

    @property
    def objects(self) -> Bucket:
        """All that lies below the URL."""
        return Bucket(self.url)

    def attributes(self) -> dict[str, Any] | None:
        """Attributes of the group at the output; None where nothing is there."""
        metadata = self.objects.get("zarr.json")
        if metadata is None:
            is_ours = any(self.objects.items(HIDDEN))
            return None if is_ours or not any(self.objects.items()) else {}
        found = (read_mapping(metadata) or {}).get("attributes")
        return found if isinstance(found, dict) else {}

    def is_there(self) -> bool:
        """Whether anything is there, complete or begun."""
        return any(item["path"] != LOCK for item in self.objects.items())

    def header(self) -> dict[str, Any] | None:
        """What is known of the run that began it; None where none did."""
        content = self.objects.get(f"{HIDDEN}/header.json")
        return None if content is None else read_mapping(content) or {}

    def write_header(self, content: Mapping[str, Any]) -> None:
        """Declare it ready for blocks."""
        self.objects.put(f"{HIDDEN}/header.json", json.dumps(content).encode())

    def clear(self) -> None:
        """Remove what was begun, but for the hold on it; before the header the journals.

        What is drafted tells which arrays it has, so the drafts are removed last.
        """
        self.clear_journals()
        if not self.objects.holds("zarr.json"):
            for key in self.objects.listed(DRAFT):
                array = key.removeprefix(f"{DRAFT}/").removesuffix("zarr.json")
                if array:
                    self.remove_array(array.rstrip("/"))
        there = self.objects.listed(HIDDEN)
        self.objects.remove(key for key in there if key != LOCK)

    def clear_journals(self) -> None:
        """Remove what tells of finished blocks."""
        there = self.objects.listed(HIDDEN)
        self.objects.remove(key for key in there if "/journal/" in key)

    def remove_array(self, name: str) -> None:
        """Remove an array, and nothing that others may have put beside its chunks."""
        own = f"{name}/zarr.json", f"{name}/c"
        there = self.objects.listed(name)
        self.objects.remove(
            key for key in there if key in own or key.startswith(f"{own[1]}/")
        )

    def erase(self) -> None:
        """Remove the output and what was begun of it, but for the hold on it."""
        self.clear_journals()
        if self.objects.holds("zarr.json"):
            self.objects.remove(["zarr.json"])  # first: no half result can be opened
        there = [key for key in self.objects.listed() if key != LOCK]
        self.objects.remove(key for key in there if not key.startswith(HIDDEN))
        self.objects.remove(key for key in there if key.startswith(HIDDEN))

    def finish(self) -> None:
        """Consolidate the draft, and copy the arrays' metadata, then the group's."""
        check_held(self.objects, LOCK)
        keys = list(self.objects.listed(DRAFT))
        names = [key.removeprefix(f"{DRAFT}/") for key in keys]
        contents = self.objects.get_all(keys)
        found = zip(names, contents, strict=True)
        documents = {name: content for name, content in found if content is not None}
        group = consolidated(documents)
        del documents["zarr.json"]
        self.objects.put_all(documents)
        self.objects.put("zarr.json", group)

    def discard_partial(self) -> None:
        """Remove what a run kept."""
        self.objects.discard(item["path"] for item in self.objects.items(HIDDEN))

    def locked(self) -> AbstractContextManager[None]:
        """Hold the output for one run.

        Raises
        ------
        OutputError
            If another run holds it, or it cannot be written to.
        """
        return Lease(self.objects, LOCK).held()

    def owner(self) -> dict[str, Any] | None:
        """The run that holds the output, as far as its last sign of life tells."""
        return holder(self.objects, LOCK)

    def journal(self, array: str, place_of: Places | None = None) -> ObjectJournal:
        """The journal of an array; of the output itself where the name is empty."""
        below = f"{HIDDEN}/{array}/journal" if array else f"{HIDDEN}/journal"
        check = partial(check_held, self.objects, LOCK)
        return ObjectJournal(self.objects.within(below), place_of, check)

    def journals(self) -> Iterator[tuple[str, ObjectJournal]]:
        """Every journal that is there, with its array."""
        parts = [key.split("/") for key in self.objects.listed(HIDDEN)]
        arrays = {names[1] for names in parts if names[1].startswith("step-")}
        for array in ("", *sorted(arrays)):
            yield array, self.journal(array)

    def between(self, array: str) -> Bucket:
        """Where an array lies that is written by a stage and read by the next one."""
        return self.objects.within(f"{HIDDEN}/{array}/store")

    def discard(self, array: str) -> None:
        """Remove that array; the journal stays."""
        there = self.objects.items(f"{HIDDEN}/{array}/store")
        self.objects.discard(item["path"] for item in there)

    def written(self) -> float | None:
        """When it was last written, in seconds since 1970."""
        listed = self.objects.listed()
        times = [
            meta["last_modified"].timestamp()
            for key, meta in listed.items()
            if key != LOCK
        ]
        return max(times, default=None)

    def stored(self) -> Iterator[tuple[str, int]]:
        """Objects of a complete output but for metadata: their keys and their bytes."""
        for item in self.objects.items():
            key = item["path"]
            if not key.endswith("zarr.json") and not key.startswith(HIDDEN):
                yield key, item["size"]
