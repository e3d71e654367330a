"""Labels of the outputs: coordinates, attributes, provenance."""

from volconv.coordinates.affine import output_affine, output_transformations
from volconv.coordinates.bounds import bounds_names
from volconv.coordinates.labelled import (
    check_new_dims,
    grid_mappings,
    new_labels,
    output_coords,
    step_coords,
)
from volconv.coordinates.metadata import are_same_cells, array_meta
from volconv.coordinates.none import Coords, NoCoords
from volconv.coordinates.provenance import (
    carried_attrs,
    declared_attrs,
    output_attrs,
    recorded,
)
from volconv.coordinates.selection import labelled_region
from volconv.coordinates.spatial_attrs import NGFF
from volconv.coordinates.values import plain_value

__all__ = [
    "NGFF",
    "Coords",
    "NoCoords",
    "are_same_cells",
    "array_meta",
    "bounds_names",
    "carried_attrs",
    "check_new_dims",
    "declared_attrs",
    "grid_mappings",
    "labelled_region",
    "new_labels",
    "output_affine",
    "output_attrs",
    "output_coords",
    "output_transformations",
    "plain_value",
    "recorded",
    "step_coords",
]
