"""The input of a run, as its configuration names it."""

from __future__ import annotations

import logging

from volconv.config import Config
from volconv.errors import InputError
from volconv.geometry import Interval
from volconv.io import ZarrSource
from volconv.io.stored import Stored

__all__ = ["opened_input", "source_of"]

log = logging.getLogger(__name__)


def source_of(config: Config) -> ZarrSource:
    """The input of a configuration."""
    given = config.input
    dims = tuple(given.dims) if given.dims else None
    return ZarrSource(given.path, given.variable, dims)


def opened_input(source: ZarrSource) -> Stored:
    """The input, opened; what is to be said of it is logged.

    Raises
    ------
    InputError
        If it is not there, cannot be opened, or is one value.
    """
    stored = source.open()
    if not stored.meta.axes:
        raise InputError(
            f"input {source.path!r}",
            f"{stored.name!r}, one value without dimensions",
            "an array with a dimension at least",
            "name another one in input.variable",
        )
    for note in stored.notes:
        log.warning("note: input %s: %s", source.path, note)
    if all(stored.meta.shape) and not source.holds_chunks():
        log.warning(
            "note: input %s: no chunk of %r is stored: all its values are the fill "
            "value %s",
            source.path,
            stored.name,
            source.read((Interval(0, 1),) * len(stored.meta.axes)).item(),
        )
    return stored
