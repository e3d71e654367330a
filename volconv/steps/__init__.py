"""What a pipeline is made of: steps, and the block function that runs them."""

from volconv.steps.pipeline import (
    Node,
    Pipeline,
    chain,
    compute_box,
    source_intervals,
)
from volconv.steps.step import Join, Step
from volconv.steps.whole import compute_cells
from volconv.steps.window import WindowOptions, WindowStep, window_step

__all__ = [
    "Join",
    "Node",
    "Pipeline",
    "Step",
    "WindowOptions",
    "WindowStep",
    "chain",
    "compute_box",
    "compute_cells",
    "source_intervals",
    "window_step",
]
