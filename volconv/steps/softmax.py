"""The step `softmax`: each channel's share of all."""

from __future__ import annotations

from typing import ClassVar

from volconv.compute.across import Softmax as Shares
from volconv.meta import ArrayMeta
from volconv.steps.across import AcrossStep, across_step
from volconv.steps.channelwise import ChannelSettings

__all__ = ["softmax_step"]


class Softmax(ChannelSettings):
    """Each channel's share of all: exponentials over their sum."""

    step_name: ClassVar[str] = "softmax"

    def resolve(self, source: ArrayMeta) -> AcrossStep:
        """The step for an input."""
        return softmax_step(source, self.channel, self.dtype)


def softmax_step(
    meta: ArrayMeta, channel: str = "channel", dtype: object = None
) -> AcrossStep:
    """Each channel's share of all."""
    return across_step("softmax", meta, Shares, channel, dtype)
