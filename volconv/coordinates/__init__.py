"""Labels of the outputs: coordinates, attributes, provenance."""

from volconv.coordinates.labelled import (
    bounds_names,
    check_new_dims,
    grid_mappings,
    new_labels,
    output_coords,
    step_coords,
)
from volconv.coordinates.metadata import array_meta
from volconv.coordinates.provenance import output_attrs

__all__ = [
    "array_meta",
    "bounds_names",
    "check_new_dims",
    "grid_mappings",
    "new_labels",
    "output_attrs",
    "output_coords",
    "step_coords",
]
