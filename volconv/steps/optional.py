"""What a step may say of itself beside what `Step` asks, and what else is taken for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from numpy.typing import NDArray

from volconv.kernels import LengthNote
from volconv.steps.step import Step

__all__ = [
    "cell_method_of",
    "compiles_of",
    "labels_of",
    "lengths_of",
    "unit_factor_of",
    "weight_bytes_of",
]


def unit_factor_of(step: Step) -> str | None:
    """What the unit is multiplied by: empty where it stays, None where it is lost."""
    return cast("str | None", getattr(step, "unit_factor", ""))


def cell_method_of(step: Step) -> str:
    """The statistic of its windows that it is, as CF names it; empty for none."""
    return cast("str", getattr(step, "cell_method", ""))


def compiles_of(step: Step) -> bool:
    """Whether it has code compiled; what does not say so may."""
    return cast("bool", getattr(step, "compiles", True))


def lengths_of(step: Step) -> tuple[LengthNote, ...]:
    """What lengths became in cells."""
    return cast("tuple[LengthNote, ...]", getattr(step, "lengths", ()))


def labels_of(step: Step) -> Mapping[str, NDArray[Any]]:
    """Coordinates of the dimensions that it makes."""
    return cast("Mapping[str, NDArray[Any]]", getattr(step, "labels", {}))


def weight_bytes_of(step: Step) -> int:
    """Bytes of the weights of a layer; 0 for other steps."""
    return cast("int", getattr(step, "weight_bytes", 0))
