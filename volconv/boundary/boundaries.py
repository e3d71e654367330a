"""The boundary of each dimension, as a user writes it and as the block fill reads it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from volconv.boundary.rules import KINDS, OTHER_NAMES
from volconv.errors import BoundaryError, KindError, did_you_mean
from volconv.geometry.by_dim import per_dim

__all__ = ["Boundaries", "BoundaryLike"]

BoundaryLike = str | Mapping[str, str]


@dataclass(frozen=True)
class Boundaries:
    """What padded cells hold, for each dimension of a step.

    Parameters
    ----------
    kinds : tuple of pairs (str, str)
        Dimension and one of `KINDS`.
    fill_value : bool, int, float or complex
        What cells beyond a ``constant`` edge hold.
    """

    kinds: tuple[tuple[str, str], ...]
    fill_value: complex = 0

    @classmethod
    def parse(
        cls,
        dims: Sequence[str],
        boundary: BoundaryLike | None,
        fill_value: object,
        default: str,
    ) -> Self:
        """Boundaries from what a user wrote.

        Parameters
        ----------
        dims : sequence of str
            The dimensions that have a window.
        boundary : str, or mapping of str to str, optional
            One kind for all, or by name.
        fill_value : number
            For ``constant``.
        default : str
            The kind of dimensions that a mapping leaves out.

        Raises
        ------
        BoundaryError
            If a kind is unknown.
        DimError
            If a dimension is not among `dims`.
        """
        given = default if boundary is None else boundary
        kinds = per_dim("boundary", given, dims, dims, default)
        for dim, kind in kinds.items():
            check_kind(f"boundary along {dim!r}", kind)
        return cls(
            tuple((dim, str(kind)) for dim, kind in kinds.items()),
            plain_number("fill_value", fill_value),
        )

    def __getitem__(self, dim: str) -> str:
        """The kind along a dimension; ``constant`` where none is listed."""
        return dict(self.kinds).get(dim, "constant")

    def check_fill(self, dtype: str) -> None:
        """Refuse a fill value that cells of a dtype cannot hold.

        Raises
        ------
        BoundaryError
            For NaN, inf, a fraction or a number out of range among integers, for a
            complex number among real ones, and for a finite number out of range.
        """
        kind = np.dtype(dtype).kind
        value = self.fill_value
        if kind in "biu":
            limits = np.iinfo(dtype) if kind in "iu" else np.iinfo("uint8")
            low, high = (limits.min, limits.max) if kind != "b" else (0, 1)
            if is_whole(value) and low <= value.real <= high:
                return
            raise BoundaryError(
                "fill_value",
                f"{value} for {dtype} data",
                f"a whole number from {low} to {high}",
                "cast the data to a float dtype first, or use another fill_value",
            )
        if kind == "f" and value.imag != 0:
            raise BoundaryError(
                "fill_value", f"{value} for {dtype} data", "a real number"
            )
        parts = (value.real, value.imag)
        largest = float(np.finfo(dtype).max)
        if any(abs(part) > largest and not is_infinite(part) for part in parts):
            raise BoundaryError(
                "fill_value",
                f"{value} for {dtype} data",
                f"a number up to {largest:.4g}, or an infinite one",
            )


def check_kind(where: str, kind: object) -> None:
    """Refuse an unknown boundary, naming ours for a name of another library's.

    Raises
    ------
    BoundaryError
    """
    if isinstance(kind, str) and kind in KINDS:
        return
    name = str(kind).lower()
    if name in OTHER_NAMES:
        fix = f"{name} elsewhere is {OTHER_NAMES[name]!r} here"
    else:
        fix = did_you_mean(name, KINDS)
    raise BoundaryError(where, repr(kind), ", ".join(KINDS), fix)


def plain_number(where: str, value: object) -> complex:
    """The value as a Python number.

    Raises
    ------
    KindError
        If it is not one number.
    """
    if isinstance(value, np.generic | np.ndarray) and np.ndim(value) == 0:
        value = value.item()
    if isinstance(value, (bool, int, float, complex)):
        return value
    raise KindError(where, repr(value), "one number")


def is_whole(value: complex) -> bool:
    """Whether it is a finite real number without a fraction."""
    return value.imag == 0 and math.isfinite(value.real) and value.real % 1 == 0


def is_infinite(value: object) -> bool:
    """Whether a number, perhaps an integer beyond every float, is infinite."""
    return isinstance(value, float) and math.isinf(value)
