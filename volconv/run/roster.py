"""Which worker of a cluster does which turns, and for how long a run waits for workers."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Protocol

from volconv.errors import ClusterError, RunError
from volconv.run.threads import BlockFailure
from volconv.run.turns import Stretch, Turns

__all__ = ["IN_FLIGHT", "LOOK", "Absence", "Roster"]

IN_FLIGHT = 3
"""Tasks submitted for each thread of a cluster: one that runs, and two so that none
waits."""

LOOK = 2.0
"""Seconds between two looks at which workers there are: arbitrary."""

PATIENCE = 5.0
"""Seconds without workers before that is said: arbitrary."""

LONGEST = 30 * 60.0
"""Seconds without workers before a run ends: arbitrary, some queues are slow."""

LOSSES = 3
"""Times that a turn is given anew after the last worker there was is gone: as often as
Dask does so where others are left."""

log = logging.getLogger(__name__)


class Workers(Protocol):
    """A client's view of which workers there are."""

    def nthreads(self) -> Mapping[str, int]:
        """Their addresses, with the threads of each."""


class Absence:
    """How long a cluster has had no workers: at first, or any more."""

    def __init__(self) -> None:
        self.since = time.monotonic()
        self.is_told = False

    def note(self, *, are_some: bool) -> None:
        """Take notice of whether there are workers; say so where a run has to wait.

        Raises
        ------
        ClusterError
            If there have been none for too long.
        """
        now = time.monotonic()
        if are_some:
            if self.is_told:
                log.warning("the cluster has workers: going on")
            self.since, self.is_told = now, False
            return
        if now - self.since > LONGEST:
            raise ClusterError(
                "on",
                f"a cluster that has had no workers for {LONGEST / 60:.0f} minutes",
                "workers until the end",
                "start some, then run again: what is done is kept",
            )
        if not self.is_told and now - self.since > PATIENCE:
            self.is_told = True
            log.warning(
                "the cluster has no workers: waiting for some, %.0f minutes at most; "
                "Ctrl-C ends the run, and what is done is kept",
                LONGEST / 60,
            )


class Roster:
    """Which worker does which turns.

    Parameters
    ----------
    turns : Turns
        What there is to do.
    in_flight : int
        Tasks submitted for each thread.
    most : int, optional
        Threads of a worker that take tasks, however many it has.
    """

    def __init__(
        self, turns: Turns, in_flight: int = IN_FLIGHT, most: int | None = None
    ) -> None:
        self.turns = turns
        self.most = most
        self.in_flight = in_flight
        self.unassigned: list[Stretch] = [Stretch(turns, 0, turns.total)]
        self.runs: dict[str, Stretch] = {}
        self.threads: dict[str, int] = {}
        self.flying: dict[str, int] = {}
        self.losses: Counter[int] = Counter()
        self.looked = 0.0
        self.absence = Absence()

    @property
    def left(self) -> int:
        """Turns that are not submitted."""
        return sum(run.left for run in (*self.unassigned, *self.runs.values()))

    def look(self, client: Workers) -> bool:
        """Take notice of workers that came and went, now and then; whether it was now.

        Raises
        ------
        ClusterError
            If there have been none for too long.
        """
        now = time.monotonic()
        if self.threads and now - self.looked < LOOK:
            return False
        self.looked = now
        there = {
            address: threads if self.most is None else min(threads, self.most)
            for address, threads in client.nthreads().items()
        }
        for address in [a for a in self.flying if a not in there]:
            del self.flying[address]
            if address in self.runs:
                self.unassigned.append(self.runs.pop(address))
        is_first = not self.runs
        if is_first and len(self.unassigned) == 1 and there:
            self.runs = divided(self.unassigned.pop(), there)
        for address in there:
            self.flying.setdefault(address, 0)
        self.threads = there
        self.absence.note(are_some=bool(there))
        return True

    def give_back(self, turn: int) -> None:
        """Take a turn back that was given to a worker which is gone.

        Raises
        ------
        BlockFailure
            If that has been so again and again.
        """
        self.losses[turn] += 1
        if self.losses[turn] > LOSSES:
            raise BlockFailure(turn) from RunError(
                "its workers",
                f"{self.losses[turn]} that ended while they had it",
                "workers that live",
                "see what ends them: memory beyond their limit, a crash of what they load",
            )
        self.unassigned.append(Stretch(self.turns, turn, turn + 1))

    def assignments(self) -> Iterator[tuple[str, int]]:
        """Workers with the turns that they are to be given now."""
        for address, threads in self.threads.items():
            while self.flying[address] < self.in_flight * threads:
                turn = self.next_turn(address)
                if turn is None:
                    break
                self.flying[address] += 1
                yield address, turn

    def next_turn(self, address: str) -> int | None:
        """A turn for a worker; None if all are given."""
        while (run := self.runs.get(address) or self.taken_over()) is not None:
            turn = run.take()
            if turn is not None:
                self.runs[address] = run
                return turn
            self.runs.pop(address, None)
        return None

    def taken_over(self) -> Stretch | None:
        """A run that has none to do it, or half of the longest run; None if none has."""
        if self.unassigned:
            return self.unassigned.pop()
        longest = max(self.runs.values(), key=attrgetter("span"), default=None)
        if longest is None or longest.span < 2:
            return None
        return longest.cut(longest.stop - longest.span // 2)

    def finished(self, address: str) -> None:
        """Note that a worker has room for another turn."""
        if address in self.flying:
            self.flying[address] -= 1


def divided(turns: Stretch, threads: Mapping[str, int]) -> dict[str, Stretch]:
    """A run of its own for every worker, as long as it has threads."""
    found: dict[str, Stretch] = {}
    first, span = turns.start, turns.span
    before, total = 0, sum(threads.values())
    for address, count in threads.items():
        found[address] = Stretch(
            turns.turns,
            first + span * before // total,
            first + span * (before + count) // total,
        )
        before += count
    return found
