"""Where tasks run: threads of this process, processes of this machine, a cluster."""

from __future__ import annotations

import logging
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import zarr

from volconv.errors import ClusterError, KindError, VolconvError
from volconv.plan.memory import AT_ONCE
from volconv.run.allocator import give_back, keep_memory
from volconv.run.task import Work
from volconv.run.threads import AtHand, BlockFailure, Keep, Records, run_in_threads
from volconv.run.turns import Turns

if TYPE_CHECKING:
    from distributed import Client, LocalCluster

__all__ = ["check_answer", "check_crew", "crew_of", "is_address"]

LOOPBACK = "127.0.0.1"

FORM = "write the address as tcp://HOST:PORT"

Crew = Callable[[Turns, Keep], Records]
"""Takes turns, and gives the records of their blocks."""


def is_address(on: str) -> bool:
    """Whether tasks run where a scheduler has its own workers."""
    return "://" in on


def check_crew(on: object) -> None:
    """Refuse what can be no crew, before anything is begun or erased for it.

    Raises
    ------
    KindError
        If `on` is no text.
    ClusterError
        If it is neither threads, nor processes, nor an address that Dask can reach.
    """
    expected = "threads, processes, or a scheduler's address"
    if not isinstance(on, str):
        mend = "of a client say on=client.scheduler.address"
        raise KindError("on", type(on).__name__, expected, mend)
    if is_address(on):
        check_address(on)
    elif on not in ("threads", "processes"):
        raise ClusterError("on", repr(on), expected, FORM)


def check_address(address: str) -> None:
    """Refuse an address that Dask cannot read, or has no certificates for.

    Raises
    ------
    ClusterError
    """
    from distributed.comm.addressing import get_address_host
    from distributed.security import Security

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)  # tells what ucx needs
            get_address_host(address)
    except (ValueError, NotImplementedError, FutureWarning) as error:
        reason = " ".join(str(error).split())
        raise ClusterError(
            "on", f"{address!r} ({reason})", "a scheduler's address", FORM
        ) from error
    if address.startswith("tls://"):
        given = Security().get_connection_args("client")
        if given["ssl_context"] is None:
            raise ClusterError(
                "on",
                f"{address!r} without certificates",
                "distributed.comm.tls in Dask's configuration",
                "name its ca-file and the client's cert and key there",
            )


def check_answer(on: str) -> None:
    """Refuse a scheduler that does not answer, before anything is erased for it.

    Raises
    ------
    ClusterError
    """
    if is_address(on):
        with reached(on):
            pass


@contextmanager
def crew_of(on: str, work: Work, at_hand: AtHand | None = None) -> Iterator[Crew]:
    """Whoever carries the tasks of a stage out.

    Parameters
    ----------
    on : str
        ``threads``, ``processes``, or the address of a running scheduler.
    work : Work
        What the tasks share: with the threads or processes to start, where a running
        scheduler has none of its own.
    at_hand : callable, optional
        Is told from time to time what threads have done of the blocks they are at.

    Raises
    ------
    ClusterError
        If no scheduler answers there.
    """
    stage, room = work.stage, work.stage.room
    with zarr.config.set({"async.concurrency": AT_ONCE}):
        if on == "threads":
            keep_memory()
            yield lambda turns, keep: run_in_threads(
                work, turns, stage.tasks_at_once, keep, at_hand
            )
            give_back()
            return
        processes = max(1, min(room.processes, stage.grid.total))
        with (
            connected(on, processes, room.workers) as client,
            silenced("distributed.protocol.pickle"),  # what fails is told with the run
        ):
            yield lambda turns, _: run_while_reached(work, turns, client)


def run_while_reached(work: Work, turns: Turns, client: Client) -> Records:
    """Records of blocks as the workers of a cluster finish them.

    Raises
    ------
    BlockFailure
        From what a task raised.
    ClusterError
        If the scheduler answers no longer.
    """
    from volconv.run.stations import run_on_client

    try:
        yield from run_on_client(work, turns, client)
    except (BlockFailure, VolconvError):
        raise
    except Exception as error:
        # what fails in a task is a BlockFailure: other faults of files are of sockets
        is_lost = isinstance(error, OSError | CancelledError)
        if client.status == "running" and not is_lost:
            raise
        raise ClusterError(
            "on",
            f"no more answer of the scheduler ({type(error).__name__})",
            "a scheduler that runs until the end",
            "start it again, then run again: what is done is kept",
        ) from error


@contextmanager
def connected(on: str, processes: int, threads: int) -> Iterator[Client]:
    """A Dask client, and whatever was started for it, until the end.

    Parameters
    ----------
    on : str
        ``processes``, or the address of a running scheduler.
    processes : int
        Processes to start; a running scheduler has its own.
    threads : int
        Of each.

    Raises
    ------
    ClusterError
        If no scheduler answers there, or processes do not start.
    """
    import dask
    from distributed import Client

    quiet: dict[str, Any] = {
        "distributed.worker.memory.target": False,
        "distributed.worker.memory.spill": False,
        # a process that begins anew may take longer than Dask waits for it
        "distributed.deploy.lost-worker-timeout": "1 hour",
        "distributed.admin.log-format": "%(name)s - %(message)s",
    }
    with dask.config.set(quiet):
        if on == "processes":
            with ExitStack() as stack:
                with uninterrupted():  # Dask cannot close what has not quite started
                    cluster = stack.enter_context(local_cluster(processes, threads))
                yield stack.enter_context(Client(cluster, set_as_default=False))
        else:
            with reached(on) as client:
                yield client


@contextmanager
def uninterrupted() -> Iterator[None]:
    """A block that Ctrl-C interrupts when it is at its end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    told: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: told.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if told:
            signal.raise_signal(signal.SIGINT)


def local_cluster(processes: int, threads: int) -> LocalCluster:
    """Processes of this machine that were started for a run."""
    from distributed import LocalCluster

    try:
        return LocalCluster(
            n_workers=processes,
            threads_per_worker=threads,
            processes=True,
            host=LOOPBACK,
            dashboard_address=f"{LOOPBACK}:0",
            memory_limit=0,
            silence_logs=50,  # what failed is told with its block
        )
    except RuntimeError as error:
        raise ClusterError(
            "on",
            f"processes that do not start: {error}",
            "processes that import the script anew",
            'in a script, call below: if __name__ == "__main__":',
        ) from error


@contextmanager
def reached(address: str) -> Iterator[Client]:
    """A client of a running scheduler, which is left running."""
    from distributed import Client

    with silenced("distributed.client"):  # what it loses is told with the run
        try:
            client = Client(address, timeout="5s", set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise ClusterError(
                "on",
                f"no answer at {address} ({type(error).__name__})",
                "a running scheduler",
                "start one with: dask scheduler",
            ) from error
        with client:
            yield client


@contextmanager
def silenced(name: str) -> Iterator[None]:
    """A block in which a logger of another library says nothing."""
    log = logging.getLogger(name)
    level = log.level
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        log.setLevel(level)
