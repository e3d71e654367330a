"""What coordinates tell of the steps of a pipeline, each where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import xarray as xr

from volconv.coordinates import array_meta, labelled_region, step_coords
from volconv.meta import ArrayMeta
from volconv.steps import Step
from volconv.steps.frame import Crop
from volconv.steps.wiring import Wired

__all__ = ["CoordsByPlace"]


@dataclass
class CoordsByPlace:
    """Coordinates along the way of a pipeline.

    Parameters
    ----------
    coords : Dataset
        Those of the input.
    """

    coords: xr.Dataset
    found: dict[tuple[int, ...], xr.Dataset] = field(default_factory=dict)

    def __post_init__(self) -> None:
        wide = [name for name, one in self.coords.variables.items() if one.ndim > 1]
        self.found[()] = self.coords.drop_vars(wide)  # they tell of no one dimension

    def at(self, path: Sequence[Step]) -> xr.Dataset:
        """Coordinates of the result of steps from the input on, which stay."""
        key = tuple(map(id, path))
        if key not in self.found:
            self.found[key] = step_coords(self.at(path[:-1]), path[-1])
        return self.found[key]

    def settings(
        self, setting: Wired, source: ArrayMeta, path: Sequence[Step]
    ) -> Wired:
        """A step's settings, labels to crop by as cells."""
        if not isinstance(setting, Crop) or not setting.labels:
            return setting
        here = self.at(path)
        return setting.in_cells(labelled_region(setting.labels, source, here))

    def meta(self, target: ArrayMeta, path: Sequence[Step]) -> ArrayMeta:
        """What a step makes, its spacings those of the coordinates, to the last bit.

        One cell alone has none there, and keeps what is known of it.
        """
        if not self.coords.variables:
            return target
        dtype = np.dtype(target.dtype)
        here = array_meta(target.dims, target.shape, dtype, self.at(path))
        axes = zip(target.axes, here.axes, strict=True)
        return replace(
            target,
            axes=tuple(
                known if known.spacing and not told.spacing else told
                for known, told in axes
            ),
        )
