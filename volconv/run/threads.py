"""Tasks on threads of this process: each takes the next turn as soon as it is free."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator

from volconv.run.task import BlockRecord, Work, Worker

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


def run_in_threads(
    work: Work, turns: Iterable[int], threads: int
) -> Iterator[BlockRecord]:
    """Records of blocks as threads of this process finish them.

    Raises
    ------
    BlockFailure
        From what a task raised; the others finish what they are at.
    """
    worker = Worker(work, lag=2 * threads)
    todo = iter(turns)
    guard = threading.Lock()
    stop = threading.Event()
    results: queue.Queue[tuple[int, BlockRecord | BaseException] | None] = queue.Queue(
        maxsize=4 * threads
    )

    def serve() -> None:
        try:
            while not stop.is_set():
                with guard:
                    turn = next(todo, None)
                if turn is None:
                    break
                try:
                    results.put((turn, worker.run(turn)))
                except BaseException as error:  # noqa: BLE001 (handed to who waits)
                    stop.set()
                    results.put((turn, error))
        finally:
            results.put(None)

    pool = [threading.Thread(target=serve, daemon=True) for _ in range(threads)]
    for thread in pool:
        thread.start()
    running = threads
    try:
        while running:
            item = results.get()
            if item is None:
                running -= 1
                continue
            turn, outcome = item
            if isinstance(outcome, BaseException):
                raise BlockFailure(turn) from outcome
            yield outcome
    finally:
        stop.set()
        while running:
            running -= results.get() is None
        for thread in pool:
            thread.join()
