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
        real = self.weights.numbers.compute
        taking = taking_part(gaps, shares, real, space)
        counted = self.counted(taking, block.shape)
        outputs = self.weights.out_shape(counted.shape)
        total = self.weights(counted, space.empty("total", outputs, real))
        absent = self.absent(total, counted, space, is_weighted=shares is not None)
        sums, numbers = out, self.values.numbers
        if out.dtype != numbers.target:
            sums = space.empty("sums", out.shape, numbers.target)
        self.values(self.filled(block, taking, gaps, shares, space), sums)
        with np.errstate(all="ignore"):
            factor = np.divide(self.whole, total, out=total)
            for plane in planes(sums):
                np.multiply(plane, factor, out=plane)
        self.write(sums, absent, out, space)

    def once(self, gaps: Array) -> Array:
        """The gaps, of one cell along axes where all windows see the same.

        As land does over time: its weights are then summed once for all times.
        """
        for axis, taps in enumerate(self.weights.kernel_shape):
            first = gaps[(*(slice(None),) * axis, slice(0, 1))]
            if taps == 1 and np.array_equal(np.broadcast_to(first, gaps.shape), gaps):
                gaps = first
        return gaps

    def filled(
        self,
        block: Array,
        taking: Array,
        gaps: Array | None,
        shares: Array | None,
        space: Workspace,
    ) -> Array:
        """Cells times their weights, 0 where they take no part."""
        cells = space.empty("cells", block.shape, self.values.numbers.compute)
        np.copyto(cells, block, casting="unsafe")
        if shares is not None:
            gaps = taking == 0
            with np.errstate(all="ignore"):
                for plane in planes(cells):
                    np.multiply(plane, taking, out=plane)
        if gaps is not None:
            put(cells, gaps, 0, space)
        return cells

    def counted(self, taking: Array, shape: tuple[int, ...]) -> Array:
        """What takes part, of one cell along axes where all windows see the same."""
        sides = zip(self.weights.kernel_shape, taking.shape, shape, strict=True)
        return np.broadcast_to(
            taking, [1 if taps == own == 1 else size for taps, own, size in sides]
        )

    def absent(
        self, total: Array, counted: Array, space: Workspace, *, is_weighted: bool
    ) -> Array | None:
        """Outputs of which too little takes part; None where there is none.

        Parameters
        ----------
        total : ndarray
            Weights that took part.
        counted : ndarray
            What takes part of each cell.
        space : Workspace
            Memory for what lies between.
        is_weighted : bool
            Whether cells take part by more or less.
        """
        by_size = self.magnitudes or self.weights
        rounding = rounding_of(by_size)
        size: Array = space.empty("size", total.shape, total.dtype)
        if self.magnitudes is None:
            np.abs(total, out=size)
        else:
            by_size(counted, size)
        found = space.empty("absent", total.shape, bool)
        # below the least normal number, a quotient means nothing
        np.greater(size, np.finfo(size.dtype).tiny, out=found)
        np.logical_not(found, out=found)
        if self.magnitudes is not None:
            found |= np.abs(total) <= rounding * size
        if self.least > 0:
            if is_weighted:
                size = np.abs(by_size((counted != 0).astype(size.dtype)))
            found |= size < self.least * self.whole_size / (1 + 2 * rounding)
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


def taking_part(
    gaps: Array | None, shares: Array | None, real: str, space: Workspace
) -> Array:
    """What takes part of each cell: its weight, 0 where it is missing."""
    if shares is None:
        assert gaps is not None, "without gaps and weights a plain sum is the result"
        taking = space.empty("taking", gaps.shape, real)
        np.copyto(taking, gaps)
        np.subtract(1, taking, out=taking)
        return taking
    return shares if gaps is None else np.where(gaps, np.dtype(real).type(0), shares)


def put(cells: Array, where: Array, value: float, space: Workspace) -> None:
    """Write a value to some cells of floats, which may be the same along some axes.

    By their bits: where cells here and there are written to, a masked write takes ten
    times as long.
    """
    for plane in planes(cells):
        bits = plane.view(f"i{plane.itemsize}")
        keep = space.empty("keep", where.shape, bits.dtype)
        np.copyto(keep, where)
        np.subtract(keep, 1, out=keep)  # no bit where the value goes, else all
        np.bitwise_and(bits, keep, out=bits)
        if value:
            pattern = np.full((), value, plane.dtype).view(bits.dtype)
            np.invert(keep, out=keep)
            np.bitwise_and(keep, pattern, out=keep)
            np.bitwise_or(bits, keep, out=bits)


def rounding_of(correlation: Correlation) -> float:
    """Bound of a sum's error, as a share of its terms' magnitudes."""
    taps = [np.count_nonzero(factor) for factor in correlation.factors]
    count = sum(taps) if correlation.engine == "separable" else math.prod(taps)
    return float((count + 6) * np.finfo(correlation.numbers.compute).eps)
