"""Window arithmetic: whole numbers only, no array in sight."""

from volconv.geometry.axis import LABELS, Centres
from volconv.geometry.by_dim import PerDim
from volconv.geometry.chunks import even_chunks
from volconv.geometry.field import ReceptiveField
from volconv.geometry.geometry import Geometry
from volconv.geometry.interval import Interval, contains, merged, relative
from volconv.geometry.label import LabelLike, labels_by_dim
from volconv.geometry.mix import Among, Mix, Part, Repeat
from volconv.geometry.padding import PADDINGS, PaddingLike
from volconv.geometry.spreading import Spreading
from volconv.geometry.window import Window

__all__ = [
    "LABELS",
    "PADDINGS",
    "Among",
    "Centres",
    "Geometry",
    "Interval",
    "LabelLike",
    "Mix",
    "PaddingLike",
    "Part",
    "PerDim",
    "ReceptiveField",
    "Repeat",
    "Spreading",
    "Window",
    "contains",
    "even_chunks",
    "labels_by_dim",
    "merged",
    "relative",
]
