"""One step of a pipeline, over the boxes that are held of what it reads.

How a box is computed is told before any is: boxes that lie alike are computed alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from volconv.geometry import contains, relative
from volconv.steps.in_memory import compute_cells, compute_reading
from volconv.steps.node import Box, Node
from volconv.steps.slabs import Reading
from volconv.steps.step import Join, Step, of_box

__all__ = ["Boxes", "Evaluation", "Held", "evaluation_of", "number_of"]

Held = Sequence[Sequence[NDArray[Any]]]
"""For each step the cells of its boxes."""

Boxes = Callable[[int], Sequence[Box]]
"""The boxes of a step."""


class Input(NamedTuple):
    """What a box of outputs reads of one input, where all of it lies inside.

    Attributes
    ----------
    step : int
        The step that makes it, of which one box is held.
    cells : tuple of slice
        What is read of that box.
    dtype : dtype
        Of the cells.
    """

    step: int
    cells: tuple[slice, ...]
    dtype: np.dtype[Any]

    def block(self, held: Held) -> NDArray[Any]:
        """The cells."""
        return np.asarray(held[self.step][0][self.cells], self.dtype)


@dataclass(frozen=True, eq=False)
class Evaluation:
    """How one box of a step's outputs is computed.

    Parameters
    ----------
    node : Node
        The step.
    step, number : int
        Whose box it is, and which of its boxes.
    """

    node: Node
    step: int
    number: int

    def __call__(
        self, held: Held, boxes: Boxes, out: NDArray[Any] | None
    ) -> NDArray[Any]:
        """Outputs from what is held, wherever the box lies."""
        node, box = self.node, boxes(self.step)[self.number]
        step, read = node.step, node.inputs[0]
        if len(node.inputs) == 1 and len(held[read]) == 1:
            origin = [side.start for side in boxes(read)[0]]
            return compute_cells(step, held[read][0], box, origin=origin, out=out)
        return written_to(out, self.of_blocks(held, boxes, box, out))

    def of_blocks(
        self, held: Held, boxes: Boxes, box: Box, out: NDArray[Any] | None
    ) -> NDArray[Any]:
        """The same of a block of each input, assembled; not always into what is given."""
        node = self.node
        blocks = [
            node.block(number, box, partial(piece_of, boxes(read), held[read]))
            for number, read in enumerate(node.inputs)
        ]
        if len(blocks) == 1:
            return of_box(node.step, box).compute(blocks[0], out)
        return cast("Join", node.step).combine(blocks, out)


@dataclass(frozen=True, eq=False)
class Inside(Evaluation):
    """The evaluation of a box that reads nothing beyond the edge."""

    input: Input

    def __call__(
        self, held: Held, boxes: Boxes, out: NDArray[Any] | None
    ) -> NDArray[Any]:
        """Outputs of the cells as they lie."""
        step = self.node.step
        if varies(step):
            step = of_box(step, boxes(self.step)[self.number])
        return step.compute(self.input.block(held), out)


@dataclass(frozen=True, eq=False)
class Joined(Evaluation):
    """The evaluation of a box of several inputs, of which none is read beyond the edge."""

    inputs: tuple[Input, ...]

    def __call__(
        self, held: Held, boxes: Boxes, out: NDArray[Any] | None
    ) -> NDArray[Any]:
        """Outputs of the cells as they lie."""
        del boxes
        blocks = [one.block(held) for one in self.inputs]
        return written_to(out, cast("Join", self.node.step).combine(blocks, out))


@dataclass(frozen=True, eq=False)
class AtEdge(Evaluation):
    """The evaluation of a box that reads beyond the edge, from one box of its input."""

    reading: Reading

    def __call__(
        self, held: Held, boxes: Boxes, out: NDArray[Any] | None
    ) -> NDArray[Any]:
        """Outputs of the cells, padded."""
        del boxes
        node = self.node
        return compute_reading(node.step, self.reading, held[node.inputs[0]][0], out)


def evaluation_of(node: Node, step: int, number: int, boxes: Boxes) -> Evaluation:
    """How a box is made, and all others that lie as it does.

    Parameters
    ----------
    node : Node
        The step.
    step, number : int
        Whose box it is, and which of its boxes.
    boxes : callable
        The boxes of each step.
    """
    this = node, step, number
    box = boxes(step)[number]
    outer = [boxes(read) for read in node.inputs]
    if not all(len(read) == 1 for read in outer):
        return Evaluation(*this)
    parts = [node.inner(which, read[0], box) for which, read in enumerate(outer)]
    inputs = tuple(
        Input(read, part, np.dtype(meta.dtype))
        for read, part, (meta, _) in zip(node.inputs, parts, node.over, strict=True)
        if part is not None
    )
    if len(inputs) < len(parts):
        if len(parts) > 1 or varies(node.step):
            return Evaluation(*this)
        origin = [side.start for side in outer[0][0]]
        return AtEdge(*this, Reading.of(node.step, box, origin))
    return Inside(*this, inputs[0]) if len(inputs) == 1 else Joined(*this, inputs)


def written_to(out: NDArray[Any] | None, found: NDArray[Any]) -> NDArray[Any]:
    """Outputs in the array that is given for them, if one is and they are elsewhere."""
    if out is None or found is out:
        return found
    out[...] = found
    return out


def varies(step: Step) -> bool:
    """Whether the arithmetic is not the same for every box: see `VaryingStep`."""
    return hasattr(step, "of_box")


def piece_of(
    boxes: Sequence[Box], held: Sequence[NDArray[Any]], box: Box
) -> NDArray[Any]:
    """A box out of the one held box that contains it."""
    number = number_of(box, boxes)
    return held[number][relative(box, boxes[number])]


def number_of(box: Box, boxes: Sequence[Box]) -> int:
    """Which box contains another one."""
    for number, outer in enumerate(boxes):
        if contains(outer, box):
            return number
    message = f"{box} lies in none of {boxes}"
    raise AssertionError(message)
