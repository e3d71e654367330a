"""Work as a table: each row is a function's address and its arguments.

Python lays the tables out with NumPy, once for each geometry; compiled code walks
them without the GIL. So all loops over slabs, planes and passes are array
arithmetic here, and only the innermost loops are emitted.

Addresses in a table are relative to the block, to the output or to scratch. The code
that walks it makes them absolute, row by row: tables stay as they are, for all threads.
"""

from __future__ import annotations

import ctypes
import math
import threading
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from volconv.compute.compiled.llvm import jit
from volconv.compute.compiled.llvm.emit import Function

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from volconv.compute.compiled.llvm.jit import Machine

Integers = NDArray[np.int64]
# Arguments of the longest row, and the function before them.
WIDTH = 17
# Of these, those that may be relative to a `Base`: the first two arguments.
RELATIVE = (1, 2)
# Scratch kept between calls, for each thread: the usual slabs are below this.
MOST_KEPT = 24 << 20


class Base(IntEnum):
    """What an address is relative to."""

    NOTHING = 0
    BLOCK = 1
    OUT = 2
    SCRATCH = 3


@dataclass(frozen=True)
class Table:
    """Rows of one or more functions.

    Attributes
    ----------
    rows : ndarray, shape (rows, WIDTH), int64
    bases : ndarray, shape (rows, 2), int8
        The `Base` of each of the first two arguments.
    """

    rows: Integers
    bases: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.rows)


def calls(
    function: int,
    count: int,
    items: Mapping[int, int | Integers],
    bases: Mapping[int, Base],
) -> Table:
    """Rows that call one function.

    Parameters
    ----------
    function : int
        Its address.
    count : int
        Rows.
    items : mapping
        Argument number to its value, or to its value in each row.
    bases : mapping
        Argument number, 0 or 1, to what the address there is relative to.
    """
    rows = np.zeros((count, WIDTH), dtype=np.int64)
    marks = np.zeros((count, len(RELATIVE)), dtype=np.int8)
    rows[:, 0] = function
    for item, value in items.items():
        rows[:, 1 + item] = value
    for item, base in bases.items():
        marks[:, item] = base
    return Table(rows, marks)


def joined(tables: Sequence[Table], when: Sequence[Integers] | None = None) -> Table:
    """One table of several, one after the other or in order of `when`."""
    rows = np.concatenate([table.rows for table in tables])
    bases = np.concatenate([table.bases for table in tables])
    if when is None:
        return Table(rows, bases)
    order = np.argsort(np.concatenate(when), kind="stable")
    return Table(rows[order], bases[order])


@dataclass(frozen=True)
class Program:
    """All the work on a block of one geometry.

    Attributes
    ----------
    tables : tuple of Table
        Carried out in order, for each of the shifts.
    sources, targets : ndarray, int64, bytes
        Shift of the block and of the output at each turn of the outer loops.
    scratch : int, bytes
    kept : tuple of ndarray
        Arrays that the tables point to.
    """

    tables: tuple[Table, ...]
    sources: Integers
    targets: Integers
    scratch: int
    kept: tuple[NDArray[Any], ...]

    @classmethod
    def of(
        cls,
        tables: Sequence[Table],
        shifts: tuple[Integers, Integers],
        scratch: int,
        kept: Sequence[NDArray[Any]],
    ) -> Program:
        """The program of some tables, made one where there is no outer loop.

        Parameters
        ----------
        tables : sequence of Table
        shifts : (ndarray, ndarray)
            Of the block and of the output.
        scratch : int, bytes
        kept : sequence of ndarray
        """
        if len(shifts[0]) == 1:
            tables = [joined(tables)]
        sources, targets = map(np.ascontiguousarray, shifts)  # compiled code walks them
        return cls(tuple(tables), sources, targets, scratch, tuple(kept))

    def run(self, block: int, out: int) -> None:
        """Carry out the program on the block and the output at these addresses."""
        memory, at = scratch(self.scratch) if self.scratch else (None, 0)
        for arguments in self.walks:
            _runner()(*arguments, block, out, at)
        del memory  # until now it was to be there

    @cached_property
    def walks(self) -> tuple[tuple[int, ...], ...]:
        """What the code that walks a table is told of each: where it lies, how often."""
        shifts = (self.sources.ctypes.data, self.targets.ctypes.data, len(self.sources))
        return tuple(
            (table.rows.ctypes.data, table.bases.ctypes.data, len(table), *shifts)
            for table in self.tables
        )


@cache
def _runner() -> Any:
    pointer, number = ctypes.c_void_p, ctypes.c_int64
    tables = pointer, pointer, number, pointer, pointer, number
    prototype = ctypes.CFUNCTYPE(None, *tables, number, number, number)
    return prototype(jit.address("run", "run", _text))


def _text(machine: Machine) -> str:
    del machine
    f = Function(
        "void @run(ptr %table, ptr %bases, i64 %rows, ptr %sources, ptr %targets, "
        "i64 %turns, i64 %block, i64 %out, i64 %scratch)"
    )
    row = f.op(f"alloca [{WIDTH} x i64], align 8")
    origins = f.op(f"alloca [{len(Base)} x i64], align 8")
    origin = {base: f.at(origins, 8 * base) for base in Base}
    f.store("i64", "0", origin[Base.NOTHING])
    f.store("i64", "%scratch", origin[Base.SCRATCH])
    with f.loop("%turns", carried=[("ptr", "%sources"), ("ptr", "%targets")]) as turn:
        source, target = turn.carried
        f.store("i64", f.add(f.load("i64", source), "%block"), origin[Base.BLOCK])
        f.store("i64", f.add(f.load("i64", target), "%out"), origin[Base.OUT])
        heads = [("ptr", "%table"), ("ptr", "%bases")]
        with f.loop("%rows", carried=heads) as walk:
            relative, bases = walk.carried
            _call(f, relative, bases, row, origins)
            walk.carried = [f.at(relative, 8 * WIDTH), f.at(bases, len(RELATIVE))]
        turn.carried = [f.at(source, 8), f.at(target, 8)]
    # Stores that bypass the caches are weakly ordered; whoever is told that the
    # block is done must see them.
    f.do("fence seq_cst")
    return f.text()


def _call(f: Function, relative: str, bases: str, row: str, origins: str) -> None:
    """Call the function of a row, made absolute in memory of its own."""
    for item in range(WIDTH):
        value = f.load("i64", f.at(relative, 8 * item))
        if item in RELATIVE:
            base = f.load("i8", f.at(bases, item - RELATIVE[0]))
            offset = f.mul(f.op(f"zext i8 {base} to i64"), 8)
            value = f.add(value, f.load("i64", f.at(origins, offset)))
        f.store("i64", value, f.at(row, 8 * item))
    f.do(f"call void {f.load('ptr', row)}(ptr {f.at(row, 8)})")


_kept = threading.local()


def scratch(size: int) -> tuple[NDArray[np.uint8], int]:
    """At least `size` bytes on a 64-byte boundary, and their address; reused by the thread.

    A program takes one piece for all it needs, so that pieces never overlap.
    """
    kept: tuple[NDArray[np.uint8], int] | None = getattr(_kept, "memory", None)
    if kept is None or kept[0].size < size:
        memory = aligned_empty((size,), np.dtype(np.uint8))
        kept = memory, memory.ctypes.data
        if size <= MOST_KEPT:
            _kept.memory = kept
    return kept


def let_go_of_scratch() -> None:
    """Free what the thread keeps: for whoever counts memory, and has other uses for it."""
    _kept.__dict__.clear()


def aligned_empty(shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    """A new array that begins on a 64-byte boundary, as `numpy.empty` need not.

    Engines write large outputs past the caches if the rows of the output begin on
    such boundaries, which takes about half the time of a small kernel.
    """
    size = math.prod(shape) * dtype.itemsize
    memory = np.empty(size + 64, dtype=np.uint8)
    start = -memory.ctypes.data % 64
    return memory[start : start + size].view(dtype).reshape(shape)
