"""Paths and stores: the only place that reads and writes files of volumes."""

from volconv.io.source import ZarrSource, is_url

__all__ = ["ZarrSource", "is_url"]
