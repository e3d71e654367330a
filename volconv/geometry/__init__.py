"""Window arithmetic: whole numbers only, no array in sight."""

from volconv.geometry.axis import Centres
from volconv.geometry.field import ReceptiveField
from volconv.geometry.geometry import PADDINGS, Geometry, PaddingLike, PerDim
from volconv.geometry.interval import Interval, contains, relative
from volconv.geometry.mix import Mix, Part, Repeat, Share
from volconv.geometry.spreading import Spreading
from volconv.geometry.window import Window

__all__ = [
    "PADDINGS",
    "Centres",
    "Geometry",
    "Interval",
    "Mix",
    "PaddingLike",
    "Part",
    "PerDim",
    "ReceptiveField",
    "Repeat",
    "Share",
    "Spreading",
    "Window",
    "contains",
    "relative",
]
