"""What a pipeline is made of: steps, and the block function that runs them."""

from volconv.steps.pipeline import compute_box, result_meta, source_intervals
from volconv.steps.step import Step
from volconv.steps.whole import compute_cells
from volconv.steps.window import WindowOptions, WindowStep, window_step

__all__ = [
    "Step",
    "WindowOptions",
    "WindowStep",
    "compute_box",
    "compute_cells",
    "result_meta",
    "source_intervals",
    "window_step",
]
