"""The kernel: weights along named dimensions."""

from __future__ import annotations

import cmath
import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from typing import Any, Self, TypeGuard

import numpy as np
from numpy.typing import NDArray

from volconv.errors import DimError, KernelError, KindError
from volconv.kernels.notes import LengthNote

__all__ = ["Kernel", "Weights", "as_names", "usable_weights"]

Weights = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Kernel:
    """Weights of a cross-correlation, with the dimensions that they lie along.

    Parameters
    ----------
    dims : tuple of str
        One name for each axis of the weights.
    factors : tuple of ndarray
        Arrays whose outer product the weights are: one 1-D array for each dimension
        where the kernel is separable by construction, else the weights alone.
    lengths : tuple of LengthNote
        What lengths that it was made from became in cells: for people, and no part of
        what tells it from another kernel.

    Examples
    --------
    >>> kernel = Kernel.parse(
    ...     [[0, 1, 0], [1, -4, 1], [0, 1, 0]], ("y", "x"), ("y", "x")
    ... )
    >>> kernel.sizes, kernel.is_separable
    ({'y': 3, 'x': 3}, False)
    """

    dims: tuple[str, ...]
    factors: tuple[Weights, ...]
    lengths: tuple[LengthNote, ...] = ()

    @classmethod
    def parse(
        cls, kernel: object, dims: Sequence[str] | str | None, array_dims: Sequence[str]
    ) -> Self:
        """A kernel from what a user gave.

        Parameters
        ----------
        kernel : array_like or DataArray
            The weights. A DataArray's dims say where it goes.
        dims : sequence of str, optional
            Dimensions of the weights, in the order of their axes; by default all of
            the array's, where there are as many.
        array_dims : sequence of str
            Dimensions of the array that the kernel goes over.

        Raises
        ------
        KernelError
            If it is empty, has NaN or inf, or has not as many axes as `dims`.
        DimError
            If a dimension is repeated, or names are missing.
        KindError
            If its values are not numbers.
        """
        own = getattr(kernel, "dims", None)
        weights = usable_weights(getattr(kernel, "values", kernel))
        if own is None:
            names = kernel_dims(weights, dims, array_dims)
        else:
            names = tuple(str(dim) for dim in own)
            given = names if dims is None else as_names(dims)
            if sorted(given) != sorted(names):
                raise DimError(
                    "dims",
                    str(list(given)),
                    f"the kernel's own {list(names)}",
                    "leave dims out: a DataArray says itself where it goes",
                )
        repeated = sorted({dim for dim in names if names.count(dim) > 1})
        if repeated:
            raise DimError("kernel dims", str(list(names)), "each dimension once")
        return cls(names, (weights,))

    @property
    def weights(self) -> Weights:
        """The weights, one axis for each dimension."""
        if not self.is_separable:
            return self.factors[0]
        return reduce(np.multiply.outer, self.factors)

    @property
    def is_separable(self) -> bool:
        """Whether it is known as one factor for each of several dimensions."""
        return len(self.factors) > 1

    @property
    def sizes(self) -> dict[str, int]:
        """Taps along each dimension."""
        shape = (
            [factor.size for factor in self.factors]
            if self.is_separable
            else self.factors[0].shape
        )
        return dict(zip(self.dims, shape, strict=True))

    @cached_property
    def statistic(self) -> str:
        """``mean`` or ``sum`` of the cells under it; empty where it is neither.

        Examples
        --------
        >>> Kernel(("x",), (np.full(4, 0.25),)).statistic
        'mean'
        """
        if any((factor != factor.flat[0]).any() for factor in self.factors):
            return ""
        weight = math.prod(complex(factor.flat[0]) for factor in self.factors)
        taps = math.prod(factor.size for factor in self.factors)
        if cmath.isclose(weight * taps, 1):
            return "mean"
        return "sum" if cmath.isclose(weight, 1) else ""

    def flipped(self) -> Self:
        """The kernel reversed along every dimension, as convolution takes it."""
        return replace(self, factors=tuple(np.flip(factor) for factor in self.factors))

    def as_type(self, dtype: np.dtype[Any]) -> Self:
        """The kernel with weights of another dtype."""
        return type(self)(
            self.dims,
            tuple(factor.astype(dtype, copy=False) for factor in self.factors),
        )

    def along(self, dims: Sequence[str]) -> tuple[Weights, ...]:
        """The factors with one axis for each of an array's dimensions, in its order."""
        order = [self.dims.index(dim) for dim in dims if dim in self.dims]
        if self.is_separable:
            return tuple(
                self.factors[i].reshape(
                    [-1 if dim == self.dims[i] else 1 for dim in dims]
                )
                for i in order
            )
        weights = self.factors[0].transpose(order)
        return (
            np.expand_dims(
                weights, tuple(i for i, dim in enumerate(dims) if dim not in self.dims)
            ),
        )

    @cached_property
    def digest(self) -> str:
        """Of shapes, dtypes and weights."""
        digest = hashlib.sha256()
        for factor in map(np.ascontiguousarray, self.factors):
            digest.update(str((factor.shape, factor.dtype.str)).encode())
            digest.update(factor.tobytes())
        return digest.hexdigest()

    def describe(self) -> dict[str, object]:
        """What identifies it: dims, shape, dtype, and a digest.

        The weights themselves are listed where they are few.
        """
        found: dict[str, object] = {
            "dims": list(self.dims),
            "size": self.sizes,
            "sha256": self.digest,
        }
        few = sum(factor.size for factor in self.factors) <= 64  # arbitrary: one screen
        if few and all(factor.dtype.kind != "c" for factor in self.factors):
            key = "factors" if self.is_separable else "weights"
            lists = [factor.tolist() for factor in self.factors]
            found[key] = lists if self.is_separable else lists[0]
        return found


def as_names(dims: object) -> tuple[str, ...]:
    """The dims as a tuple, a single name too.

    Raises
    ------
    KindError
        If they are neither a name nor several.
    """
    if isinstance(dims, str):
        return (dims,)
    if not are_several(dims) or isinstance(dims, Mapping):
        raise KindError("dims", repr(dims), "a name, or a list of names")
    return tuple(str(dim) for dim in dims)


def are_several(values: object) -> TypeGuard[Iterable[Any]]:
    """Whether they can be looked at one by one; an array of no dimension cannot."""
    return isinstance(values, Iterable) and getattr(values, "ndim", 1) > 0


def kernel_dims(
    weights: Weights, dims: Sequence[str] | str | None, array_dims: Sequence[str]
) -> tuple[str, ...]:
    """The dims of an array of weights that has no names of its own."""
    if dims is None:
        if weights.ndim != len(array_dims):
            raise DimError(
                "dims",
                f"none for a kernel of {weights.ndim} axes over {list(array_dims)}",
                "one dimension for each axis of the kernel",
                f"say dims={list(array_dims)[-weights.ndim :]}, or pass a DataArray",
            )
        return tuple(array_dims)
    names = as_names(dims)
    if len(names) != weights.ndim:
        raise KernelError(
            "kernel",
            f"{weights.ndim} axes for dims {list(names)}",
            "as many axes as dims",
        )
    return names


def usable_weights(values: object) -> Weights:
    """The values as an array of int64, float64 or complex128, read-only.

    Raises
    ------
    KernelError
        If there is no tap, or NaN or inf among them.
    KindError
        If they are not numbers.
    """
    # without a mask it is none, and numpy.ma takes longer to import than all else here
    if hasattr(values, "mask") and np.ma.is_masked(values):
        raise KindError(
            "kernel",
            "a masked array",
            "a weight for each tap",
            "fill it: .filled(0) leaves the masked ones out",
        )
    try:
        weights = np.asarray(values)
    except ValueError:
        raise KindError("kernel", "rows of unequal length", "an array") from None
    if (
        weights.dtype.kind not in "biufc"
        or weights.dtype.itemsize > 16
        or (weights.dtype.kind == "f" and weights.dtype.itemsize > 8)
    ):
        raise KindError(
            "kernel",
            f"dtype {weights.dtype}",
            "integers from -2**63 to 2**63 - 1, floats or complex numbers",
        )
    if weights.ndim == 0 or weights.size == 0:
        raise KernelError(
            "kernel", f"shape {weights.shape}", "at least one axis and one tap"
        )
    if not np.isfinite(weights).all():
        raise KernelError("kernel", "NaN or inf among its weights", "finite weights")
    if weights.dtype == np.uint64 and weights.max() > np.iinfo(np.int64).max:
        raise KernelError("kernel", "a weight above 2**63 - 1", "weights below it")
    wide = {"b": "int64", "i": "int64", "u": "int64", "f": "float64", "c": "complex128"}
    weights = weights.astype(wide[weights.dtype.kind])
    weights.setflags(write=False)
    return weights
