"""One step of a pipeline, over the boxes that are held of what it reads."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from volconv.geometry import contains, relative
from volconv.steps.node import Box, Node
from volconv.steps.step import Join, of_box
from volconv.steps.whole import compute_cells

__all__ = ["Held", "piece_of", "run_step"]

Held = list[tuple[Box, NDArray[Any]]]
"""Boxes of one place, and their cells."""


def run_step(
    node: Node, box: Box, held: Mapping[int, Held], out: NDArray[Any] | None
) -> NDArray[Any]:
    """Outputs of a step over what its inputs' places hold."""
    step = node.step
    if len(node.inputs) == 1 and len(held[node.inputs[0]]) == 1:
        ((outer, cells),) = held[node.inputs[0]]
        inner = node.inner(outer, box)
        if inner is not None:
            block = np.asarray(cells[inner], dtype=step.source.dtype)
            return of_box(step, box).compute(block, out)
        origin = [side.start for side in outer]
        return compute_cells(step, cells, box, origin=origin, out=out)
    found = of_blocks(node, box, held, out)
    if out is None or found is out:
        return found
    out[...] = found
    return out


def of_blocks(
    node: Node, box: Box, held: Mapping[int, Held], out: NDArray[Any] | None
) -> NDArray[Any]:
    """The same over a block of each input, assembled; not always into what is given."""
    step = node.step
    blocks = [
        node.block(number, box, partial(piece_of, held[place]))
        for number, place in enumerate(node.inputs)
    ]
    if len(blocks) == 1:
        return of_box(step, box).compute(blocks[0], out)
    return cast("Join", step).combine(blocks, out)


def piece_of(held: Held, box: Box) -> NDArray[Any]:
    """A box out of the one held box that contains it."""
    for outer, cells in held:
        if contains(outer, box):
            return cells[relative(box, outer)]
    message = f"{box} lies in none of {[outer for outer, _ in held]}"
    raise AssertionError(message)
