"""The step of a kernel over the cells that take part: see `volconv.compute.missing`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.boundary import Boundaries, fill_block
from volconv.compute import Correlation, Edges, Numbers, aligned_empty
from volconv.compute.missing import (
    Renormalisation,
    has_missing,
    missing_cells,
    rounding_of,
)
from volconv.compute.pointwise import number_text
from volconv.compute.windows import cells_under
from volconv.compute.workspace import workspace
from volconv.geometry import Geometry, Interval, Window
from volconv.kernels import Kernel, LengthNote
from volconv.meta import ArrayMeta
from volconv.steps.in_memory import SLAB_BYTES
from volconv.steps.missing import (
    Missing,
    check_real,
    check_sum,
    check_weights,
    usable_cell_weights,
)
from volconv.steps.options import WindowOptions
from volconv.steps.slabs import slabs
from volconv.steps.step import source_intervals
from volconv.steps.window import WindowStep, window_step

__all__ = ["KernelStep", "RenormalisedStep", "kernel_step"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class RenormalisedStep:
    """A kernel over the cells that take part, resolved for one input: see `Step`.

    Parameters
    ----------
    plain : WindowStep
        The same kernel where every cell takes part.
    missing : Missing
        What the user says of missing cells.
    arithmetic : Renormalisation
        The sums of a block with missing cells or cell weights.
    target : ArrayMeta
        The output.
    shares : ndarray, optional
        Cell weights of the block that is to be computed, padded as it is: see `of_box`.
    """

    plain: WindowStep
    missing: Missing
    arithmetic: Renormalisation
    target: ArrayMeta
    shares: Array | None = None

    @property
    def name(self) -> str:
        """The step's name."""
        return self.plain.name

    @property
    def geometry(self) -> Geometry:
        """Windows that its outputs are computed from."""
        return self.plain.geometry

    @property
    def boundaries(self) -> Boundaries:
        """What its padded cells hold."""
        return self.plain.boundaries

    @property
    def source(self) -> ArrayMeta:
        """Its input."""
        return self.plain.source

    @property
    def unit_factor(self) -> str | None:
        """What the values' unit is multiplied by: see `BlockStep`."""
        return self.plain.unit_factor

    @property
    def cell_method(self) -> str:
        """The statistic of its windows that it is: see `BlockStep`."""
        return self.plain.cell_method

    @property
    def lengths(self) -> tuple[LengthNote, ...]:
        """What lengths became in cells."""
        return self.plain.lengths

    def of_box(self, box: Sequence[Interval]) -> RenormalisedStep:
        """The step with the cell weights under a box: see `VaryingStep`."""
        weights = self.missing.weights
        if weights is None:
            return self
        dims, real = self.source.dims, self.arithmetic.weights.numbers.compute
        sides = source_intervals(self, tuple(box))
        whole = [Interval(0, size) for size in self.source.shape]
        if not weights.dims and all(map(Interval.contains, whole, sides)):
            return self  # no cell is padded, all count the same
        wanted = dict(zip(dims, sides, strict=True))
        shares: Array = fill_block(
            lambda inner: usable_cell_weights(weights.read(inner), real),
            [wanted[dim] for dim in weights.dims],
            weights.shape,
            [self.boundaries[dim] for dim in weights.dims],
            0,  # beyond a constant edge nothing has a weight
            real,
        )
        order = [weights.dims.index(dim) for dim in dims if dim in weights.dims]
        absent = [axis for axis, dim in enumerate(dims) if dim not in weights.dims]
        shares = np.expand_dims(shares.transpose(order), absent)
        for axis in absent:
            inside = Interval(0, self.source.shape[axis])
            side = wanted[dims[axis]]
            if self.boundaries[dims[axis]] == "constant" and not inside.contains(side):
                cells = np.arange(side.start, side.stop)
                is_inside = (cells >= 0) & (cells < inside.stop)
                shares = shares * is_inside.reshape(
                    [-1 if other == axis else 1 for other in range(len(dims))]
                )
        return replace(self, shares=shares)

    def compute(self, block: Array, out: Array | None = None) -> Array:
        """Outputs of a block that has its halo: see `Step.compute`."""
        if out is None:
            shape = self.plain.out_shape(block.shape)
            out = aligned_empty(shape, np.dtype(self.target.dtype))
        gaps, shares = self.gaps(block), self.shares
        if gaps is None and shares is None:
            return self.plain.compute(block, out)
        windows = tuple(
            replace(self.geometry[dim], padding=(0, 0)) for dim in self.source.dims
        )
        whole = tuple(Interval(0, size) for size in out.shape)
        space = workspace()
        for part in slabs(self.plain, whole, SLAB_BYTES):
            outputs = tuple(side.slice for side in part)
            cells = cells_under(block, windows, outputs)
            holes = None if gaps is None else cells_under(gaps, windows, outputs)
            counts = None if shares is None else shares_under(shares, windows, outputs)
            where: tuple[Any, ...] = (*outputs, ...)  # a view, even without axes
            if counts is None and holes is not None and not holes.any():
                self.plain.compute(cells, out[where])
            else:
                self.arithmetic(cells, holes, counts, out[where], space)
        return out

    def gaps(self, cells: Array) -> Array | None:
        """Which cells are left out; None where none is."""
        if not self.missing.skipna:
            return None
        return missing_cells(cells, self.source.missing)

    def padding(self, cells: Array, out: Array, edges: Edges) -> bool:
        """Outputs of cells that are padded on the way: see `Step.padding`."""
        if self.missing.weights is not None:
            return False
        fill = np.frombuffer(edges.fill, cells.dtype)
        declared = self.source.missing
        if has_missing(fill, declared) or has_missing(cells, declared):
            return False
        return self.plain.padding(cells, out, edges)

    def work_bytes(self, outputs: int, cells: int) -> int:
        """Bytes that `compute` allocates at most: see `Step.work_bytes`."""
        work = self.plain.work_bytes(outputs, cells)
        work += self.arithmetic.work_bytes(outputs, cells)
        if self.missing.weights is not None:
            work += 16 * cells + self.missing.weights.read_bytes
        return work

    @property
    def is_tiled(self) -> bool:
        """Whether it transforms tiles: see `Step.is_tiled`."""
        return self.plain.is_tiled

    @property
    def cell_cost(self) -> float:
        """Nanoseconds of one output cell, about: of two sums."""
        return 2 * self.plain.cell_cost

    def describe(self) -> dict[str, object]:
        """All that decides its result, as JSON."""
        weights = self.missing.weights
        return {
            **self.plain.describe(),
            "skipna": self.missing.skipna,
            "min_weight": self.missing.min_weight,
            "weights": None if weights is None else dict(weights.describe()),
            "missing": [number_text(value) for value in self.source.missing],
        }

    def engine_note(self) -> str:
        """The engine and why."""
        missing = self.missing
        asked = {"missing cells left out": missing.skipna}
        asked["cells weighted"] = missing.weights is not None
        said = ", ".join(what for what, is_asked in asked.items() if is_asked)
        return f"{self.plain.engine_note()}; {said}"


KernelStep = WindowStep | RenormalisedStep


def kernel_step(
    name: str, meta: ArrayMeta, kernel: Kernel, options: WindowOptions
) -> KernelStep:
    """The resolved step of a kernel over an array, missing cells as the options say.

    Parameters
    ----------
    name, meta, kernel, options
        As in `window_step`.

    Raises
    ------
    KernelError
        If the kernel's weights sum to zero, and cells are to be left out.
    VolconvError
        As `window_step`.
    """
    missing = options.missing
    if missing is None:
        return window_step(name, meta, kernel, options)
    if missing.weights is not None:
        check_weights(missing.weights, meta)
    check_real(kernel)
    # in floats: a share of what is there is no whole number
    factors = tuple(factor.astype(float) for factor in kernel.factors)
    plain = window_step(name, meta, replace(kernel, factors=factors), options)
    compute = plain.numbers.compute
    real = np.empty(0, compute).real.dtype.name
    values = sums_of(plain, compute)
    weights = values if real == compute else sums_of(plain, real)
    check_sum(kernel, rounding_of(weights))
    magnitudes = None
    if any(factor.min() < 0 < factor.max() for factor in values.factors):
        sizes = tuple(np.abs(factor) for factor in values.factors)
        magnitudes = replace(weights, factors=sizes)
    fill = kept_fill(meta.missing, plain.target.dtype)
    target = plain.target
    if fill is not None:
        target = replace(target, missing=(fill,))
    arithmetic = Renormalisation(
        values, weights, magnitudes, missing.min_weight, fill, target.dtype
    )
    return RenormalisedStep(plain, missing, arithmetic, target)


def sums_of(plain: WindowStep, dtype: str) -> Correlation:
    """The step's sums in one dtype throughout, by an engine that sums."""
    own = plain.correlation
    # a transform's error goes by the whole sum, of which little may be there
    sums = "separable" if len(own.factors) > 1 else "direct"
    engine = sums if own.engine == "fft" else own.engine
    numbers = Numbers(dtype, dtype, dtype)
    if (numbers, engine) == (own.numbers, own.engine):
        return own
    return replace(own, numbers=numbers, engine=engine)


def kept_fill(declared: Sequence[float], dtype: str) -> int | None:
    """The first declared value that an integer dtype holds; None for other dtypes."""
    if np.dtype(dtype).kind not in "iu":
        return None
    limits = np.iinfo(dtype)
    held = (value for value in declared if limits.min <= value <= limits.max)
    return next((int(value) for value in held if value == int(value)), None)


def shares_under(
    shares: Array, windows: Sequence[Window], outputs: tuple[slice, ...]
) -> Array:
    """Cell weights under a part of the outputs; axes of one cell stay."""
    sides = [
        slice(0, 1) if size == 1 else side
        for size, side in zip(shares.shape, outputs, strict=True)
    ]
    own = [
        Window(1) if size == 1 else window
        for size, window in zip(shares.shape, windows, strict=True)
    ]
    return cells_under(shares, own, sides)
