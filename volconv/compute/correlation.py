"""One block's cross-correlation: a padded block in, its outputs out.

An engine is a module with ``prepare(weights, stride, dilation, source_dtype,
compute_dtype)`` that returns a callable ``(block, out)``. The callable writes each cell
of `out`, in the arithmetic's dtype, from a block that already has its halo. All of them
leave out taps whose weight is zero, and start each sum at +0.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from volconv.compute import exact, reference
from volconv.compute.compiled.direct import engine as direct
from volconv.compute.compiled.programs import correlator as compiled
from volconv.compute.compiled.programs.edges import Edges
from volconv.compute.compiled.programs.program import aligned_empty
from volconv.compute.numbers import Numbers, cast
from volconv.compute.shapes import out_shape
from volconv.errors import NumberError

__all__ = ["Correlation"]

Array = NDArray[Any]
Correlator = Callable[[Array, Array], None]


@dataclass(frozen=True, eq=False)
class Correlation:
    """Cross-correlation of blocks with one kernel.

    Parameters
    ----------
    factors : tuple of ndarray
        The weights, or the factors whose product they are; each with one axis for each
        axis of a block.
    stride, dilation : tuple of int
        One for each axis of a block.
    numbers : Numbers
        dtypes of a block, of the arithmetic, and of the outputs.
    engine : str
        ``direct``, ``separable``, ``fft`` or ``reference``.

    Examples
    --------
    >>> numbers = Numbers("float32", "float32", "float32")
    >>> halve = Correlation((np.array([0.5, 0.5]),), (2,), (1,), numbers, "direct")
    >>> halve(np.arange(6, dtype="float32"))
    array([0.5, 2.5, 4.5], dtype=float32)
    """

    factors: tuple[Array, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    numbers: Numbers
    engine: str

    @cached_property
    def kernel_shape(self) -> tuple[int, ...]:
        """Taps along each axis."""
        shapes = [factor.shape for factor in self.factors]
        return tuple(max(sizes) for sizes in zip(*shapes, strict=True))

    @cached_property
    def compute(self) -> np.dtype[Any]:
        """Dtype of the arithmetic."""
        return np.dtype(self.numbers.compute)

    def __call__(self, block: Array, out: Array | None = None) -> Array:
        """Outputs of a padded block.

        Parameters
        ----------
        block : ndarray, dtype ``numbers.source``
            Cells with their halo; not written to.
        out : ndarray, dtype ``numbers.target``, optional
            Where the outputs go; by default into a new array.

        Returns
        -------
        ndarray, dtype ``numbers.target``
            `out` where it is given.

        Raises
        ------
        NumberError
            If an integer sum goes beyond 64 bits, or a NaN is to become an integer.
        """
        compute = self.compute
        is_direct = self.numbers.compute == self.numbers.target
        if out is not None and is_direct:
            sums = out
        else:
            sums = aligned_empty(self.out_shape(block.shape), compute)
        if compute.kind == "c":
            self.correlate_complex(block, sums)
        else:
            if compute.kind == "i" and compute.itemsize == 8:
                self.check_sums(block)
            self.correlate_real(0, block, sums)
        if is_direct:
            return sums
        values = cast(sums, self.numbers.target)
        if out is None:
            return values
        out[...] = values
        return out

    def out_shape(self, block: Sequence[int]) -> tuple[int, ...]:
        """Outputs of a padded block of a shape."""
        return out_shape(block, self.kernel_shape, self.stride, self.dilation)

    def padding(self, cells: Array, out: Array, edges: Edges) -> bool:
        """Outputs of cells that are padded on the way, where the engine can do so.

        Parameters
        ----------
        cells : ndarray, dtype ``numbers.source``
            The input without its halo; not written to.
        out : ndarray, dtype ``numbers.target``
            Where the outputs go.
        edges : Edges
            What the padded block would hold.

        Returns
        -------
        bool
            False if nothing was written: the block is then to be padded first.
        """
        if self.compute.kind != "f" or self.numbers.compute != self.numbers.target:
            return False
        correlator = self.correlator(0, cells, out)
        if not isinstance(correlator, compiled.Correlator):
            return False
        return correlator.padding(cells, out, edges)

    @cached_property
    def parts(self) -> tuple[tuple[Array, ...], ...]:
        """The factors of real weights; of complex ones the real and imaginary part."""
        if all(factor.dtype.kind != "c" for factor in self.factors):
            return (self.factors,)
        whole: Array = reduce(np.multiply, self.factors)
        return (whole.real,), (whole.imag,)

    def correlate_real(self, part: int, block: Array, out: Array) -> None:
        """Write the outputs of a real block under one part of the weights."""
        self.correlator(part, block, out)(block, out)

    def correlator(self, part: int, block: Array, out: Array) -> Correlator:
        """What the engine has prepared for blocks and outputs of such dtypes."""
        key = (part, block.dtype, out.dtype)
        correlator = self.prepared.get(key)
        if correlator is None:
            correlator = self.prepare(self.parts[part], block.dtype, out.dtype.name)
            self.prepared[key] = correlator
        return correlator

    @cached_property
    def prepared(self) -> dict[Hashable, Correlator]:
        """What the engine has prepared for each dtype of blocks, in this process."""
        return {}

    def __getstate__(self) -> dict[str, Any]:
        """All but what is prepared, which each process does for itself."""
        return {key: v for key, v in self.__dict__.items() if key != "prepared"}

    def prepare(
        self, factors: tuple[Array, ...], source: np.dtype[Any], compute: str
    ) -> Correlator:
        """The engine's callable."""
        window = (self.stride, self.dilation, source, compute)
        weights: Array = reduce(np.multiply, factors)
        if self.engine == "reference":
            return reference.prepare(weights, *window)
        if np.dtype(compute).kind != "f":
            return exact.prepare(weights, *window)
        # engines are imported when they are asked for: each is some ten modules
        if self.engine == "separable":
            from volconv.compute.compiled.separable import engine as separable

            return separable.prepare(by_axis(factors), *window)
        if self.engine == "fft":
            from volconv.compute import fft

            return fft.prepare(weights, *window)
        return direct.prepare(weights, *window)

    def correlate_complex(self, block: Array, out: Array) -> None:
        """Write complex outputs from real and imaginary planes, not conjugated.

        Real arithmetic on planes gives each output the same bits wherever it lies in a
        block; the complex multiplication of NumPy's vector loops and of their tails
        need not round alike. A part that is absent takes no part.
        """
        real = np.dtype(out.real.dtype)
        planes = [block.real, block.imag] if block.dtype.kind == "c" else [block]
        sums = [np.zeros(out.shape, dtype=real), np.zeros(out.shape, dtype=real)]
        for part in range(len(self.parts)):
            for plane, cells in enumerate(planes):
                product = np.empty(out.shape, dtype=real)
                self.correlate_real(part, cells, product)
                into = sums[(part + plane) % 2]
                with np.errstate(all="ignore"):
                    if part == plane == 1:
                        np.subtract(into, product, out=into)
                    else:
                        np.add(into, product, out=into)
        out.real, out.imag = sums

    def check_sums(self, block: Array) -> None:
        """Refuse a block in which an integer sum goes beyond 64 bits.

        Raises
        ------
        NumberError
            If for an output ``Σ |w| |x|`` reaches 2**63: the same for every block that
            holds the output's window.
        """
        weights = np.abs(reduce(np.multiply, self.factors).astype(float))
        limit = 2.0**63 * (1 - 2.0**-30)  # below 2**63 by more than float rounding
        largest = max((abs(float(block.max())), abs(float(block.min()))), default=0.0)
        if largest * weights.sum() < limit:
            return
        shape = self.out_shape(block.shape)
        sums = np.empty(shape)
        correlator = exact.prepare(
            weights, self.stride, self.dilation, np.dtype(float), "float64"
        )
        correlator(np.abs(block.astype(float)), sums)
        if (sums >= limit).any():
            raise NumberError(
                "the data",
                f"{block.dtype} values whose weighted sums may exceed 64 bits",
                "sums that an int64 holds",
                "choose dtype='float64'",
            )


def by_axis(factors: tuple[Array, ...]) -> list[Array | None]:
    """The factors in the order of the axes, one-dimensional; None where there is none.

    A factor of one weight is a scale: it goes into the first of the others.
    """
    found: list[Array | None] = [None] * factors[0].ndim
    scale = 1.0
    for factor in factors:
        axis = next((i for i, size in enumerate(factor.shape) if size > 1), None)
        if axis is None:
            scale *= factor.item()
        else:
            found[axis] = factor.ravel()
    if scale != 1:
        axis = next((i for i, factor in enumerate(found) if factor is not None), 0)
        one = found[axis]
        found[axis] = scale * (np.ones(1) if one is None else one)
    return found
