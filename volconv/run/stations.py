"""Tasks on the workers of a Dask cluster."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from distributed import Client, WorkerPlugin, as_completed, get_worker, secede
from distributed import Future as Task

from volconv.run.allocator import keep_memory
from volconv.run.roster import IN_FLIGHT, Roster
from volconv.run.task import BlockRecord, Work, Worker
from volconv.run.threads import BlockFailure
from volconv.run.turns import Turns

__all__ = ["run_on_client"]

ON_WAY = 4
"""Tasks more where objects go to a bucket, for they are on their way while others run:
arbitrary."""

Flight = dict[Task[BlockRecord], tuple[str, int]]
"""Tasks that are submitted: for each the worker that it was meant for, and its turn."""

MOMENT = 0.1
"""Seconds that are waited for a task before looking at the workers: arbitrary."""


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
        if self.work.most is not None:
            threads = min(threads, self.work.most)
        stations(worker)[self.name] = Served(self.work, threads, self.turns)

    def teardown(self, worker: Any) -> None:
        """Forget it; the worker goes on meanwhile."""
        served = stations(worker).pop(self.name, None)
        if served is not None:
            served.close()


class Served:
    """What a worker of a cluster keeps for a stage.

    Parameters
    ----------
    work : Work
        What its tasks share.
    threads : int
        Tasks that compute at once.
    turns : Turns
        What there is to do, by anyone.
    """

    def __init__(self, work: Work, threads: int, turns: Turns) -> None:
        self.worker = Worker(work, threads, turns)
        self.pool = ThreadPoolExecutor(threads)

    def run(self, turn: int) -> BlockRecord:
        """Carry a task out; while objects are on their way to a bucket another begins.

        The thread that waits for them is then none of the worker's any more. Threads of
        our own compute, which last, as the memory does that each keeps.
        """
        found = self.pool.submit(self.worker.begin(turn)).result()
        if not isinstance(found, Future):
            return found
        secede()
        return found.result()

    def close(self) -> None:
        """End what has not begun."""
        self.pool.shutdown(wait=False, cancel_futures=True)
        self.worker.close(wait=False)


def stations(worker: Any) -> dict[str, Served]:
    """What a Dask worker keeps for the stages that it serves."""
    if not hasattr(worker, "volconv_stations"):
        worker.volconv_stations = {}
    found: dict[str, Served] = worker.volconv_stations
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
    ClusterError
        If there are no workers for too long.
    """
    token = f"volconv-{uuid.uuid4().hex}"
    client.register_plugin(Station(token, work, turns))
    is_sent = any(write.output.is_remote for write in work.stage.writes)
    roster = Roster(turns, IN_FLIGHT + ON_WAY * is_sent)
    number = itertools.count()
    flight: Flight = {}
    done = as_completed(loop=client.loop, with_results=True, raise_errors=False)
    try:
        while True:
            if roster.look(client):
                for task in stranded(flight, roster.threads, client):
                    roster.give_back(flight.pop(task)[1])
                    task.cancel()
            for address, turn in roster.assignments():
                future = client.submit(
                    run_turn,
                    token,
                    turn,
                    pure=False,
                    workers=[address],
                    allow_other_workers=True,
                    key=f"{token}-{next(number)}",
                )
                flight[future] = (address, turn)
                done.add(future)
            if not flight and not roster.left:
                return
            ended = next_ended(done)
            if ended is None:
                continue
            task, record = ended
            if task not in flight:  # it was stranded
                continue
            address, turn = flight.pop(task)
            roster.finished(address)
            if task.status == "error":
                raise BlockFailure(turn) from task.exception()
            if isinstance(record, BaseException):  # the scheduler is gone
                raise record
            # what a worker that dies then still holds is not computed again
            task.release()
            yield [record]
    finally:
        client.cancel(list(flight))
        client.unregister_worker_plugin(token)


def stranded(flight: Flight, there: Collection[str], client: Client) -> list[Task[Any]]:
    """Tasks whose worker is gone and that no other one runs, or is to run.

    Dask gives such tasks to those that are there then, and to none that comes when none
    was. So it does with those whose result was lost with their worker.
    """
    gone = [
        task
        for task, (address, _) in flight.items()
        if address not in there and task.status not in {"error", "cancelled"}
    ]
    if not gone or not there:
        return []
    keys = set(itertools.chain.from_iterable(client.processing().values()))
    held = client.who_has(gone)
    return [task for task in gone if task.key not in keys and not held.get(task.key)]


def next_ended(tasks: as_completed) -> tuple[Task[BlockRecord], Any] | None:
    """A task that has ended, and what it gave; None where for a moment none has.

    What it gave has been fetched: a worker that dies before that has it computed again.
    """
    with tasks.thread_condition:
        if not tasks.has_ready():
            tasks.thread_condition.wait(MOMENT)
    return next(tasks) if tasks.has_ready() else None
