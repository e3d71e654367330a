"""Where tasks run: threads of this process, processes of this machine, a cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dask
from distributed import Client, LocalCluster

from volconv.errors import ClusterError

__all__ = ["connected"]

LOOPBACK = "127.0.0.1"


@contextmanager
def connected(on: str, workers: int) -> Iterator[Client]:
    """A Dask client, and whatever was started for it, until the end.

    Parameters
    ----------
    on : str
        ``threads``, ``processes``, or the address of a running scheduler.
    workers : int
        Threads or processes to start; a running scheduler has its own.

    Raises
    ------
    ClusterError
        If `on` is none of these, or no scheduler answers there.
    """
    quiet: dict[str, Any] = {
        "distributed.worker.memory.target": False,
        "distributed.worker.memory.spill": False,
        "distributed.admin.log-format": "%(name)s - %(message)s",
    }
    with dask.config.set(quiet):
        if on in ("threads", "processes"):
            in_process = on == "threads"
            with (
                LocalCluster(
                    n_workers=1 if in_process else workers,
                    threads_per_worker=workers if in_process else 1,
                    processes=not in_process,
                    host=None if in_process else LOOPBACK,  # in-process needs no socket
                    dashboard_address=f"{LOOPBACK}:0",
                    memory_limit=0,
                    silence_logs=40,
                ) as cluster,
                Client(cluster, set_as_default=False) as client,
            ):
                yield client
        else:
            with reached(on) as client:
                yield client


@contextmanager
def reached(address: str) -> Iterator[Client]:
    """A client of a running scheduler, which is left running."""
    if "://" not in address:
        raise ClusterError(
            "--on",
            repr(address),
            "threads, processes, or a scheduler's address",
            "write the address as tcp://HOST:PORT",
        )
    try:
        client = Client(address, timeout="5s", set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise ClusterError(
            "--on",
            f"no answer at {address} ({type(error).__name__})",
            "a running scheduler",
            "start one with: dask scheduler",
        ) from error
    with client:
        yield client
