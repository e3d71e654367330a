"""Tasks on the workers of a Dask cluster, neighbouring blocks on the same one."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Any

from distributed import Client, Future, WorkerPlugin, as_completed, get_worker

from volconv.run.allocator import keep_memory
from volconv.run.task import BlockRecord, Work, Worker
from volconv.run.threads import BlockFailure
from volconv.run.turns import Stretch, Turns

__all__ = ["run_on_client"]

IN_FLIGHT = 3
"""Tasks submitted for each thread of a cluster: one that runs, and two so that none
waits."""

LOOK = 2.0
"""Seconds between two looks at which workers there are: arbitrary."""

PATIENCE = 5.0
"""Seconds without workers before that is said: arbitrary."""

log = logging.getLogger(__name__)


class Station(WorkerPlugin):
    """Gives each worker of a cluster the work, also those that come later."""

    def __init__(self, token: str, work: Work, turns: Turns) -> None:
        self.name = token
        self.work = work
        self.turns = turns

    def setup(self, worker: Any) -> None:
        """Keep the work in the worker's process."""
        keep_memory()
        threads = worker.state.nthreads
        stations(worker)[self.name] = Worker(self.work, threads, self.turns)

    def teardown(self, worker: Any) -> None:
        """Forget it."""
        served = stations(worker).pop(self.name, None)
        if served is not None:
            served.close()


def stations(worker: Any) -> dict[str, Worker]:
    """What a Dask worker keeps for the stages that it serves."""
    if not hasattr(worker, "volconv_stations"):
        worker.volconv_stations = {}
    found: dict[str, Worker] = worker.volconv_stations
    return found


def run_turn(token: str, turn: int) -> BlockRecord:
    """The task of a cluster: a name and a number."""
    return stations(get_worker())[token].run(turn)


def run_on_client(
    work: Work, turns: Turns, client: Client
) -> Iterator[list[BlockRecord]]:
    """Records of blocks as the workers of a cluster finish them.

    Each worker is given a run of neighbouring turns of its own, so that what it holds of
    the input serves it again; one that is done takes over half of the longest run left.

    Raises
    ------
    BlockFailure
        From what a task raised.
    """
    token = f"volconv-{uuid.uuid4().hex}"
    client.register_plugin(Station(token, work, turns))
    roster = Roster(turns)
    flight: dict[Future[BlockRecord], tuple[str, int]] = {}
    done = as_completed(loop=client.loop)
    try:
        while True:
            roster.look(client)
            for address, turn in roster.assignments():
                future = client.submit(
                    run_turn,
                    token,
                    turn,
                    pure=False,
                    workers=[address],
                    allow_other_workers=True,
                    key=f"{token}-{turn}",
                )
                flight[future] = (address, turn)
                done.add(future)
            if not flight:
                if not roster.left:
                    return
                roster.wait()  # no worker yet
                continue
            future = next(done)
            address, turn = flight.pop(future)
            roster.finished(address)
            if future.status == "error":
                raise BlockFailure(turn) from future.exception()
            record = future.result()  # an error where the scheduler is gone
            # what a worker that dies then still holds is not computed again
            future.release()
            yield [record]
    finally:
        client.cancel(list(flight))
        client.unregister_worker_plugin(token)


class Roster:
    """Which worker does which turns.

    Parameters
    ----------
    turns : Turns
        What there is to do.
    """

    def __init__(self, turns: Turns) -> None:
        self.unassigned: list[Stretch] = [Stretch(turns, 0, turns.total)]
        self.runs: dict[str, Stretch] = {}
        self.threads: dict[str, int] = {}
        self.flying: dict[str, int] = {}
        self.looked = 0.0
        self.begun = time.monotonic()
        self.is_told = False

    @property
    def left(self) -> int:
        """Turns that are not submitted."""
        return sum(run.left for run in (*self.unassigned, *self.runs.values()))

    def look(self, client: Client) -> None:
        """Take notice of workers that came and went, now and then."""
        now = time.monotonic()
        if self.threads and now - self.looked < LOOK:
            return
        self.looked = now
        there = dict(client.nthreads())
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

    def wait(self) -> None:
        """Pause before the next look; once, say what is waited for."""
        if not self.is_told and time.monotonic() - self.begun > PATIENCE:
            self.is_told = True
            log.warning("the cluster has no workers: waiting for some")
        time.sleep(0.1)

    def assignments(self) -> Iterator[tuple[str, int]]:
        """Workers with the turns that they are to be given now."""
        for address, threads in self.threads.items():
            while self.flying[address] < IN_FLIGHT * threads:
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
