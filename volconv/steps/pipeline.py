"""The block function: any box of a pipeline's output, from boxes of its input.

Each step pads its own input: where a box of a step reaches beyond the edge of that
step's input, the step's boundary decides, exactly as if the input had been stored whole.
A far side that a boundary needs is read, or computed, as a box of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from volconv.boundary import Read, fill_block
from volconv.geometry import Interval
from volconv.meta import ArrayMeta
from volconv.steps.step import Step

__all__ = ["compute_box", "source_intervals"]


def compute_box(
    steps: Sequence[Step], box: tuple[Interval, ...], read: Read
) -> NDArray[Any]:
    """Cells of a box of the last step's output.

    Parameters
    ----------
    steps : sequence of Step
        The pipeline, the first step first.
    box : tuple of Interval
        Inside the last step's output, an interval for each axis.
    read : callable
        Takes a box inside the first step's input and returns its cells.

    Returns
    -------
    ndarray, the box's shape
        With no steps, what `read` returns.
    """
    if not steps:
        return read(box)
    step = steps[-1]

    def before(inner: tuple[Interval, ...]) -> NDArray[Any]:
        return compute_box(steps[:-1], inner, read)

    block = fill_block(
        before,
        source_intervals(step, box),
        step.source.shape,
        [step.boundaries[dim] for dim in step.source.dims],
        step.boundaries.fill_value,
        step.source.dtype,
    )
    return step.compute(block)


def source_intervals(step: Step, box: tuple[Interval, ...]) -> tuple[Interval, ...]:
    """Cells that a box of a step's output reads, padding included."""
    return tuple(
        step.geometry[dim].source(outputs)
        for dim, outputs in zip(step.source.dims, box, strict=True)
    )


def result_meta(source: ArrayMeta, steps: Sequence[Step]) -> ArrayMeta:
    """What a pipeline makes of an input."""
    return steps[-1].target if steps else source
