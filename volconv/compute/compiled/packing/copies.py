"""Copies of volumes into floats of another dtype, by compiled code.

NumPy spends longer on the ends of short rows than on their cells.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from volconv.compute.compiled.llvm.jit import is_readable
from volconv.compute.compiled.packing import pack
from volconv.compute.compiled.packing.pack import WIDEST, Item, PackCode
from volconv.compute.compiled.programs import program
from volconv.compute.compiled.programs.correlator import scalar_of
from volconv.compute.compiled.programs.program import Base, Integers, Program

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["copy"]


def copy(source: NDArray[Any], target: NDArray[Any]) -> None:
    """Write a volume to another of the same shape.

    Parameters
    ----------
    source : ndarray, three axes
        Bool, integer or real floating, in any layout.
    target : ndarray, three axes, float32 or float64
    """
    in_rows = target.strides[2] == target.itemsize and target.dtype.isnative
    if not is_readable(source.dtype) or not in_rows or source.size == 0:
        with np.errstate(all="ignore"):
            target[...] = source
        return
    work = _program(
        source.dtype, source.strides, target.dtype, target.strides, target.shape
    )
    work.run(source.ctypes.data, target.ctypes.data)


# Tiles in the middle of a block, and at its borders.
@lru_cache(maxsize=64)
def _program(
    source: np.dtype[Any],
    strides: tuple[int, ...],
    target: np.dtype[Any],
    to: tuple[int, ...],
    shape: tuple[int, ...],
) -> Program:
    planes, rows, cells = shape
    every, odd = divmod(strides[2], source.itemsize)
    is_dealt = not odd and 1 <= every <= WIDEST
    code = PackCode(
        f"{source.kind}{source.itemsize}",
        not source.isnative,
        scalar_of(target),
        every if is_dealt else 0,
        (0,) if is_dealt else (),
    )
    plane = np.arange(planes, dtype=np.int64)
    items: dict[int, int | Integers] = {
        Item.SOURCE: plane * strides[0],
        Item.TARGET: plane * to[0],
        Item.GROUPS: 1,
        Item.ROWS: rows,
        Item.PITCH: strides[1],
        Item.LENGTH: (cells - 1) * every + 1 if is_dealt else cells,
        Item.TARGET_PITCH: to[1],
        Item.DISTANCE: strides[2],
    }
    bases: dict[int, Base] = {Item.SOURCE: Base.BLOCK, Item.TARGET: Base.OUT}
    table = program.calls(pack.address(code), planes, items, bases)
    still = np.zeros(1, dtype=np.int64)
    return Program.of([table], (still, still), 0, ())
