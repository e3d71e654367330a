"""``da.volconv`` and ``ds.volconv``."""

from volconv.accessor.accessor import Accessor

__all__ = ["Accessor"]
