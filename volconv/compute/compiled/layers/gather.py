"""Regions of input packed by a list of copies, the same list at many addresses.

A list is a table like that of a program, of copies that are compiled by `pack`. Where
its lines begin is relative to an address in the block, and where they go to one in
scratch, both told by the call: one list serves all regions that lie alike.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from volconv.compute.compiled.llvm import jit
from volconv.compute.compiled.llvm.emit import Function
from volconv.compute.compiled.packing.pack import Item as Pack

if TYPE_CHECKING:
    from volconv.compute.compiled.llvm.jit import Machine

__all__ = ["IN_BLOCK", "WIDTH", "Item", "address"]


class Item(IntEnum):
    """Arguments of a call."""

    SOURCE = 0
    TARGET = 1
    COPIES = 2  # the list
    COUNT = 3
    ROWS = 4  # of each copy


# A copy: its function, its arguments, and -1 where its source is relative, else 0.
IN_BLOCK = 1 + len(Pack)
WIDTH = IN_BLOCK + 1


def address() -> int:
    """Address of the loop, ``gather(row of arguments)``."""
    return jit.address("gather", "gather", text)


def text(machine: Machine) -> str:
    """IR of the loop."""
    del machine
    f = Function("void @gather(ptr %row)")
    own = f.op(f"alloca [{len(Pack)} x i64], align 8")
    source = f.argument("%row", Item.SOURCE)
    target = f.argument("%row", Item.TARGET)
    rows = f.argument("%row", Item.ROWS)
    copies = f.argument("%row", Item.COPIES, "ptr")
    with f.loop(f.argument("%row", Item.COUNT), carried=[("ptr", copies)]) as turn:
        copy = turn.carried[0]
        mask = f.argument(copy, IN_BLOCK)
        given = {
            Pack.SOURCE: f.op(f"and i64 {source}, {mask}"),
            Pack.TARGET: target,
        }
        for item in Pack:
            value = rows if item == Pack.ROWS else f.argument(copy, 1 + item)
            if item in given:
                value = f.add(value, given[item])
            f.store("i64", value, f.at(own, 8 * item))
        function = f.argument(copy, 0, "ptr")
        f.do(f"call void {function}(ptr {own})")
        turn.carried = [f.at(copy, 8 * WIDTH)]
    return f.text()
