"""Windows along one dimension, as a user writes them."""

from volconv.geometry import Geometry
from volconv.meta import ArrayMeta, Axis


def along_x(cells, size, **options):
    meta = ArrayMeta((Axis("x", cells),), "float32")
    return Geometry.parse(meta, {"x": size}, **options)["x"]
