"""Labels of the outputs: coordinates, attributes, provenance."""

from volconv.coordinates.bounds import bounds_names
from volconv.coordinates.labelled import grid_mappings, output_coords
from volconv.coordinates.metadata import array_meta
from volconv.coordinates.provenance import output_attrs, recorded

__all__ = [
    "array_meta",
    "bounds_names",
    "grid_mappings",
    "output_attrs",
    "output_coords",
    "recorded",
]
