"""The step `softmax`: each channel's share of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, cast

from volconv.boundary import Boundaries
from volconv.compute import softmax as functions
from volconv.geometry import Among, Geometry, Interval
from volconv.meta import ArrayMeta
from volconv.steps.block import BlockStep
from volconv.steps.channelwise import ChannelSettings
from volconv.steps.pointwise import float_numbers, real

__all__ = ["SoftmaxStep", "softmax_step"]


@dataclass(frozen=True, eq=False)
class SoftmaxStep(BlockStep):
    """A step whose channels are each made of all: see `BlockStep`."""

    def of_box(self, box: Sequence[Interval]) -> SoftmaxStep:
        """The step with the channels of a box: see `PlacedStep`."""
        operation = cast("functions.Softmax", self.operation)
        operation = operation.of_channels(box[operation.channel])
        return replace(self, operation=operation, geometry=self.windows_in(box))


class Softmax(ChannelSettings):
    """Each channel's share of all: exponentials over their sum."""

    step_name: ClassVar[str] = "softmax"

    def resolve(self, source: ArrayMeta) -> SoftmaxStep:
        """The step for an input."""
        return softmax_step(source, self.channel, self.dtype)


def softmax_step(
    meta: ArrayMeta, channel: str = "channel", dtype: object = None
) -> SoftmaxStep:
    """Each channel's share of all."""
    numbers = float_numbers(real(meta, "softmax"), dtype)
    meta.require([channel], "channel")
    channels = meta.sizes[channel]
    operation = functions.Softmax(
        meta.index(channel), channels, numbers.compute, numbers.target
    )
    window = Among.over(channels)
    return SoftmaxStep(
        "softmax",
        operation,
        Geometry(((channel, window),)),
        Boundaries(()),
        meta,
        replace(meta, dtype=numbers.target),
        None,
    )
