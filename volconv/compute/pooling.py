"""Order statistics of windows: largest, smallest, middle and most frequent value.

Values are chosen, never computed, but for the middle of an even number of floats. Which
of two equal zeros, and which of two NaN, a loop of NumPy chooses depends on where in an
array it stands; a result of zero is +0 here, and NaN is one NaN.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from volconv.compute.numbers import cast, cast_bytes
from volconv.compute.parts import parts
from volconv.compute.pointwise import canonical
from volconv.compute.windows import cells_under, window_view
from volconv.geometry import Window

__all__ = ["KINDS", "Pool"]

Array = NDArray[Any]

PART_TAPS = 2**18
"""Cells under all windows of a part: a megabyte of float32, sorted while in the cache."""

MOST_EXCHANGED = 64
"""Most cells of a window whose middle is found by exchanges, whose number grows with the
square of the cells: measured 2026-11 on an AMD Zen 4, beyond it sorting is faster."""


@dataclass(frozen=True)
class Pool:
    """An order statistic of each window, as an operation of a step.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    windows : tuple of Window
        One for each axis, without padding.
    source, target : str
        dtypes of the block and of the outputs.
    """

    compiles: ClassVar[bool] = False

    kind: str
    windows: tuple[Window, ...]
    source: str
    target: str

    def __call__(self, block: Array, out: Array) -> None:
        """Write every output of a padded block."""
        choose = KINDS[self.kind]
        for part in parts(out.shape, self.part_cells):
            cells = cells_under(block, self.windows, part)
            if self.is_widened:
                cells = cells.astype(self.target)
            values = choose(cells, self.windows)
            if values.dtype.kind == "f":
                values = canonical(values + values.dtype.type(0))
            out[part] = cast(values, self.target)

    @property
    def is_widened(self) -> bool:
        """Whether cells become the target's first: floats whose mean has more digits."""
        read, made = np.dtype(self.source), np.dtype(self.target)
        is_mean = self.kind == "median" and read.kind == made.kind == "f"
        return is_mean and made.itemsize > read.itemsize

    @property
    def taps(self) -> int:
        """Cells of one window."""
        return math.prod(window.size for window in self.windows)

    @property
    def part_cells(self) -> int:
        """Outputs of a part."""
        if self.kind in ("max", "min"):
            return PART_TAPS // 2  # nothing is copied for each tap
        return max(1, PART_TAPS // self.taps)

    def work_bytes(self, outputs: int, cells: int) -> int:
        """Bytes that a call allocates at most.

        Of an extreme, what is left of the cells under a part after one axis and after the
        next. Of others that of both extremes, or the windows of a part, once, or thrice
        where they are sorted for their runs, and the places of those that are not even.
        """
        part = min(outputs, self.part_cells)
        item = np.dtype(self.target if self.is_widened else self.source).itemsize
        sides = [max(window.span, window.stride) for window in self.windows]
        moved = [side for side in sides if side > 1]
        across = item * min(cells, math.prod(moved[1:]) * part)
        work, each = 2 * across, 3 * item + 1
        if self.kind not in ("max", "min"):
            copies = 3 if self.kind == "mode" else 1
            work = max(3 * across, copies * item * self.taps * part)
            each += 3 * item + 3
            if self.kind == "mode" or self.taps > MOST_EXCHANGED:
                each += 8 * len(self.windows) + 16
        if self.is_widened:
            work += item * min(cells, math.prod(moved) * part)
        return work + part * each + cast_bytes(self.source, self.target, part)

    def describe(self) -> Mapping[str, object]:
        """Nothing: the step's name is the statistic."""
        return {}

    def note(self) -> str:
        """How it is computed."""
        if self.kind in ("max", "min"):
            return f"{self.kind} of {self.taps} cells, one dimension after the other"
        return f"{self.kind} of {self.taps} cells, sorted in parts"


def extreme(
    cells: Array, windows: Sequence[Window], pick: Callable[..., Array]
) -> Array:
    """The largest or smallest of each window, one axis after the other."""
    for axis, window in enumerate(windows):
        if window == Window(1):
            continue
        last = (window.out_size(cells.shape[axis]) - 1) * window.stride
        around = (slice(None),) * axis
        taps = [
            cells[(*around, slice(first, first + last + 1, window.stride))]
            for first in range(0, window.span, window.dilation)
        ]
        found = pick(taps[0], taps[1]) if len(taps) > 1 else taps[0]
        for tap in taps[2:]:
            pick(found, tap, out=found)
        cells = found
    return cells


def largest(cells: Array, windows: Sequence[Window]) -> Array:
    """The largest of each window; NaN where it has one."""
    return extreme(cells, windows, np.maximum)


def smallest(cells: Array, windows: Sequence[Window]) -> Array:
    """The smallest of each window; NaN where it has one."""
    return extreme(cells, windows, np.minimum)


def uneven(
    cells: Array,
    windows: Sequence[Window],
    choose: Callable[[Array], Array],
) -> Array:
    """The values of windows: of one that is even its value, else what `choose` takes.

    Labels and background are even nearly everywhere, and finding that costs little.

    Parameters
    ----------
    cells : ndarray
        A padded block.
    windows : sequence of Window
        One for each axis.
    choose : callable
        Takes windows, one a row, and returns a value for each; may change the rows.
    """
    low, high = smallest(cells, windows), largest(cells, windows)
    found = low.copy()
    rows = low != high  # of NaN too
    if rows.any():
        taps = window_view(cells, windows)[rows]
        found[rows] = choose(taps.reshape(len(taps), -1))
    return found


def middle(cells: Array, windows: Sequence[Window]) -> Array:
    """The middle value of each window; NaN where it has one.

    Of an even number of floats the mean of the two in the middle, of integers the lower
    of them, which is a value that is there.
    """
    if math.prod(window.size for window in windows) > MOST_EXCHANGED:
        return uneven(cells, windows, row_middle)
    low, high = smallest(cells, windows), largest(cells, windows)
    if (low == high).all():
        return low.copy()
    lower, upper = exchanged(taps_of(cells, windows))
    return absent_where(high, between(lower, upper))


def taps_of(cells: Array, windows: Sequence[Window]) -> list[Array]:
    """A copy of the cells under each tap, of the shape of the outputs."""
    view = window_view(cells, windows)
    outputs = view.shape[: cells.ndim]
    taps = [view[(..., *tap)] for tap in np.ndindex(view.shape[len(outputs) :])]
    return [np.array(tap, order="C") for tap in taps]


def exchanged(taps: list[Array]) -> tuple[Array, Array]:
    """The two middle values of each position of some arrays, one and the same if odd.

    So many arrays are held that the least of them must lie below the middle of all, and
    the greatest above it; both are dropped, and one more array is taken, until none but
    the middle is left. Two arrays are put in order by their pairwise minimum and maximum.

    Parameters
    ----------
    taps : list of ndarray
        Of one shape; they are written to.

    Notes
    -----
    Paeth 1990, "Median finding on a 3-by-3 grid", Graphics Gems, for any number.
    """
    left = len(taps)
    held, rest = taps[: left // 2 + 2], taps[left // 2 + 2 :]
    spare = np.empty_like(taps[0])

    def order(i: int, j: int) -> None:
        nonlocal spare
        np.minimum(held[i], held[j], out=spare)
        np.maximum(held[i], held[j], out=held[j])
        held[i], spare = spare, held[i]

    while left > 2:
        last = len(held) - 1
        half = len(held) // 2
        for i in range(half):
            order(i, last - i)
        for i in range(1, last - half + 1):
            order(0, i)
        for i in range(half, last):
            order(i, last)
        held = [*held[1:-1], *rest[:1]]
        rest = rest[1:]
        left -= 2
    if left == 2:
        order(0, 1)
    return held[0], held[-1]


def between(lower: Array, upper: Array) -> Array:
    """The mean of two floats, rounded once; of two integers the lower one."""
    if lower is upper or lower.dtype.kind != "f":
        return lower
    half = lower.dtype.type(0.5)
    with np.errstate(all="ignore"):
        return np.asarray(lower * half + upper * half)


def absent_where(found: Array, values: Array) -> Array:
    """The values, NaN where another array has one."""
    if values.dtype.kind == "f":
        np.copyto(values, np.nan, where=np.isnan(found))
    return values


def row_middle(rows: Array) -> Array:
    """The middle value of each row; NaN where it has one."""
    count = rows.shape[1]
    lower, upper = (count - 1) // 2, count // 2
    highest: Array = rows.max(axis=1)
    rows.partition((lower, upper), axis=1)
    first = rows[:, lower]
    second = first if upper == lower else rows[:, upper]
    return absent_where(highest, between(first, second))


def most_frequent(cells: Array, windows: Sequence[Window]) -> Array:
    """The most frequent value of each window; of several, the smallest."""
    return uneven(cells, windows, row_mode)


def row_mode(rows: Array) -> Array:
    """The most frequent value of each row; of several, the smallest.

    In a sorted row, the value of the longest run, and of the first one among these.
    """
    columns = np.ascontiguousarray(np.sort(rows, axis=1).T)
    found: Array = columns[0].copy()
    run = np.ones(len(rows), dtype=np.int32)
    longest = run.copy()
    for before, here in itertools.pairwise(columns):
        run *= before == here
        run += 1
        longer = run > longest
        np.copyto(found, here, where=longer)
        np.copyto(longest, run, where=longer)
    return found


KINDS: Mapping[str, Callable[[Array, Sequence[Window]], Array]] = {
    "max": largest,
    "min": smallest,
    "median": middle,
    "mode": most_frequent,
}
"""Statistics by name."""
