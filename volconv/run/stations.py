"""Tasks on the workers of a Dask cluster."""

from __future__ import annotations

import asyncio
import itertools
import pickle
import uuid
from collections.abc import Collection, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import zarr
from distributed import Client, WorkerPlugin, as_completed, get_worker, secede
from distributed import Future as Task

from volconv.errors import ClusterError
from volconv.plan.memory import AT_ONCE
from volconv.run.allocator import give_back, keep_memory
from volconv.run.roster import IN_FLIGHT, Roster
from volconv.run.task import BlockRecord, Work, Worker
from volconv.run.threads import BlockFailure
from volconv.run.turns import Turns

__all__ = ["run_on_client"]

ON_WAY = 4
"""Tasks more where objects go to a bucket, for they are on their way while others run:
arbitrary."""


TRIES = 3
"""Times that workers are given the work, as long as some of them die of it: arbitrary."""


@dataclass(frozen=True)
class Failed:
    """What a task raised, as it comes to another process, whatever it was.

    Dask takes an exit for one of the worker, and loses an error's kind, or the task, where
    what led to the error cannot be sent.

    Parameters
    ----------
    pickled : bytes
        The error without what led to it; empty where it cannot be pickled.
    words : str
        Its kind and what it says.
    """

    pickled: bytes
    words: str

    @classmethod
    def of(cls, error: BaseException) -> Failed:
        """An error that a task raised."""
        error.__cause__ = error.__context__ = error.__traceback__ = None
        words = f"{type(error).__name__}: {error}"
        try:
            return cls(pickle.dumps(error), words)
        except Exception:  # whatever it holds
            return cls(b"", words)

    @property
    def error(self) -> BaseException:
        """The error, or another one with its words, where its kind is not known here."""
        try:
            found = pickle.loads(self.pickled)  # noqa: S301 (as Dask does)
        except Exception:  # whatever its kind does
            return RuntimeError(self.words)
        return found if isinstance(found, BaseException) else RuntimeError(self.words)


Told = BlockRecord | Failed
"""What a task tells."""

Flight = dict[Task[Told], tuple[str, int]]
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
        """Keep the work in the worker's process, which reads as a crew of threads does."""
        keep_memory()
        zarr.config.set({"async.concurrency": AT_ONCE})
        threads = min(worker.state.nthreads, self.work.most)
        stations(worker)[self.name] = Served(self.work, threads, self.turns)

    async def teardown(self, worker: Any) -> None:
        """Forget it, after what is being sent is there; the worker goes on meanwhile."""
        served = stations(worker).pop(self.name, None)
        if served is not None:
            await asyncio.to_thread(served.close)


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
        """End what has not begun, and send nothing more to a bucket.

        A run may let go of it then: blocks that are being computed are not waited for,
        and none of their objects is put where another run has begun. What is free goes
        back to the system, as between the stages of a crew of threads.
        """
        self.pool.shutdown(wait=False, cancel_futures=True)
        self.worker.abandon()
        give_back()


def stations(worker: Any) -> dict[str, Served]:
    """What a Dask worker keeps for the stages that it serves."""
    if not hasattr(worker, "volconv_stations"):
        worker.volconv_stations = {}
    found: dict[str, Served] = worker.volconv_stations
    return found


def run_turn(token: str, turn: int) -> Told:
    """The task of a cluster: a name and a number."""
    try:
        return stations(get_worker())[token].run(turn)
    except BaseException as error:
        return Failed.of(error)


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
        If there are no workers for too long, or some cannot be given the work.
    """
    token = f"volconv-{uuid.uuid4().hex}"
    scheduler = client.scheduler_info()["id"]
    is_sent = any(write.output.is_remote for write in work.stage.writes)
    roster = Roster(turns, IN_FLIGHT + ON_WAY * is_sent, work.most)
    number = itertools.count()
    flight: Flight = {}
    done = as_completed(loop=client.loop, with_results=True, raise_errors=False)
    try:
        register(client, Station(token, work, turns))
        while True:
            if roster.look(client):
                if client.scheduler_info()["id"] != scheduler:
                    raise ConnectionResetError  # another one, which has no work
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
            task, told = ended
            if task not in flight:  # it was stranded
                continue
            address, turn = flight.pop(task)
            roster.finished(address)
            record = record_of(turn, task, told)
            # what a worker that dies then still holds is not computed again
            task.release()
            yield [record]
    finally:
        client.cancel(list(flight))
        with suppress(ValueError, KeyError):  # a scheduler, or a worker, without it
            client.unregister_worker_plugin(token)


def register(client: Client, station: Station) -> None:
    """Give all workers the work, though one may die when it is to take it.

    Raises
    ------
    OSError
        If the scheduler answers no longer.
    ClusterError
        If the work cannot be sent, or a worker has not what it is made of.
    """
    for left in reversed(range(TRIES)):
        try:
            client.register_plugin(station)
        except OSError:  # of a worker, too
            if not left:
                raise
        except CancelledError:  # the scheduler is gone
            raise
        except Exception as error:  # whatever pickling and imports raise
            raise ClusterError(
                "on",
                f"work that workers cannot be given ({type(error).__name__}: {error})",
                "workers that have what this process has, and steps that can be pickled",
                "install the same packages there, plug-ins among them",
            ) from error
        else:
            return


def record_of(turn: int, task: Task[Told], told: Any) -> BlockRecord:
    """The record of a turn whose task has ended.

    Raises
    ------
    BlockFailure
        From what the task raised.
    """
    if task.status == "error":
        raise BlockFailure(turn) from task.exception()
    if isinstance(told, BaseException):  # the scheduler is gone
        raise told
    if isinstance(told, Failed):
        raise BlockFailure(turn) from told.error
    record: BlockRecord = told
    return record


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


def next_ended(tasks: as_completed) -> tuple[Task[Told], Any] | None:
    """A task that has ended, and what it gave; None where for a moment none has.

    What it gave has been fetched: a worker that dies before that has it computed again.
    """
    with tasks.thread_condition:
        if not tasks.has_ready():
            tasks.thread_condition.wait(MOMENT)
    return next(tasks) if tasks.has_ready() else None
