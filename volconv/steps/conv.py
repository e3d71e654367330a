"""The step `conv`: a convolution layer, as `torch.nn.functional.conv3d` and its kin."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from volconv.meta import ArrayMeta
from volconv.steps.correlate import Weights
from volconv.steps.fields import Count
from volconv.steps.files import OrFile
from volconv.steps.layer import (
    Biases,
    LayerEngineName,
    LayerOptions,
    layer_of,
    weights_of,
)
from volconv.steps.mix import MixStep, mixed_target
from volconv.steps.options import WindowOptions, windows_of
from volconv.steps.window_settings import DilatedSettings

__all__ = ["Conv", "conv_step"]


class Conv(DilatedSettings):
    """A convolution layer: input channels mixed into output channels."""

    step_name: ClassVar[str] = "conv"

    weight: OrFile[Weights]
    """Output channels, input channels of a group, kernel: lists, or {path: net.npz}."""

    bias: OrFile[Biases] | None = None
    """What is added, a number for each output channel."""

    channel: str = "channel"
    """The dimension of channels."""

    groups: Count = 1
    """Parts into which channels are divided; each output channel reads one of them."""

    engine: LayerEngineName = "auto"
    """The arithmetic: auto, direct or reference."""

    def resolve(self, source: ArrayMeta) -> MixStep:
        """The step for an input."""
        layer = LayerOptions(self.channel, self.dims, self.groups)
        return conv_step(source, self.weight, self.bias, layer, self.options())


def conv_step(
    meta: ArrayMeta,
    weight: object,
    bias: object,
    layer: LayerOptions,
    options: WindowOptions,
) -> MixStep:
    """A convolution layer.

    Parameters
    ----------
    meta : ArrayMeta
        The input.
    weight : array_like, shape (output channels, input channels of a group, *kernel)
        The weights.
    bias : array_like, shape (output channels,), optional
        What is added.
    layer : LayerOptions
        Channels and groups.
    options : WindowOptions
        What the user says of stride, padding and the rest.

    Raises
    ------
    KernelError
        If weights, bias, groups and channels do not fit each other.
    DimError
        If a dimension is not there.
    VolconvError
        As for `windows_of`.
    """
    found = layer_of(meta, weights_of(weight), bias, layer)
    windows, boundaries = windows_of(meta, found.sizes, options)
    strides = windows.strides()
    dilations = {dim: window.dilation for dim, window in windows}
    held = replace(options, fill_value=boundaries.fill_value)
    operation = found.convolution("conv", strides, dilations, held)
    geometry = found.mixing(windows)
    target = mixed_target(meta, geometry, operation.target)
    return MixStep("conv", operation, geometry, boundaries, meta, target, None)
