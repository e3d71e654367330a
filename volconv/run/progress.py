"""A stage on its way: what is done of it, what is left, and what its blocks tell."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from volconv.io import ZarrSource
from volconv.io.store import object_key, record_of, stored_bytes
from volconv.plan.stage import Stage
from volconv.run.journal import Journal, Key
from volconv.run.task import BlockRecord, Work

__all__ = ["Progress", "StageRun", "Tally", "no_progress"]

Progress = Callable[[int, int], None]
"""Takes the blocks done and the blocks in all."""


def no_progress(done: int, total: int) -> None:
    """Say nothing."""


@dataclass
class Tally:
    """What the blocks of a stage tell, taken together.

    Attributes
    ----------
    lowest, highest : float
        Of all finite cells; NaN where there are none.
    nonfinite : int
        Cells that are NaN or infinite.
    nbytes : int
        Bytes of all objects.
    seconds : float
        Of all tasks, in sum.
    """

    lowest: float = np.nan
    highest: float = np.nan
    nonfinite: int = 0
    nbytes: int = 0
    seconds: float = 0.0

    def add(self, record: BlockRecord) -> None:
        """Take a block in."""
        self.lowest = float(np.fmin(self.lowest, record.lowest))
        self.highest = float(np.fmax(self.highest, record.highest))
        self.nonfinite += record.nonfinite
        self.nbytes += sum(nbytes for _, _, nbytes, _ in record.objects)
        self.seconds += record.seconds


@dataclass(frozen=True, eq=False)
class StageRun:
    """A stage with where it reads and writes.

    Parameters
    ----------
    stage : Stage
        What is computed.
    source : ZarrSource
        What it reads.
    folder : Path
        Where its journal lies.
    stores : list of Path
        The group that each of its writes goes to.
    """

    stage: Stage
    source: ZarrSource
    folder: Path
    stores: list[Path]

    @cached_property
    def journal(self) -> Journal:
        """Its finished blocks."""
        return Journal(self.folder / "journal.jsonl", self.file_of)

    def file_of(self, key: Key) -> Path:
        """Where an object lies."""
        which, name = key
        return self.stores[which] / self.stage.writes[which].output.variable / name

    def pending(self) -> NDArray[np.int64]:
        """Turns of blocks of which an object is not there as the journal has it."""
        seen = self.journal.seen()
        total = self.stage.grid.total
        if not seen.objects:
            return np.arange(total)
        unsafe = seen.unsafe
        sound = {
            key
            for key, (nbytes, crc) in seen.objects.items()
            if self.is_sound(key, nbytes, crc if key in unsafe else None)
        }
        left = [turn for turn in range(total) if not sound.issuperset(self.keys(turn))]
        return np.array(left, dtype=np.int64)

    def keys(self, turn: int) -> Iterator[Key]:
        """The objects of a block."""
        number = self.stage.number(turn)
        for which, write in enumerate(self.stage.writes):
            for unit in write.objects(self.stage.grid, number):
                yield which, object_key(unit)

    def is_sound(self, key: Key, nbytes: int, crc: int | None) -> bool:
        """Whether an object is there with its bytes, and, if given, its checksum."""
        which, name = key
        spec = self.stage.writes[which].output
        if stored_bytes(self.stores[which], spec, name) != nbytes:
            return False
        return crc is None or record_of(self.stores[which], spec, name) == (nbytes, crc)

    def work(self, on: str) -> Work:
        """What the tasks share."""
        return Work(
            self.source,
            self.stage,
            tuple(map(str, self.stores)),
            self.stage.cache_bytes,
            sync="://" in on,
        )

    def journalled(self, records: Iterable[BlockRecord]) -> Iterator[BlockRecord]:
        """The records, each after it is in the journal.

        What an earlier run left behind its last safe mark is made safe with the rest:
        the next mark stands for it too.
        """
        unsafe = self.journal.seen().unsafe
        self.journal.waiting += [self.file_of(key) for key in unsafe]
        complete = False
        try:
            for record in records:
                self.journal.append(record)
                yield record
            complete = True
        finally:
            self.journal.close(complete=complete)
            self.__dict__.pop("journal", None)

    def discard(self) -> None:
        """Remove the store between this stage and the next one, which is done."""
        shutil.rmtree(self.folder, ignore_errors=True)
