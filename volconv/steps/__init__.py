"""What a pipeline is made of: steps, and the block function that runs them.

A package that adds steps of its own builds them from the names here: see docs/plugins.md.
"""

from volconv.steps.block import BlockStep, Operation, block_step
from volconv.steps.in_memory import compute_cells
from volconv.steps.options import WindowOptions, windows_of
from volconv.steps.pipeline import (
    Node,
    Pipeline,
    chain,
    compute_box,
)
from volconv.steps.pointwise import pointwise_step
from volconv.steps.settings import StepSettings
from volconv.steps.step import Join, Step, source_intervals
from volconv.steps.window import WindowStep, window_step
from volconv.steps.window_settings import (
    DilatedSettings,
    MovingSettings,
    WeightedSettings,
    WindowSettings,
)

__all__ = [
    "BlockStep",
    "DilatedSettings",
    "Join",
    "MovingSettings",
    "Node",
    "Operation",
    "Pipeline",
    "Step",
    "StepSettings",
    "WeightedSettings",
    "WindowOptions",
    "WindowSettings",
    "WindowStep",
    "block_step",
    "chain",
    "compute_box",
    "compute_cells",
    "pointwise_step",
    "source_intervals",
    "window_step",
    "windows_of",
]
