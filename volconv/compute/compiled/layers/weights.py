"""Weights of a layer as its inner loops read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from volconv.compute.compiled.layers import channels
from volconv.compute.compiled.llvm import jit

__all__ = ["PackedWeights", "evenly", "pack_weights"]

Array = NDArray[Any]


class PackedWeights(NamedTuple):
    """Weights of output channels of one group, as tiles of one width read them.

    Attributes
    ----------
    group : int
        The group.
    first : int
        The first of the channels.
    weights : ndarray, shape (blocks, taps, channels of a block)
        Of tap after tap the weights of all channels of a block.
    shift : int, bytes
        To where the outputs of these weights begin.
    """

    group: int
    first: int
    weights: Array
    shift: int = 0


def pack_weights(
    parts: Sequence[tuple[int, slice]], weights: Array, shift: int = 0
) -> list[PackedWeights]:
    """Weights as tiles read them.

    Parameters
    ----------
    parts : sequence of (int, slice)
        Groups, each with its output channels.
    weights : ndarray, shape (output channels, spread, input channels, *kernel)
        As in `ChannelCode`.
    shift : int
        As in `PackedWeights`.
    """
    spread = weights.shape[1]
    most = channels.most_channels(jit.host()) // spread
    found = []
    for group, outputs in parts:
        for start, stop, width in evenly(outputs.stop - outputs.start, most):
            first = outputs.start + start
            some = weights[first : outputs.start + stop]
            tiles = some.reshape((stop - start) // width, width * spread, -1)
            tiles = np.ascontiguousarray(tiles.transpose(0, 2, 1))
            found.append(PackedWeights(group, first, tiles, shift))
    return found


def evenly(count: int, most: int) -> list[tuple[int, int, int]]:
    """Channels in blocks of at most `most`, as even as can be: runs of one width.

    Examples
    --------
    >>> evenly(16, 6), evenly(12, 6)
    ([(0, 6, 6), (6, 16, 5)], [(0, 12, 6)])
    """
    blocks = -(-count // most)
    width, wider = divmod(count, blocks)
    edge = wider * (width + 1)
    runs = [(0, edge, width + 1), (edge, count, width)]
    return [run for run in runs if run[0] < run[1]]
