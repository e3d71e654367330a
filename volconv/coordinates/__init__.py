"""Labels of the outputs: coordinates, attributes, provenance."""

from volconv.coordinates.labelled import bounds_names, grid_mappings, output_coords
from volconv.coordinates.metadata import are_same_cells, array_meta
from volconv.coordinates.provenance import declared_attrs, output_attrs

__all__ = [
    "are_same_cells",
    "array_meta",
    "bounds_names",
    "declared_attrs",
    "grid_mappings",
    "output_attrs",
    "output_coords",
]
