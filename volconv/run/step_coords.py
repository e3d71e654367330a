"""What coordinates tell of the steps of a pipeline, one after the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from volconv.coordinates import array_meta, labelled_region, step_coords
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

    def __init__(self, coords: xr.Dataset) -> None:
        self.found = [coords]

    def at(self, step: int) -> xr.Dataset:
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
        here = step_coords(self.at(read).copy(), step)
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
