"""Steps over Dask arrays: nothing is read before the user computes."""

from volconv.lazy.join import lazy_join
from volconv.lazy.overlap import lazy_step

__all__ = ["lazy_join", "lazy_step"]
