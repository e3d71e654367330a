"""Steps whose every output is made of all channels of its cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import cast

from volconv.boundary import Boundaries
from volconv.compute.cross_channel import CrossChannel, Reduction
from volconv.geometry import Among, Geometry, Interval, Mix
from volconv.meta import ArrayMeta
from volconv.steps.block import BlockStep
from volconv.steps.mix import MixStep, mixed_target
from volconv.steps.pointwise import float_numbers, real

__all__ = ["CrossChannelStep", "cross_channel_step", "reduction_step"]


@dataclass(frozen=True, eq=False)
class CrossChannelStep(BlockStep):
    """A step whose channels are each made of all: see `BlockStep`."""

    def of_box(self, box: Sequence[Interval]) -> CrossChannelStep:
        """The step with the channels of a box: see `VaryingStep`."""
        operation = cast("CrossChannel", self.operation)
        operation = operation.of_channels(box[operation.channel])
        return replace(self, operation=operation, geometry=self.windows_in(box))


def cross_channel_step(
    name: str,
    meta: ArrayMeta,
    function: Callable[[int, int, str, str], CrossChannel],
    channel: str,
    dtype: object = None,
) -> CrossChannelStep:
    """The step of a function that keeps the channels.

    Parameters
    ----------
    name : str
        The step's name.
    meta : ArrayMeta
        The input.
    function : callable
        Makes the operation of an axis, a number of channels, and dtypes of the
        arithmetic and of the outputs.
    channel : str
        The dimension of channels.
    dtype : dtype, optional
        Of the outputs.
    """
    numbers = float_numbers(real(meta, name), dtype)
    meta.require([channel], "channel")
    channels = meta.sizes[channel]
    operation = function(meta.index(channel), channels, numbers.compute, numbers.target)
    return CrossChannelStep(
        name,
        operation,
        Geometry(((channel, Among.over(channels)),)),
        Boundaries(()),
        meta,
        replace(meta, dtype=numbers.target),
        None,
    )


def reduction_step(name: str, meta: ArrayMeta, kind: str, channel: str) -> MixStep:
    """The step of one number of all channels of a cell, in one channel."""
    numbers = float_numbers(real(meta, name), None)
    meta.require([channel], "channel")
    channels = meta.sizes[channel]
    target = "int64" if "arg" in kind else numbers.target
    operation = Reduction(
        meta.index(channel), channels, numbers.compute, target, kind=kind
    )
    geometry = Geometry(((channel, Mix.of(channels, 1)),))
    made = mixed_target(meta, geometry, target)
    return MixStep(name, operation, geometry, Boundaries(()), meta, made, None)
