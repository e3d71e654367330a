"""Paths and stores: the only place that reads and writes files of volumes."""

from volconv.io.folder import way_to
from volconv.io.opened import opened
from volconv.io.source import ZarrSource
from volconv.io.store import opened_for_encoding

__all__ = ["ZarrSource", "forget_opened"]


def forget_opened() -> None:
    """Open each store anew: another run may have made another array at its path.

    The tasks of a run share what a process has opened; a worker of a cluster lives on
    through many runs.
    """
    opened.cache_clear()
    opened_for_encoding.cache_clear()
    way_to.cache_clear()
