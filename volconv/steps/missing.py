"""What a user says of missing cells, and of how much each cell counts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from volconv.errors import DimError, KernelError, KindError, NumberError
from volconv.geometry import Interval
from volconv.kernels import Kernel
from volconv.meta import ArrayMeta
from volconv.steps.checks import read_real

__all__ = [
    "ArrayWeights",
    "CellWeights",
    "EvenWeights",
    "Missing",
    "check_flag",
    "check_real",
    "check_share",
    "check_sum",
    "check_weights",
    "missing_options",
    "scaled_weights",
    "usable_cell_weights",
]


class CellWeights(Protocol):
    """Weights of the cells of a step's input, read box by box."""

    @property
    def dims(self) -> tuple[str, ...]:
        """Dimensions that the weights depend on."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Cells along each of them."""

    def read(self, box: tuple[Interval, ...], /) -> NDArray[Any]:
        """Weights of a box inside; not to be written to."""

    @property
    def read_bytes(self) -> int:
        """Bytes that a read allocates at most beside what it returns."""

    def describe(self) -> Mapping[str, object]:
        """What identifies them, as JSON."""


@dataclass(frozen=True, eq=False)
class ArrayWeights:
    """Cell weights in memory.

    Parameters
    ----------
    dims : tuple of str
        One for each axis.
    values : ndarray
        The weights.
    """

    dims: tuple[str, ...]
    values: NDArray[Any]

    @property
    def shape(self) -> tuple[int, ...]:
        """Cells along each dimension."""
        return self.values.shape

    def read(self, box: tuple[Interval, ...], /) -> NDArray[Any]:
        """Weights of a box inside."""
        found: NDArray[Any] = self.values[tuple(side.slice for side in box)]
        return found

    @property
    def read_bytes(self) -> int:
        """None: a read gives a view."""
        return 0

    @cached_property
    def digest(self) -> str:
        """Of dtype and values."""
        digest = hashlib.sha256(self.values.dtype.str.encode())
        digest.update(np.ascontiguousarray(self.values).tobytes())
        return digest.hexdigest()

    def describe(self) -> Mapping[str, object]:
        """Dimensions, shape, and a digest of the values."""
        return {
            "dims": list(self.dims),
            "shape": list(self.shape),
            "sha256": self.digest,
        }


@dataclass(frozen=True)
class EvenWeights:
    """Every cell of the array has the weight one: those beside it have none."""

    dims: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()

    def read(self, box: tuple[Interval, ...], /) -> NDArray[Any]:
        """One weight, which depends on no dimension."""
        del box
        return np.ones(())

    @property
    def read_bytes(self) -> int:
        """None: one number is no array."""
        return 0

    def describe(self) -> Mapping[str, object]:
        """That they are all one."""
        return {"dims": [], "weight": 1}


@dataclass(frozen=True)
class Missing:
    """How missing cells are treated: see `volconv.correlate`.

    Parameters
    ----------
    skipna : bool
        Whether they are left out.
    min_weight : float
        Share of the kernel's absolute weight that must be there for an output.
    weights : CellWeights, optional
        How much each cell counts.
    """

    skipna: bool
    min_weight: float = 0
    weights: CellWeights | None = None


def missing_options(
    skipna: object, min_weight: object, weights: CellWeights | None
) -> Missing | None:
    """What the three keywords come to; None where missing cells spread.

    Raises
    ------
    KindError
        If one is of a wrong kind.
    NumberError
        If `min_weight` is no share, or the others leave it without effect.
    """
    leaves_out = check_flag("skipna", skipna)
    share = check_share("min_weight", min_weight)
    if leaves_out or weights is not None:
        return Missing(leaves_out, share, weights)
    if share > 0:
        raise NumberError(
            "min_weight",
            f"{share:g} while missing cells are not left out",
            "skipna or weights beside it",
            "leave them out by skipna, or leave min_weight out",
        )
    return None


def check_flag(where: str, value: object) -> bool:
    """The value, if it is a truth.

    Raises
    ------
    KindError
    """
    if not isinstance(value, bool | np.bool_):
        raise KindError(where, repr(value), "true or false")
    return bool(value)


def check_share(where: str, value: object) -> float:
    """The value, if it is a number from 0 to 1.

    Raises
    ------
    KindError, NumberError
    """
    expected = "a number from 0 to 1"
    share = read_real(where, value, expected)
    if not 0 <= share <= 1:
        raise NumberError(where, f"{share}", expected)
    return share


def check_weights(weights: CellWeights, meta: ArrayMeta) -> None:
    """Refuse cell weights that do not lie along an input's dimensions.

    Raises
    ------
    DimError
        Naming the dimension.
    """
    meta.require(weights.dims, "weights")
    for dim, size in zip(weights.dims, weights.shape, strict=True):
        if size != meta.sizes[dim]:
            raise DimError(
                f"weights along {dim!r}",
                f"{size} cells",
                f"the data's {meta.sizes[dim]}",
                "cut or extend them as the data were: weights are of the step's input",
            )


def check_real(kernel: Kernel) -> None:
    """Refuse complex weights.

    Raises
    ------
    KernelError
    """
    if any(factor.dtype.kind == "c" for factor in kernel.factors):
        raise KernelError(
            "kernel",
            "complex weights with skipna or weights",
            "real weights, which can be rescaled",
            "correlate with the real and the imaginary part one by one",
        )


def check_sum(kernel: Kernel, rounding: float) -> None:
    """Refuse a kernel that cannot be rescaled.

    Parameters
    ----------
    kernel : Kernel
        The weights.
    rounding : float
        Share of the absolute weight below which a sum is zero.

    Raises
    ------
    KernelError
        If its weights sum to zero.
    """
    total = float(np.prod([factor.sum() for factor in kernel.factors]))
    size = float(np.prod([np.abs(factor).sum() for factor in kernel.factors]))
    if abs(total) <= rounding * size:
        raise KernelError(
            "kernel",
            f"weights that sum to zero ({total:.3g}) with skipna or weights",
            "weights with a sum, by which what is there can be rescaled",
            "fill the missing cells first, such as by gaussian with skipna=True",
        )


def usable_cell_weights(values: NDArray[Any], dtype: str) -> NDArray[Any]:
    """Cell weights in a real dtype; 0 where they are missing.

    Raises
    ------
    KindError
        If they are not real numbers.
    NumberError
        If one is negative or infinite.
    """
    if values.dtype.kind not in "biuf":
        raise KindError("weights", f"dtype {values.dtype}", "real numbers or booleans")
    with np.errstate(over="ignore"):  # which is told below
        found: NDArray[Any] = values.astype(dtype)
    found[np.isnan(found)] = 0
    if found.size and not (found.min() >= 0 and np.isfinite(found.max())):
        least, most = (ends.reduce(values, None) for ends in (np.fmin, np.fmax))
        raise NumberError(
            "weights",
            f"values from {least:g} to {most:g}",
            f"finite weights of at least 0, up to {np.finfo(dtype).max:.2g}",
            "leave a cell out by a weight of 0",
        )
    return found


def scaled_weights(values: NDArray[Any]) -> NDArray[Any]:
    """A copy of cell weights, of which the largest is near 1 where they are floats.

    Times a power of two, which changes no bit of a result: that is rescaled by their sum.
    Only sums of them stay within the range of the arithmetic. What is lazy is of the
    weights as they are now.

    Raises
    ------
    KindError, NumberError
        As for `usable_cell_weights`.
    """
    usable = usable_cell_weights(values, "float64")
    if values.dtype.kind != "f" or not usable.any():
        return values.copy()
    _, exponent = np.frexp(usable.max())
    return np.asarray(np.ldexp(usable, -exponent))
