"""What a length became, for people and programs to read."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LengthNote"]


@dataclass(frozen=True)
class LengthNote:
    """A length along one dimension, and the cells that it is.

    Parameters
    ----------
    where, dim : str
        The argument and the dimension.
    length : str
        What the user wrote.
    cells : float
        The same in cells.
    spacing : float
        Distance between neighbouring cells, in `units`.
    units : str
        The coordinate's unit.
    whole : int, optional
        The whole number of cells that was taken, where it must be one.

    Examples
    --------
    >>> print(LengthNote("sigma", "z", "5 mm", 2.0, 2.5, "mm"))
    sigma along z: 5 mm = 2 cells of 2.5 mm
    """

    where: str
    dim: str
    length: str
    cells: float
    spacing: float
    units: str
    whole: int | None = None

    def __str__(self) -> str:
        noun = "cell" if self.cells == 1 else "cells"
        return (
            f"{self.where} along {self.dim}: {self.length} = {self.cells:g} {noun} of "
            f"{self.spacing:g} {self.units}"
            + ("" if self.whole is None else f", whole {self.whole}")
        )
