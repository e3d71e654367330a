"""Which axis of a block plays which part in the inner loops.

An output cell at index ``i`` reads the input at ``sum(i * move) + sum(j * tap)``
bytes for tap ``j``; how axes are grouped for the loops changes neither. Three parts
are played: vectors lie along *cells*, the last axis; registers are blocked along
*rows*; *planes* are the slabs that follow one another and share input. All other
axes are plain loops.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from volconv.compute.compiled.programs.correlator import Geometry

# A last axis shorter than this wastes vectors: a window axis before it is then
# merged with it if it can be (colour channels, vector components).
SHORT = 64


@dataclass(frozen=True)
class Axis:
    """One loop over outputs; distances in bytes.

    Attributes
    ----------
    number : int
        Of the array's axis (of the last one, if axes were merged); -1 if none.
    count : int
        Outputs.
    move, target : int
        From one output to the next, in the input and in the output.
    size, stride, dilation : int
        Of the window along it.
    """

    number: int
    count: int
    move: int
    target: int
    size: int = 1
    stride: int = 1
    dilation: int = 1

    @property
    def unit(self) -> int:
        """From one input cell that matters to the next."""
        return self.move // self.stride

    @property
    def span(self) -> int:
        """Cells that one window spans."""
        return self.dilation * (self.size - 1) + 1


NO_AXIS = Axis(-1, 1, 0, 0)


@dataclass(frozen=True)
class Layout:
    """The parts of all axes.

    Attributes
    ----------
    cells, rows, planes : Axis
    others : tuple of Axis
        Plain loops, the first the outermost.
    taps : tuple of int
        From one tap to the next, in bytes of input, for each axis of the array.
    merged : tuple of int
        Numbers of the axes that make up `cells`.
    """

    cells: Axis
    rows: Axis
    planes: Axis
    others: tuple[Axis, ...]
    taps: tuple[int, ...]
    merged: tuple[int, ...]


def arrange(
    geometry: Geometry,
    size: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    column_axis: int | None,
) -> Layout:
    """The layout for blocks of one geometry.

    Parameters
    ----------
    geometry : Geometry
        The output's last axis is contiguous.
    size, stride, dilation : tuple of int
        Of the window, for each axis.
    column_axis : int or None
        Axis that columns of taps lie along.
    """
    axes = [
        _reduced(Axis(a, n, s * i, o, f, s, d))
        for a, (n, i, o, f, s, d) in enumerate(
            zip(
                geometry.out_shape,
                geometry.strides,
                geometry.out_strides,
                size,
                stride,
                dilation,
                strict=True,
            )
        )
    ]
    taps = tuple(d * i for d, i in zip(dilation, geometry.strides, strict=True))
    edges = geometry.edges
    edged = frozenset[int]() if edges is None else edges.axes
    cells, merged = _cells(axes, taps, geometry.item, edged)
    rows = next((a for a in axes if a.number == column_axis), None)
    if rows is None:
        axes = _joined(axes)
        free = [a for a in axes if a.size == 1]
        rows = max(free, key=lambda a: a.count, default=NO_AXIS)
        axes = [a for a in axes if a is not rows]
    else:
        axes.remove(rows)
        axes = _joined(axes)
    windows = [a for a in axes if a.size > 1]
    planes = windows[-1] if windows else NO_AXIS
    others = tuple(a for a in axes if a is not planes and a.count > 1)
    return Layout(cells, rows, planes, others, taps, merged)


def fits_edges(layout: Layout, geometry: Geometry, item: int) -> bool:
    """Whether the edges are along cells, rows and planes, counted one by one."""
    if geometry.edges is None:
        return True
    known = {a.number: a for a in (layout.cells, layout.rows, layout.planes)}
    for axis in geometry.edges.axes:
        part = known.get(axis)
        if part is None or part.size == 1 or part.unit != geometry.strides[axis]:
            return False
    return layout.cells.unit == item


def _reduced(axis: Axis) -> Axis:
    """The axis counted in the cells that windows can meet at all."""
    if axis.size == 1:
        return replace(axis, stride=1, dilation=1)
    common = int(np.gcd(axis.stride, axis.dilation))
    return replace(axis, stride=axis.stride // common, dilation=axis.dilation // common)


def _cells(
    axes: list[Axis], taps: tuple[int, ...], item: int, edged: frozenset[int]
) -> tuple[Axis, tuple[int, ...]]:
    """Take from `axes` those that vectors can run along, as one axis.

    An axis joins the one after it if both the input and the output go on evenly
    from one row to the next; taps are distances in bytes and do not mind. Edges do. At most
    one axis with a window is taken. A last axis of one cell and no window is
    passed over, if the output is contiguous along the one before it.
    """
    cells = axes.pop()
    while axes and cells.count == cells.size == 1 and axes[-1].target == item:
        cells = axes.pop()
    if cells.count == 1:
        # The stride of a single cell may be anything.
        cells = replace(cells, target=item)
    merged = [cells.number]
    windowed = cells.size > 1
    while axes and _continues(axes[-1], cells):
        before = axes[-1]
        if edged & {before.number, cells.number}:
            break
        if before.size > 1:
            step = taps[before.number]
            long = cells.count >= SHORT or windowed
            if long or cells.unit == 0 or step % cells.unit:
                break
            windowed = True
        axes.pop()
        cells = replace(cells, count=before.count * cells.count)
        merged.append(before.number)
    return cells, tuple(merged)


def _continues(before: Axis, after: Axis) -> bool:
    return (
        before.move == after.count * after.move
        and before.target == after.count * after.target
    )


def _joined(axes: list[Axis]) -> list[Axis]:
    """The same loops, window-free neighbours made one where they go on evenly."""
    joined: list[Axis] = []
    for axis in axes:
        if (
            joined
            and joined[-1].size == axis.size == 1
            and _continues(joined[-1], axis)
        ):
            count = joined.pop().count * axis.count
            joined.append(replace(axis, count=count))
        else:
            joined.append(axis)
    return joined
