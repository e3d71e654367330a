"""What blocks read next is on its way from a store while others are computed."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from volconv.io.expected import Expected
from volconv.plan.stage import Stage
from volconv.run.cache import ChunkCache
from volconv.run.held import Index
from volconv.run.readers import Readers
from volconv.run.turns import Turns

__all__ = ["ReadAhead"]

REACH = 64
"""Turns that are looked ahead for chunks, at most, if blocks are not cut into more tiles:
arbitrary."""


@dataclass(eq=False)
class ReadAhead:
    """Has the chunks asked for that turns read which have begun, or begin next.

    What is held, or is being decoded, is not asked for.

    Parameters
    ----------
    expected : Expected
        Asks for them.
    readers : Readers
        Who reads what.
    stage : Stage
        Whose turns they are.
    threads : int
        Turns at once.
    cache : ChunkCache or None
        Holds what is decoded.
    turns : Turns or None
        Blocks that are to be computed; None for all.
    """

    expected: Expected
    readers: Readers
    stage: Stage
    threads: int
    cache: ChunkCache | None = None
    turns: Turns | None = None
    active: set[int] = field(default_factory=set)
    seen: set[int] = field(default_factory=set)
    own_lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def lock(self) -> threading.Lock:
        """Held while chunks are looked for, so that none is held, or let go of, then."""
        return self.own_lock if self.cache is None else self.cache.holdings.lock

    @property
    def reach(self) -> int:
        """Turns that are looked ahead for chunks, at most."""
        return max(REACH, 2 * self.stage.tiling.in_work(self.threads))

    def begin(self, turn: int) -> None:
        """Have asked for what a turn reads, and those after it as far as there is room."""
        with self.lock:
            self.active.add(turn)
            self.expected.give_up(self.is_past)
            self.want(turn)
            stop = min(turn + 1 + self.reach, self.readers.sweep.total)
            for later in range(turn + 1, stop):
                if later > turn + self.threads and self.expected.is_full:
                    break
                if later not in self.seen and self.is_to_come(later):
                    self.want(later)
            if len(self.seen) > 4 * self.reach:
                self.seen = {turn for turn in self.seen if not self.is_past(turn)}

    def want(self, turn: int) -> None:
        """Have asked for what a turn reads and is not there."""
        self.seen.add(turn)
        chunks = self.readers.chunks_of(turn)
        self.expected.want(
            [chunk for chunk in chunks if not self.is_there(turn, chunk)], turn
        )

    def is_there(self, turn: int, chunk: Index) -> bool:
        """Whether a chunk is held for a turn, or will be in a moment."""
        return self.cache is not None and self.cache.has(turn, chunk)

    def is_past(self, turn: int) -> bool:
        """Whether a turn is none of those that have begun, or begin next."""
        return not any(now <= turn <= now + self.reach for now in self.active)

    def is_to_come(self, turn: int) -> bool:
        """Whether the block of a turn is one of those that are to be computed."""
        if self.turns is None:
            return True
        tile, tiling = self.readers.sweep.index(turn), self.stage.tiling
        block = [place // tiling.along(axis) for axis, place in enumerate(tile)]
        return self.stage.sweep.position(block) in self.turns

    def finish(self, turn: int) -> None:
        """A turn has read what it reads."""
        self.active.discard(turn)

    def close(self) -> None:
        """Want nothing any more."""
        self.expected.close()
