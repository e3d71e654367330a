"""ONNX graphs of published networks, from their published layer lists.

Channels are few and weights are zeros: only windows, strides and paddings count here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper


@dataclass
class Builder:
    """A graph under construction; layers are known by what they make."""

    channels: int = 1
    dtype: int = TensorProto.FLOAT
    nodes: list[Any] = field(default_factory=list)
    tensors: list[Any] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)

    def node(self, op, inputs, name=None, **attributes):
        name = name or f"{op.lower()}_{next(self.numbers)}"
        self.nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name

    def constant(self, values):
        name = f"constant_{next(self.numbers)}"
        self.tensors.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def conv(self, x, size, name=None, stride=1, padding=0, group=1, inputs=1):
        rows, columns = size if isinstance(size, tuple) else (size, size)
        weight = self.constant(np.zeros((1, inputs, rows, columns), np.float32))
        conv = self.node("Conv", [x, weight], group=group, **moves(2, stride, padding))
        return self.node("Relu", [conv], name)

    def pool(self, x, size, name=None, stride=1, padding=0, op="MaxPool"):
        shape = {"kernel_shape": [size, size]}
        return self.node(op, [x], name, **shape, **moves(2, stride, padding))

    def model(self, output, sizes):
        value = helper.make_tensor_value_info
        graph = helper.make_graph(
            self.nodes,
            "network",
            [value("image", self.dtype, [1, self.channels, *sizes])],
            [value(output, self.dtype, None)],
            self.tensors,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def moves(axes, stride, padding):
    found: dict[str, Any] = {"strides": [stride] * axes}
    if padding == "same":
        found["auto_pad"] = "SAME_UPPER"
    else:
        found["pads"] = [padding] * 2 * axes
    return found


def alexnet(sizes):
    """Krizhevsky 2014, "One weird trick for parallelizing CNNs", as slim has it."""
    net = Builder()
    x = net.conv("image", 11, "alexnet_v2/conv1", stride=4)
    x = net.pool(x, 3, "alexnet_v2/pool1", stride=2)
    x = net.conv(x, 5, "alexnet_v2/conv2", padding="same")
    x = net.pool(x, 3, "alexnet_v2/pool2", stride=2)
    for number in (3, 4, 5):
        x = net.conv(x, 3, f"alexnet_v2/conv{number}", padding="same")
    return net.model(net.pool(x, 3, "alexnet_v2/pool5", stride=2), sizes)


def vgg(name, repeats, sizes):
    """Simonyan & Zisserman 2014, table 1."""
    net, x = Builder(), "image"
    for block, repeat in enumerate(repeats, start=1):
        for number in range(1, repeat + 1):
            x = net.conv(x, 3, f"{name}/conv{block}/conv{block}_{number}", padding=1)
        x = net.pool(x, 2, f"{name}/pool{block}", stride=2)
    return net.model(x, sizes)


def resnet(name, units, sizes):
    """He et al. 2015, table 1, with strides in the last unit of a block, as slim has it."""
    net = Builder()
    x = net.conv("image", 7, stride=2, padding=3)
    x = net.pool(x, 3, stride=2, padding="same")
    for block, repeat in enumerate(units, start=1):
        for unit in range(1, repeat + 1):
            stride = 2 if unit == repeat and block < len(units) else 1
            branch = net.conv(x, 1)
            branch = net.conv(branch, 3, stride=stride, padding=1)
            branch = net.conv(branch, 1)
            short = net.pool(x, 1, stride=stride) if stride > 1 else x
            last = f"{name}/block{block}" if unit == repeat else None
            x = net.node("Add", [short, branch], last)
    return net.model(x, sizes)


def mobilenet(sizes):
    """Howard et al. 2017, table 1."""
    net = Builder()
    x = net.conv("image", 3, "Conv2d_0", stride=2, padding="same")
    for number, stride in enumerate([1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1], start=1):
        x = net.conv(x, 3, stride=stride, padding="same")
        x = net.conv(x, 1, f"Conv2d_{number}_pointwise")
    return net.model(x, sizes)


def inception_v2(sizes):
    """Ioffe & Szegedy 2015, figure 5, as slim has it."""
    net = Builder()
    x = net.conv("image", 7, "Conv2d_1a_7x7", stride=2, padding="same")
    x = net.pool(x, 3, "MaxPool_2a_3x3", stride=2, padding="same")
    x = net.conv(x, 1, "Conv2d_2b_1x1")
    x = net.conv(x, 3, "Conv2d_2c_3x3", padding="same")
    x = net.pool(x, 3, "MaxPool_3a_3x3", stride=2, padding="same")
    for name in ("3b", "3c", "4a", "4b", "4c", "4d", "4e", "5a", "5b", "5c"):
        stride = 2 if name in ("4a", "5a") else 1
        one = net.conv(net.conv(x, 1), 3, stride=stride, padding="same")
        two = net.conv(net.conv(x, 1), 3, padding="same")
        two = net.conv(two, 3, stride=stride, padding="same")
        pool = net.pool(x, 3, stride=stride, padding="same")
        paths = [one, two, pool]
        if stride == 1:
            paths = [net.conv(x, 1), one, two, net.conv(pool, 1)]
        x = net.node("Concat", paths, f"Mixed_{name}", axis=1)
    return net.model(x, sizes)


def inception_v3(sizes):
    """Szegedy et al. 2015, table 1 and figures 5 to 7 and 10, as slim has it."""
    net = Builder()
    x = net.conv("image", 3, "Conv2d_1a_3x3", stride=2)
    x = net.conv(x, 3, "Conv2d_2a_3x3")
    x = net.conv(x, 3, "Conv2d_2b_3x3", padding="same")
    x = net.pool(x, 3, "MaxPool_3a_3x3", stride=2)
    x = net.conv(x, 1, "Conv2d_3b_1x1")
    x = net.conv(x, 3, "Conv2d_4a_3x3")
    x = net.pool(x, 3, "MaxPool_5a_3x3", stride=2)

    def path(x, *sizes):
        for size in sizes:
            x = net.conv(x, size, padding="same")
        return x

    def mixed(name, *paths):
        return net.node("Concat", list(paths), f"Mixed_{name}", axis=1)

    def averaged(x):
        return net.conv(net.pool(x, 3, padding="same", op="AveragePool"), 1)

    for name in ("5b", "5c", "5d"):
        x = mixed(name, path(x, 1), path(x, 1, 5), path(x, 1, 3, 3), averaged(x))
    two = net.conv(path(x, 1, 3), 3, stride=2)
    x = mixed("6a", net.conv(x, 3, stride=2), two, net.pool(x, 3, stride=2))
    for name in ("6b", "6c", "6d", "6e"):
        one = path(x, 1, (1, 7), (7, 1))
        two = path(x, 1, (7, 1), (1, 7), (7, 1), (1, 7))
        x = mixed(name, path(x, 1), one, two, averaged(x))
    one = net.conv(path(x, 1), 3, stride=2)
    two = net.conv(path(x, 1, (1, 7), (7, 1)), 3, stride=2)
    x = mixed("7a", one, two, net.pool(x, 3, stride=2))
    for name in ("7b", "7c"):
        one = path(x, 1)
        two = path(x, 1, 3)
        forks = [path(fork, size) for fork in (one, two) for size in ((1, 3), (3, 1))]
        x = mixed(name, path(x, 1), *forks, averaged(x))
    return net.model(x, sizes)
