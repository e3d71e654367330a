"""What coordinates tell of the steps of a pipeline, one after the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from volconv.coordinates import (
    Coords,
    NoCoords,
    array_meta,
    labelled_region,
    new_labels,
    step_coords,
)
from volconv.meta import ArrayMeta
from volconv.steps import Step
from volconv.steps.frame import Crop
from volconv.steps.wiring import Wired

__all__ = ["StepCoords"]


class StepCoords:
    """Coordinates along the way of a pipeline, found as its steps are.

    Parameters
    ----------
    coords : Dataset
        Those of the input, which stay.
    """

    def __init__(self, coords: Coords) -> None:
        self.found = [coords]

    def at(self, step: int) -> Coords:
        """Coordinates of a step's result; of the input for 0."""
        return self.found[step]

    def settings(self, setting: Wired, source: ArrayMeta, read: int) -> Wired:
        """A step's settings, labels to crop by as cells."""
        if not isinstance(setting, Crop) or not setting.labels:
            return setting
        here = self.at(read)
        return setting.in_cells(labelled_region(setting.labels, source, here))

    def made(self, step: Step, read: int) -> ArrayMeta:
        """What a step makes, its spacings those of the coordinates, to the last bit.

        One cell alone has none there, and keeps what is known of it.
        """
        here = followed(self.at(read), step)
        self.found.append(here)
        target = step.target
        if not here.variables:
            return target
        dtype = np.dtype(target.dtype)
        told = array_meta(target.dims, target.shape, dtype, here)
        axes = zip(target.axes, told.axes, strict=True)
        return replace(
            target,
            axes=tuple(
                known if known.spacing and not told.spacing else told
                for known, told in axes
            ),
        )


def followed(coords: Coords, step: Step) -> Coords:
    """Coordinates of a step's output; the input's stay."""
    if not isinstance(coords, NoCoords):
        return step_coords(coords.copy(), step)
    if not new_labels(step):
        return coords
    import xarray as xr

    return step_coords(xr.Dataset(), step)
