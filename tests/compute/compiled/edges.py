"""Edges of every kind, and what NumPy pads."""

import numpy as np

from volconv.boundary import runs
from volconv.compute.compiled.programs.edges import CONSTANT, Edges
from volconv.geometry import Interval

FILL = 3


KINDS = ("constant", "edge", "reflect", "symmetric", "wrap")


def edges_of(shape, dtype, padding, kinds):
    """What the public functions make of a boundary along each axis."""
    axes = []
    for size, (before, after), kind in zip(shape, padding, kinds, strict=True):
        found = runs(Interval(-before, size + after), size, kind)
        axes.append(
            tuple(
                (CONSTANT, run.dest.size, 0)
                if run.source is None
                else (
                    run.source.stop - 1 if run.step < 0 else run.source.start,
                    run.dest.size,
                    run.step,
                )
                for run in found
            )
        )
    return Edges(tuple(axes), np.full(1, FILL, dtype).tobytes())


def padded(cells, padding, kinds):
    for axis, (width, kind) in enumerate(zip(padding, kinds, strict=True)):
        widths = [width if a == axis else (0, 0) for a in range(cells.ndim)]
        more = {"constant_values": FILL} if kind == "constant" else {}
        cells = np.pad(cells, widths, mode=kind, **more)
    return cells
