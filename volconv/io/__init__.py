"""Paths and stores: the only place that reads and writes files of volumes."""

from volconv.io.objects import is_url
from volconv.io.source import ZarrSource

__all__ = ["ZarrSource", "is_url"]
