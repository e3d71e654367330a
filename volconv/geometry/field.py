"""The receptive field of windows along one dimension, in chains and where paths meet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from volconv.errors import GeometryError
from volconv.geometry.window import Window

__all__ = ["ReceptiveField"]


@dataclass(frozen=True)
class ReceptiveField:
    """What one output of a network of windows sees of the network's input.

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
        found = cls(1, 1, Fraction(0))
        for window in windows:
            found = found.then(window)
        return found

    @property
    def padding(self) -> int:
        """Cells of the first output's field that lie before the input's first cell."""
        return int(Fraction(self.size - 1, 2) - self.offset)

    @property
    def halo(self) -> int:
        """Input cells that the fields of two neighbouring outputs share."""
        return self.size - self.jump

    def then(self, window: Window) -> Self:
        """The field of one more window over these outputs.

        ``r + (e - 1) j``, ``j s`` and ``c + j ((e - 1) / 2 - a)`` of a field of size r,
        jump j and centre c: Araujo, Norris & Sim 2019, "Computing Receptive Fields of
        Convolutional Neural Networks", the recurrences from the input upwards.
        """
        reach = window.span - 1
        return type(self)(
            self.size + reach * self.jump,
            self.jump * window.stride,
            self.offset + self.jump * (Fraction(reach, 2) - window.padding[0]),
        )

    @classmethod
    def union(cls, fields: Sequence[Self]) -> Self:
        """The field of what several paths end in: from their first cell to their last.

        Raises
        ------
        GeometryError
            If their jumps differ: what an output sees would depend on where it is.

        Notes
        -----
        Araujo, Norris & Sim 2019, section on graphs with several paths. Where the
        centres of paths differ, their features lie apart in the input: see `apart`.

        Examples
        --------
        >>> wide = ReceptiveField.of([Window(5, padding=(2, 2))])
        >>> ReceptiveField.union([wide, ReceptiveField.of([Window(1)])])
        ReceptiveField(size=5, jump=1, offset=Fraction(0, 1))
        """
        jumps = sorted({field.jump for field in fields})
        if len(jumps) > 1:
            raise GeometryError(
                "paths that meet",
                f"strides {' and '.join(map(str, jumps))} in all",
                "paths of one stride",
            )
        reaches = [Fraction(field.size - 1, 2) for field in fields]
        pairs = list(zip(fields, reaches, strict=True))
        first = min(field.offset - reach for field, reach in pairs)
        last = max(field.offset + reach for field, reach in pairs)
        return cls(int(last - first) + 1, jumps[0], (first + last) / 2)

    @staticmethod
    def apart(fields: Sequence[ReceptiveField]) -> Fraction:
        """Input cells between the centres of paths that meet; 0 where they align."""
        offsets = [field.offset for field in fields]
        return max(offsets) - min(offsets)
