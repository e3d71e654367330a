"""Labels of the outputs: coordinates, attributes, provenance."""

from volconv.coordinates.labelled import bounds_names, output_coords, storage_free
from volconv.coordinates.metadata import array_meta
from volconv.coordinates.provenance import output_attrs

__all__ = [
    "array_meta",
    "bounds_names",
    "output_attrs",
    "output_coords",
    "storage_free",
]
