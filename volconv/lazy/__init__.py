"""Steps over Dask arrays: nothing is read before the user computes."""

from volconv.lazy.overlap import lazy_step

__all__ = ["lazy_step"]
