"""The method of a network from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from volconv import api
from volconv.accessor.methods import Labelled, Methods

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Networks"]


class Networks(Methods[Labelled]):
    """The function of networks, as methods."""

    def onnx(
        self,
        path: str | Path,
        *,
        channel: str = "channel",
        dims: api.Dims | None = None,
        output: str | None = None,
        keep_attrs: bool | None = None,
    ) -> Labelled:
        """A network in an ONNX file, its nodes as steps: `volconv.onnx`."""
        return api.onnx(
            self.data,
            path,
            channel=channel,
            dims=dims,
            output=output,
            keep_attrs=keep_attrs,
        )
