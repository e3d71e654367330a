"""Tasks on threads of this process: each takes the next turn as soon as it is free."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Iterable, Iterator

from volconv.run.task import BlockRecord, Work, Worker
from volconv.run.turns import Turns

__all__ = ["BlockFailure", "run_in_threads"]


class BlockFailure(Exception):  # noqa: N818
    """A task's error with its turn; the error is the cause.

    Parameters
    ----------
    turn : int
        The block's turn.
    """

    def __init__(self, turn: int) -> None:
        super().__init__(turn)
        self.turn = turn


TOGETHER = 0.02
"""Seconds of which a thread tells the blocks together: arbitrary. To hand over each of them
would cost more than a small block does, above all in taking Python's lock anew."""

MOST_TOGETHER = 100
"""Blocks that a thread tells together, at most: arbitrary, 50 kB."""


def run_in_threads(
    work: Work, turns: Iterable[int], threads: int
) -> Iterator[list[BlockRecord]]:
    """Records of blocks as threads of this process finish them, a few together.

    Raises
    ------
    BlockFailure
        From what a task raised; the others finish what they are at.
    """
    worker = Worker(work, threads, turns if isinstance(turns, Turns) else None)
    crew = Threads(worker, iter(turns), threads)
    try:
        while (item := crew.results.get()) is not None or crew.is_running():
            if item is None:
                continue
            if isinstance(item, BlockFailure):
                raise item from item.__cause__
            yield item
    finally:
        worker.stop()
        crew.end()
        worker.close()


class Threads:
    """Threads that take turns until there are none.

    Parameters
    ----------
    worker : Worker
        What they share.
    turns : iterator of int
        What there is to do.
    threads : int
        How many.

    Attributes
    ----------
    results : Queue
        Records of blocks, or what failed; None where a thread has ended.
    """

    def __init__(self, worker: Worker, turns: Iterator[int], threads: int) -> None:
        self.worker = worker
        self.turns = turns
        self.guard = threading.Lock()
        self.stop = threading.Event()
        self.ended = 0
        self.results: queue.Queue[list[BlockRecord] | BlockFailure | None]
        self.results = queue.Queue(maxsize=4 * threads)
        self.pool = [
            threading.Thread(target=self.serve, daemon=True) for _ in range(threads)
        ]
        for thread in self.pool:
            thread.start()

    def serve(self) -> None:
        """Take turns, as one thread."""
        try:
            for together in self.served():
                self.results.put(together)
        except BlockFailure as failure:
            self.stop.set()
            self.results.put(failure)
        self.results.put(None)

    def served(self) -> Iterator[list[BlockRecord]]:
        """Records of the turns that this thread takes, also of those before one fails."""
        found: list[BlockRecord] = []
        begun = time.perf_counter()
        while not self.stop.is_set():
            with self.guard:  # blocks begin in the order of their turns
                turn = next(self.turns, None)
                if turn is None:
                    break
                finished = self.worker.begin(turn)
            try:
                found.append(finished())
            except BaseException as error:
                if found:
                    yield found
                raise BlockFailure(turn) from error
            now = time.perf_counter()
            if now - begun > TOGETHER or len(found) == MOST_TOGETHER:
                yield found
                found, begun = [], time.perf_counter()
        if found:
            yield found

    def is_running(self) -> bool:
        """Whether a thread is left, after one has said that it ended."""
        self.ended += 1
        return self.ended < len(self.pool)

    def end(self) -> None:
        """Let the threads finish what they are at, and no more."""
        self.stop.set()
        while any(thread.is_alive() for thread in self.pool):
            with contextlib.suppress(queue.Empty):
                self.results.get(timeout=0.05)
