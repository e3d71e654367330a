"""A stage on its way: what is done of it, what is left, and what its blocks tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from volconv.io import ZarrSource
from volconv.io.place import Place
from volconv.plan.stage import Stage
from volconv.run.begun import check_on
from volconv.run.cluster import is_address
from volconv.run.journal import Journal, Told, told
from volconv.run.ledger import Ledger
from volconv.run.statistics import Statistics
from volconv.run.target import Target
from volconv.run.task import BlockRecord, Work
from volconv.run.threads import Keep, Records
from volconv.run.turns import Turns

__all__ = ["Forward", "Progress", "StageRun", "Tally", "no_progress"]

Progress = Callable[[float, int], None]
"""Takes the blocks done, with what is done of those at hand, and the blocks in all."""


def no_progress(done: float, total: int) -> None:
    """Say nothing."""


def nobody(_: Keep) -> Records:
    """A crew that has nothing to do."""
    yield from ()


class Forward:
    """Progress that never goes back.

    A block's share is forgotten once its result is stored, a little before its record is
    taken in: what is told in between would be less than before.

    Parameters
    ----------
    progress : callable
        Is told.
    total : int
        Blocks in all.
    """

    def __init__(self, progress: Progress, total: int) -> None:
        self.progress, self.total = progress, total
        self.most = -1.0

    def __call__(self, done: float) -> None:
        """Tell of it, if that is more than before."""
        if done > self.most:
            self.most = done
            self.progress(done, self.total)


@dataclass
class Tally(Statistics):
    """What the blocks of a stage tell, taken together.

    Attributes
    ----------
    nbytes : int
        Bytes of all objects.
    seconds : float
        Of all tasks, in sum.
    """

    nbytes: int = 0
    seconds: float = 0.0

    def add_block(self, record: BlockRecord) -> None:
        """Take a block in."""
        self.add(record.lowest, record.highest, record.nonfinite)
        self.nbytes += sum(nbytes for _, _, nbytes, _, _ in record.objects)
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
    names : list of str
        Of the array of each of its writes, in the result's target; empty for the result.
    target : Target
        Of the result: holds the journals.
    stores : list of Place
        Where the group lies that each of its writes goes to.
    """

    stage: Stage
    source: ZarrSource
    names: list[str]
    target: Target
    stores: list[Place]
    ledgers: dict[int, Ledger] = field(default_factory=dict, init=False, repr=False)

    @property
    def is_passing(self) -> bool:
        """Whether its last result goes when the next stage has read it."""
        return self.stores[-1] == self.target.between(self.names[-1])

    def pending(self, *, is_read: bool = True) -> Turns:
        """Turns of blocks of which an object is not there as the journal has it.

        Parameters
        ----------
        is_read : bool
            Whether the last result is still to be read: if not, and it does not stay, its
            objects may be gone.
        """
        total = self.stage.grid.total
        sound = self.sound(len(self.stores) - (self.is_passing and not is_read))
        if all(each.all() for each in sound):
            return Turns(np.zeros(total, bool))
        if not any(each.any() for each in sound):
            return Turns.all(total)
        left = (
            not all(
                sound[which][number]
                for which, number in self.objects(turn)
                if which < len(sound)
            )
            for turn in range(total)
        )
        return Turns(np.fromiter(left, bool, total))

    def objects(self, turn: int) -> Iterator[tuple[int, int]]:
        """The objects of a block: for each its write, and its number there."""
        boxes = self.stage.boxes(self.stage.sweep.index(turn))
        sides = zip(self.stage.writes, boxes, strict=True)
        for which, (write, box) in enumerate(sides):
            for unit in write.units(box):
                yield which, write.all_units.number(unit)

    def sound(self, count: int) -> list[NDArray[np.bool_]]:
        """For each of the first writes which objects are there as the journal has them.

        With their bytes, and where they may not have outlived a crash their checksum.
        """
        return [self.ledger(which).sound(self.stores[which]) for which in range(count)]

    def ledger(self, which: int) -> Ledger:
        """What is told of the objects of a write: by its journal, then by blocks."""
        if which not in self.ledgers:
            ledger = self.ledgers[which] = Ledger(self.stage.writes[which])
            for one in told(self.journal(which).lines()):
                ledger.note(one)
        return self.ledgers[which]

    def work(self, on: str) -> Work:
        """What the tasks share."""
        is_elsewhere = on != "threads"
        return Work(
            self.source,
            self.stage,
            tuple(self.stores),
            tuple(check_on(store, is_elsewhere=is_elsewhere) for store in self.stores),
            self.stage.cache_bytes,
            self.stage.room.at_once,
            # a worker of a cluster would give its thread away for each
            behind=0 if is_elsewhere else self.stage.behind,
            sync=is_address(on),
        )

    def journalled(self, crew: Callable[[Keep], Records]) -> Iterator[BlockRecord]:
        """Records that come a few together, each after it is in the journals.

        So is what a crew finishes while it is left. What an earlier run left behind its
        last safe mark is made safe with the rest: the next mark stands for it too.
        """
        ledgers = [self.ledger(which) for which in range(len(self.stores))]
        journals = [self.journal(which) for which in range(len(self.stores))]
        is_complete = False

        def close(journal: Journal) -> None:
            try:
                journal.close(complete=is_complete)
            except OSError:
                if is_complete:
                    raise
                # else what ended the run is told; what is not noted is computed again

        def keep(records: list[BlockRecord]) -> None:
            for which, journal in enumerate(journals):
                is_last = which == len(journals) - 1
                parts = [record.part(which, is_last=is_last) for record in records]
                journal.append(*(part for part in parts if part.objects))
                for part in parts:
                    for _, name, nbytes, crc, _ in part.objects:
                        ledgers[which].note(Told(name, nbytes, crc, is_safe=True))

        with ExitStack() as stack:
            for journal, ledger in zip(journals, ledgers, strict=True):
                stack.callback(close, journal)
                journal.take_over(ledger.has)
            with closing(crew(keep)) as records:
                for together in records:
                    keep(together)
                    yield from together
            is_complete = True

    def journal(self, which: int) -> Journal:
        """The journal of the array of a write."""
        return self.target.journal(self.names[which], partial(self.object_of, which))

    def make_safe(self) -> None:
        """Make safe on the disk what is all there, where an earlier run did not."""
        for _ in self.journalled(nobody):
            pass

    def object_of(self, which: int, name: str) -> tuple[Place, str]:
        """Where an object of a write lies: a place, and its key there."""
        return self.stores[which], f"{self.stage.writes[which].output.variable}/{name}"
