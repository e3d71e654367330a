"""Sums over the cells that take part, rescaled by the weights that did.

For weights w, cells v, cell weights a and m, which is 1 where a cell is valid and 0
where it is missing, an output is ::

    Σ w a m v / Σ w a m · Σ w

Cells that take no part count as 0, whatever they hold, and both sums are made by the
same cross-correlation. Where all cells of a window take part with cell weight 1, the
second sum is Σ w to the last bit, and the output is that of the plain sum.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.compute.correlation import Correlation
from volconv.compute.numbers import cast
from volconv.compute.pointwise import planes
from volconv.compute.workspace import Workspace
from volconv.errors import NumberError

__all__ = ["Renormalisation", "has_missing", "missing_cells", "rounding_of"]

Array = NDArray[Any]

PART = 256 * 2**10
"""Bytes of cells that several passes go over before the next ones, at most: with what lies
between they stay in the second-level cache."""


@dataclass(frozen=True, eq=False)
class Renormalisation:
    """Cross-correlation of the cells that take part.

    Parameters
    ----------
    values : Correlation
        Of cells in the arithmetic's dtype.
    weights : Correlation
        The same of real cells: what takes part.
    magnitudes : Correlation, optional
        Of real cells with the absolute weights; None where all have one sign, and the
        sums of `weights` say the same.
    least : float
        Share of the absolute weight that must take part.
    missing : float, optional
        What a missing output is among integers.
    target : str
        dtype of the outputs.

    Examples
    --------
    >>> from volconv.compute import Numbers
    >>> numbers = Numbers("float64", "float64", "float64")
    >>> mean = Correlation((np.array([0.5, 0.5]),), (1,), (1,), numbers, "direct")
    >>> skipping = Renormalisation(mean, mean, None, 0.0, None, "float64")
    >>> out, cells = np.empty(3), np.array([1.0, 3.0, np.nan, np.nan])
    >>> skipping(cells, np.isnan(cells), None, out)
    >>> out
    array([ 2.,  3., nan])
    """

    values: Correlation
    weights: Correlation
    magnitudes: Correlation | None
    least: float
    missing: float | None
    target: str

    def __call__(
        self,
        block: Array,
        gaps: Array | None,
        shares: Array | None,
        out: Array,
        space: Workspace | None = None,
    ) -> None:
        """Write every output of a padded block.

        Parameters
        ----------
        block : ndarray
            Cells with their halo; not written to.
        gaps : ndarray of bool, optional
            Which of them are missing; None where none is.
        shares : ndarray, optional
            Cell weights, not negative, of one cell along axes that they do not depend
            on; None where all are 1.
        out : ndarray
            The outputs.
        space : Workspace, optional
            Memory for what lies between.
        """
        space = space or Workspace()
        if gaps is not None:
            gaps = self.once(gaps)
        cells, taking = self.taken(block, gaps, shares, space)
        counted = self.counted(taking, block.shape)
        outputs = self.weights.out_shape(counted.shape)
        total = self.weights(counted, space.empty("total", outputs, taking.dtype))
        size, took = self.sizes(counted, space, is_weighted=shares is not None)
        sums, numbers = out, self.values.numbers
        if out.dtype != numbers.target:
            sums = space.empty("sums", out.shape, numbers.target)
        self.values(cells, sums)
        for part in parts(sums):
            given = part_of(total, part)
            by_size = size if size is None else part_of(size, part)
            by_any = took if took is None else part_of(took, part)
            absent = self.absent(given, by_size, by_any, space)
            with np.errstate(all="ignore"):
                factor = space.empty("factor", given.shape, given.dtype)
                np.divide(self.whole, given, out=factor)
                for plane in planes(sums[part]):
                    np.multiply(plane, factor, out=plane)
            self.write(sums[part], absent, out[part], space)

    def once(self, gaps: Array) -> Array:
        """The gaps, of one cell along axes where all windows see the same.

        As land does over time: its weights are then summed once for all times.
        """
        for axis, taps in enumerate(self.weights.kernel_shape):
            first = gaps[(*(slice(None),) * axis, slice(0, 1))]
            if taps == 1 and np.array_equal(np.broadcast_to(first, gaps.shape), gaps):
                gaps = first
        return gaps

    def taken(
        self,
        block: Array,
        gaps: Array | None,
        shares: Array | None,
        space: Workspace,
    ) -> tuple[Array, Array]:
        """Cells times their weights, 0 where they take no part; and these weights."""
        cells = space.empty("cells", block.shape, self.values.numbers.compute)
        real = np.dtype(self.weights.numbers.compute)
        one = np.ones((), real).view(f"i{real.itemsize}")
        if shares is not None:
            taking = shares if gaps is None else np.where(gaps, real.type(0), shares)
            gaps = taking == 0
        else:
            assert gaps is not None, "without gaps and weights a plain sum is meant"
            taking = space.empty("taking", gaps.shape, real)
        for part in parts(cells):
            own, share = cells[part], part_of(taking, part)
            np.copyto(own, block[part], casting="unsafe")
            if shares is not None:
                with np.errstate(all="ignore"):
                    for plane in planes(own):
                        np.multiply(plane, share, out=plane)
            keep = put(own, part_of(gaps, part), 0, space)
            if shares is None:
                np.bitwise_and(keep, one, out=share.view(one.dtype))
        return cells, taking

    def counted(self, taking: Array, shape: tuple[int, ...]) -> Array:
        """What takes part, of one cell along axes where all windows see the same."""
        sides = zip(self.weights.kernel_shape, taking.shape, shape, strict=True)
        return np.broadcast_to(
            taking, [1 if taps == own == 1 else size for taps, own, size in sides]
        )

    def sizes(
        self, counted: Array, space: Workspace, *, is_weighted: bool
    ) -> tuple[Array | None, Array | None]:
        """Absolute weights that took part, and those of cells that did by however little.

        None where the first follow from the weights that took part, and the second from
        the first.
        """
        by_size = self.magnitudes or self.weights
        real = by_size.numbers.compute
        size = took = None
        if self.magnitudes is not None:
            shape = by_size.out_shape(counted.shape)
            size = by_size(counted, space.empty("size", shape, real))
        if self.least > 0 and is_weighted:
            took = np.abs(by_size((counted != 0).astype(real)))
        return size, took

    def absent(
        self, total: Array, size: Array | None, took: Array | None, space: Workspace
    ) -> Array | None:
        """Outputs of which too little takes part; None where there is none.

        Parameters
        ----------
        total : ndarray
            Weights that took part.
        size, took : ndarray, optional
            See `sizes`.
        space : Workspace
            Memory for what lies between.
        """
        found = space.empty("absent", total.shape, bool)
        most = size
        if most is None:
            most = np.abs(total, out=space.empty("most", total.shape, total.dtype))
        # below the least normal number, a quotient means nothing
        np.greater(most, np.finfo(most.dtype).tiny, out=found)
        np.logical_not(found, out=found)
        if size is not None:
            found |= np.abs(total) <= self.rounding * size
        if self.least > 0:
            least = self.least * self.whole_size / (1 + 2 * self.rounding)
            found |= (most if took is None else took) < least
        return found if found.any() else None

    def write(
        self, sums: Array, absent: Array | None, out: Array, space: Workspace
    ) -> None:
        """The sums as outputs.

        Raises
        ------
        NumberError
            If an output is missing, and nothing in its dtype can say so.
        """
        is_integer = np.dtype(self.target).kind in "biu"
        if is_integer and self.missing is None and absent is not None:
            raise NumberError(
                "dtype",
                f"missing outputs in a result of dtype {self.target}",
                "a dtype that has NaN, or data that declare a fill value",
                "choose a float dtype, or set the attribute _FillValue of the data",
            )
        if absent is not None:
            put(sums, absent, 0 if is_integer else np.nan, space)
        if sums is not out:
            out[...] = cast(sums, self.target)
        if absent is not None and is_integer:
            out[np.broadcast_to(absent, out.shape)] = self.missing

    @cached_property
    def whole(self) -> Array:
        """The sum of all weights, as the engine makes it."""
        return whole_sum(self.weights)

    @cached_property
    def whole_size(self) -> float:
        """The sum of all absolute weights, as the engine makes it."""
        return abs(float(whole_sum(self.magnitudes or self.weights)))

    @cached_property
    def rounding(self) -> float:
        """Bound of the error of the sum of absolute weights, as a share of it."""
        return rounding_of(self.magnitudes or self.weights)

    def work_bytes(self, outputs: int, cells: int) -> int:
        """Bytes that a call allocates at most, beside what the sums are made in."""
        size = np.dtype(self.values.numbers.compute).itemsize
        return cells * (3 * size + 3) + outputs * (5 * size + 4)


def whole_sum(correlation: Correlation) -> Array:
    """What a window of ones gives; an array without axes."""
    spans = [
        (taps - 1) * apart + 1
        for taps, apart in zip(
            correlation.kernel_shape, correlation.dilation, strict=True
        )
    ]
    return correlation(np.ones(spans, correlation.numbers.source)).reshape(())


def missing_cells(block: Array, declared: Iterable[float]) -> Array | None:
    """Which cells are missing: NaN, or of a declared value; None where none is.

    Examples
    --------
    >>> missing_cells(np.array([3, -1], "int8"), [-1])
    array([False,  True])
    >>> missing_cells(np.array([3.0, np.inf]), [])
    """
    found: Array | None = None
    for same in (*nan_cells(block), *declared_cells(block, declared)):
        if same.any():
            found = same if found is None else found | same
    return found


def has_missing(block: Array, declared: Iterable[float]) -> bool:
    """Whether a cell is missing; says so without an array of them all."""
    can_be_nan = block.dtype.kind in "fc" and block.size > 0
    # where one is NaN, so is the smallest
    if can_be_nan and any(math.isnan(plane.min()) for plane in planes(block)):
        return True
    return any(same.any() for same in declared_cells(block, declared))


def nan_cells(block: Array) -> Iterator[Array]:
    """Which cells are NaN, if they can be."""
    if block.dtype.kind in "fc":
        yield np.isnan(block)


def declared_cells(block: Array, declared: Iterable[float]) -> Iterator[Array]:
    """For each declared value, which cells have it."""
    for value in declared:
        same: Array = block == block.dtype.type(value)
        yield same


def parts(cells: Array) -> Iterator[tuple[Any, ...]]:
    """Parts of an array that stay in a cache while several passes go over them."""
    if not cells.ndim:
        yield ()
        return
    each = cells.nbytes // max(1, len(cells))
    step = max(1, PART // max(1, each))
    yield from ((slice(n, n + step), ...) for n in range(0, len(cells), step))


def part_of(cells: Array, part: tuple[Any, ...]) -> Array:
    """The part of cells that are the same along some axes."""
    return cells if not part or len(cells) == 1 else cells[part]


def put(cells: Array, where: Array, value: float, space: Workspace) -> Array:
    """Write a value to some cells of floats, which may be the same along some axes.

    By their bits: where cells here and there are written to, a masked write takes ten
    times as long.

    Returns
    -------
    ndarray of int
        All bits of each cell that was kept, none of the others.
    """
    parts_of_cells = planes(cells)
    kind = np.dtype(f"i{parts_of_cells[0].itemsize}")
    keep = space.empty("keep", where.shape, kind)
    np.copyto(keep, where)
    np.subtract(keep, 1, out=keep)
    for plane in parts_of_cells:
        bits = plane.view(kind)
        np.bitwise_and(bits, keep, out=bits)
        if value:
            pattern = np.full((), value, plane.dtype).view(kind)
            fill = space.empty("fill", where.shape, kind)
            np.invert(keep, out=fill)
            np.bitwise_and(fill, pattern, out=fill)
            np.bitwise_or(bits, fill, out=bits)
    return keep


def rounding_of(correlation: Correlation) -> float:
    """Bound of a sum's error, as a share of its terms' magnitudes."""
    taps = [np.count_nonzero(factor) for factor in correlation.factors]
    count = sum(taps) if correlation.engine == "separable" else math.prod(taps)
    return float((count + 6) * np.finfo(correlation.numbers.compute).eps)
