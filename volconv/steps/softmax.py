"""The step `softmax`: each channel's share of all."""

from __future__ import annotations

from typing import ClassVar

from volconv.compute.cross_channel import Softmax as Shares
from volconv.meta import ArrayMeta
from volconv.steps.channelwise import ChannelSettings
from volconv.steps.cross_channel import CrossChannelStep, cross_channel_step

__all__ = ["softmax_step"]


class Softmax(ChannelSettings):
    """Each channel's share of all: exponentials over their sum."""

    step_name: ClassVar[str] = "softmax"

    def resolve(self, source: ArrayMeta) -> CrossChannelStep:
        """The step for an input."""
        return softmax_step(source, self.channel, self.dtype)


def softmax_step(
    meta: ArrayMeta, channel: str = "channel", dtype: object = None
) -> CrossChannelStep:
    """Each channel's share of all."""
    return cross_channel_step("softmax", meta, Shares, channel, dtype)
