"""Tasks on threads of this process: each takes the next turn as soon as it is free."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from functools import partial

from volconv.run.task import BlockRecord, Work, Worker
from volconv.run.turns import Turns

__all__ = ["AtHand", "BlockFailure", "Keep", "Records", "run_in_threads"]


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


TOGETHER = 0.1
"""Seconds of which a thread tells the blocks together: arbitrary. To hand over each of them
would cost more than a small block does, above all in taking Python's lock anew."""

MOST_TOGETHER = 500
"""Blocks that a thread tells together, at most: arbitrary, 250 kB."""


SHORT = 0.001
"""Seconds below which a block is little but calls of Python: arbitrary."""

TRIAL = 0.2
"""Seconds after which a thread judges whether it is worth its while: arbitrary."""

WORTH = 0.75
"""The share of its time that a thread must compute to go on with short ones: arbitrary."""


AtHand = Callable[[float], None]
"""Takes what is done of the blocks that are being computed, in blocks."""

Keep = Callable[[list[BlockRecord]], None]
"""Takes records of blocks that were finished after who took the others had left."""

Records = Generator[list[BlockRecord], None, None]
"""Records of blocks as they are finished, a few together."""

BEAT = 0.5
"""Seconds without a block after which it is told: arbitrary."""


def run_in_threads(
    work: Work,
    turns: Iterable[int],
    threads: int,
    keep: Keep,
    at_hand: AtHand | None = None,
) -> Records:
    """Records of blocks as threads of this process finish them, a few together.

    Raises
    ------
    BlockFailure
        From what a task raised first, after the records of what the others were at.
        What was not being sent then is not.
    """
    worker = Worker(work, threads, turns if isinstance(turns, Turns) else None)
    crew = Threads(worker, iter(turns), threads)
    failure: BlockFailure | None = None
    try:
        while (item := crew.told(at_hand)) is not None or crew.is_running():
            if isinstance(item, BlockFailure):
                failure = failure or item
            elif item is not None:
                yield item
    finally:
        left = crew.end()
        worker.close()
        keep(left)
    if failure is not None:
        raise failure from failure.__cause__


Told = list[BlockRecord] | BlockFailure | None
"""Records of blocks, or what failed; None where a thread has ended."""


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
        What they tell.
    """

    def __init__(self, worker: Worker, turns: Iterator[int], threads: int) -> None:
        self.worker = worker
        self.turns = turns
        self.guard = threading.Lock()
        self.stop = threading.Event()
        self.ended = 0
        self.results: queue.Queue[Told] = queue.Queue(maxsize=4 * threads)
        self.pool = [
            threading.Thread(target=self.serve, args=(number == 0,), daemon=True)
            for number in range(threads)
        ]
        for thread in self.pool:
            thread.start()

    def serve(self, is_first: bool) -> None:
        """Take turns, as one thread; others than the first until they are in its way."""
        late = Late()
        effort = Effort(len(self.pool))
        try:
            for together in self.served(late):
                self.results.put(together)
                effort.add(len(together))
                if not is_first and effort.is_in_vain():
                    break
        except BlockFailure as failure:
            self.fail(failure)
        finally:  # whoever counts the threads would wait for one that says nothing
            late.wait()
            self.results.put(None)

    def served(self, late: Late) -> Iterator[list[BlockRecord]]:
        """Records of the turns that this thread takes, also of those before one fails.

        Blocks whose objects are on their way then are told of by whoever sends them.
        """
        found: list[BlockRecord] = []
        begun = time.perf_counter()
        while not self.stop.is_set():
            with self.guard:  # blocks begin in the order of their turns
                turn = next(self.turns, None)
                if turn is None:
                    break
                finished = self.worker.begin(turn)
            try:
                block = finished()
            except BaseException as error:
                if found:
                    yield found
                raise BlockFailure(turn) from error
            if isinstance(block, Future):
                late.begin(block, partial(self.tell, turn))
                continue
            found.append(block)
            now = time.perf_counter()
            if now - begun > TOGETHER or len(found) == MOST_TOGETHER:
                yield found
                found, begun = [], time.perf_counter()
        if found:
            yield found

    def tell(self, turn: int, block: Future[BlockRecord]) -> None:
        """Tell of a block whose objects are all there, or of one that failed."""
        error = block.exception()
        if error is None:
            self.results.put([block.result()])
            return
        failure = BlockFailure(turn)
        failure.__cause__ = error
        self.fail(failure)

    def fail(self, failure: BlockFailure) -> None:
        """Tell of a failure; no thread takes another turn, and nothing more is sent."""
        self.stop.set()
        self.results.put(failure)
        self.worker.stop()  # after it, for others fail by that

    def told(self, at_hand: AtHand | None) -> Told:
        """What comes next, saying from time to time how far blocks are meanwhile."""
        while at_hand is not None:
            try:
                return self.results.get(timeout=BEAT)
            except queue.Empty:
                at_hand(self.worker.share_done())
        return self.results.get()

    def is_running(self) -> bool:
        """Whether a thread is left, after one has said that it ended."""
        self.ended += 1
        return self.ended < len(self.pool)

    def end(self) -> list[BlockRecord]:
        """Let the threads finish what they are at, and no more; records of that."""
        self.stop.set()
        self.worker.stop()
        left: list[BlockRecord] = []
        for thread in self.pool:
            while thread.is_alive():
                thread.join(0.05)
                left += self.waiting()  # it may wait to tell something
        return left + self.waiting()

    def waiting(self) -> list[BlockRecord]:
        """Records that wait to be taken; failures then are of blocks that were given up."""
        found: list[BlockRecord] = []
        with contextlib.suppress(queue.Empty):
            while True:
                item = self.results.get_nowait()
                found += item if isinstance(item, list) else []
        return found


class Effort:
    """How long a thread's blocks took, of which it computed how much.

    Python's lock goes from thread to thread at each call that releases it, which takes
    longer than a short block needs: fewer threads are faster then.

    Parameters
    ----------
    threads : int
        How many there are.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.blocks = 0
        self.begun, self.used = time.perf_counter(), time.thread_time()

    def add(self, blocks: int) -> None:
        """Count blocks."""
        self.blocks += blocks

    def is_in_vain(self) -> bool:
        """Whether the blocks are short, and the thread has mostly waited for others."""
        taken = time.perf_counter() - self.begun
        is_short = taken < self.blocks * self.threads * SHORT
        computed = time.thread_time() - self.used
        return taken > TRIAL and is_short and computed < WORTH * taken


class Late:
    """Blocks of a thread whose objects are on their way."""

    def __init__(self) -> None:
        self.begun = 0
        self.told = threading.Semaphore(0)

    def begin(
        self,
        block: Future[BlockRecord],
        tell: Callable[[Future[BlockRecord]], None],
    ) -> None:
        """Have a block told of when it is there, or failed."""
        self.begun += 1

        def there(block: Future[BlockRecord]) -> None:
            tell(block)
            self.told.release()

        block.add_done_callback(there)

    def wait(self) -> None:
        """Wait until all are told of."""
        for _ in range(self.begun):
            self.told.acquire()
