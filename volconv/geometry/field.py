"""The receptive field of a chain of windows along one dimension."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from volconv.geometry.window import Window

__all__ = ["ReceptiveField"]


@dataclass(frozen=True)
class ReceptiveField:
    """What one output of a chain of windows sees of the chain's input.

    Parameters
    ----------
    size : int
        Input cells from the first to the last that it sees.
    jump : int
        Input cells from one output's field to the next, the product of the strides.
    offset : Fraction
        Position of the first output's centre in the input's index space.

    Examples
    --------
    >>> ReceptiveField.of([Window(3, stride=2, padding=(1, 1)), Window(2, stride=2)])
    ReceptiveField(size=5, jump=4, offset=Fraction(1, 1))
    """

    size: int
    jump: int
    offset: Fraction

    @classmethod
    def of(cls, windows: Iterable[Window]) -> Self:
        """The field of windows applied one after the other, the first one first."""
        chain = Window(1)
        for window in windows:
            chain = chain.then(window)
        return cls(chain.span, chain.stride, chain.centre(0))
