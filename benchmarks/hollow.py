"""Runs whose cells come from nowhere and go nowhere: the rest is what a run costs.

A source that gives the same cells for every box, without a store or a codec, and a sink
that takes each object and keeps nothing of it. Turns, the cache of chunks, putting blocks
together, the steps and the journal are those of any other run.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from volconv.geometry import Interval
from volconv.io import ZarrSource
from volconv.io.folder import Folder
from volconv.io.store import object_key
from volconv.run.writer import Unit, Writer

__all__ = ["Made", "blocks_of_one_chunk", "grown", "nothing_kept"]

OBJECT = (2048, 0)
"""Bytes and checksum that every object is said to have."""


@dataclass(frozen=True)
class Made(ZarrSource):
    """A source whose cells are there: views of one chunk of zeros.

    Parameters
    ----------
    chunk : ndarray
        The largest box that is read.
    """

    chunk: NDArray[Any] = field(
        default_factory=lambda: np.zeros((8, 8, 8), "f4"), compare=False
    )

    def read(self, box: Sequence[Interval], empty: object = None) -> NDArray[Any]:
        """Cells of a box."""
        del empty
        return self.chunk[tuple(slice(0, side.stop - side.start) for side in box)]


@contextlib.contextmanager
def nothing_kept() -> Iterator[None]:
    """Objects are taken and not kept, and all are said to be there."""

    def sizes(_: Folder, under: str, names: Iterable[str]) -> Iterator[tuple[str, int]]:
        del under
        return ((name, OBJECT[0]) for name in names)

    def write(_: Writer, which: int, unit: Unit, sent: object) -> tuple[str, int, int]:
        del which, sent
        return object_key(unit.place), *OBJECT

    def make_safe(_: Folder, keys: Iterable[str]) -> None:
        del keys

    with (
        patch.object(Writer, "write", write),
        patch.multiple(Folder, sizes=sizes, make_safe=make_safe),
    ):
        yield


@contextlib.contextmanager
def blocks_of_one_chunk() -> Iterator[None]:
    """Plans put no chunks together, whatever the memory."""
    with patch("volconv.plan.search.doubled", lambda _: []):
        yield


@dataclass
class Growth:
    """Bytes by which the memory of this process grew."""

    nbytes: int = 0


@contextlib.contextmanager
def grown() -> Iterator[Growth]:
    """By how much memory was above what it is now, at most, when all is over."""
    found = Growth()
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = status_bytes("VmRSS")
    yield found
    found.nbytes = status_bytes("VmHWM") - before


def status_bytes(name: str) -> int:
    """What Linux says of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith(name))
    return 1024 * int(line.split()[1])
