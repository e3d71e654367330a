"""Operators of ONNX as steps of ours: a table, and a builder for each row.

A builder takes a node and returns a function that makes its step, once the sizes of
what it reads are known. Names and defaults of attributes are those of the ONNX operator
specification.
"""

from __future__ import annotations

from collections.abc import Mapping

from volconv.compute.cross_channel import LogSoftmax, Softmax
from volconv.network.axes import Builder
from volconv.network.cellwise import (
    batch_norm,
    clip,
    concat,
    gelu,
    joining,
    prelu,
)
from volconv.network.channels import local_response, over_channels, reduction
from volconv.network.functions import CELLWISE, activation, cast, power
from volconv.network.windowed import (
    average_pool,
    conv,
    conv_transpose,
    max_pool,
    pad,
    part,
    resize,
    split,
)
from volconv.steps.activations import (
    elu_step,
    leaky_relu_step,
    relu_step,
    sigmoid_step,
    tanh_step,
)
from volconv.steps.pointwise import abs_step, log_step, sqrt_step

__all__ = ["ALIASES", "OPERATORS"]

ALIASES = ("Identity", "Dropout")
"""Operators whose first output is their first input."""

OPERATORS: Mapping[str, Builder] = {
    "Conv": conv,
    "ConvTranspose": conv_transpose,
    "MaxPool": max_pool,
    "AveragePool": average_pool,
    "BatchNormalization": batch_norm,
    "Relu": activation(relu_step),
    "LeakyRelu": activation(leaky_relu_step, ("alpha", 0.01)),
    "Elu": activation(elu_step, ("alpha", 1.0)),
    "Sigmoid": activation(sigmoid_step),
    "Tanh": activation(tanh_step),
    "Gelu": gelu,
    "PRelu": prelu,
    **CELLWISE,
    "Abs": activation(abs_step),
    "Log": activation(log_step),
    "Sqrt": activation(sqrt_step),
    "Pow": power,
    "Cast": cast,
    "Softmax": over_channels("softmax", Softmax),
    "LogSoftmax": over_channels("log_softmax", LogSoftmax),
    "LRN": local_response,
    "ReduceMax": reduction("max"),
    "ReduceMin": reduction("min"),
    "ReduceMean": reduction("mean"),
    "ReduceSum": reduction("sum"),
    "ArgMax": reduction("argmax"),
    "ArgMin": reduction("argmin"),
    "Clip": clip,
    "Pad": pad,
    "Slice": part,
    "Split": split,
    "Resize": resize,
    "Upsample": resize,
    "Concat": concat,
    "Add": joining("add"),
    "Sum": joining("add"),
    "Sub": joining("subtract"),
    "Mul": joining("multiply"),
    "Div": joining("divide"),
    "Max": joining("maximum"),
    "Min": joining("minimum"),
}
"""The builder of each operator that is known."""
