"""Codecs of an output, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from volconv.steps.model import SettingsModel, WordedModel
from volconv.steps.onekey import OneKey

__all__ = ["Blosc", "Codec", "Gzip", "NoCodec", "Zstd", "codec_name"]


class Zstd(SettingsModel):
    """Zstandard, with a checksum of each chunk."""

    level: Annotated[int, Field(ge=-7, le=22, strict=True)] = 1
    """Compression level from -7, the fastest, to 22, the smallest."""


class Blosc(SettingsModel):
    """Blosc: shuffles the bytes of the cells before it compresses."""

    cname: Literal["lz4", "lz4hc", "blosclz", "zstd", "zlib"] = "zstd"
    """Compressor inside."""

    clevel: Annotated[int, Field(ge=0, le=9, strict=True)] = 5
    """Compression level from 0, none, to 9."""

    shuffle: Literal["noshuffle", "shuffle", "bitshuffle"] = "shuffle"
    """What is brought together before compression: nothing, bytes or bits."""


class Gzip(SettingsModel):
    """gzip, which carries a checksum itself."""

    level: Annotated[int, Field(ge=0, le=9, strict=True)] = 5
    """Compression level from 0, none, to 9."""


class NoCodec(SettingsModel):
    """Cells as they are, with a checksum of each chunk."""


CODECS: Mapping[str, type[WordedModel]] = {
    "zstd": Zstd,
    "blosc": Blosc,
    "gzip": Gzip,
    "none": NoCodec,
}
"""The codec of each name."""

Codec = Annotated[Zstd | Blosc | Gzip | NoCodec, OneKey(lambda: CODECS, "codec")]
"""A codec by name, with its settings where they are not the defaults."""


def codec_name(codec: Zstd | Blosc | Gzip | NoCodec) -> str:
    """The name that a configuration calls a codec by.

    Examples
    --------
    >>> codec_name(Gzip())
    'gzip'
    """
    return next(name for name, kind in CODECS.items() if isinstance(codec, kind))
