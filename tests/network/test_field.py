"""Receptive fields of published networks, read from ONNX files.

Numbers are those of RECEPTIVE_FIELD_TABLE.md of google-research/receptive_field
(Apache-2.0): Araujo, Norris & Sim 2019, "Computing Receptive Fields of Convolutional
Neural Networks".
"""

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

from tests.network import zoo
from tests.network.zoo import Builder, moves
from volconv.errors import GeometryError, InputError
from volconv.geometry import Window
from volconv.network import graph_layers, read_graph, spatial_dims
from volconv.plan.field import receptive_fields

NETWORKS = {
    "alexnet_v2": zoo.alexnet,
    "vgg_a": lambda sizes: zoo.vgg("vgg_a", (1, 1, 2, 2, 2), sizes),
    "vgg_16": lambda sizes: zoo.vgg("vgg_16", (2, 2, 3, 3, 3), sizes),
    "resnet_v1_50": lambda sizes: zoo.resnet("resnet_v1_50", (3, 4, 6, 3), sizes),
    "resnet_v1_152": lambda sizes: zoo.resnet("resnet_v1_152", (3, 8, 36, 3), sizes),
    "inception_v2": zoo.inception_v2,
    "inception_v3": zoo.inception_v3,
    "mobilenet_v1": zoo.mobilenet,
}
"""Networks of the table, each built for some sizes of its input."""

TABLE = [
    (
        "alexnet_v2",
        224,
        {"alexnet_v2/conv1": (11, 4, 0), "alexnet_v2/pool5": (195, 32, 64)},
    ),
    ("vgg_a", 224, {"vgg_a/pool1": (4, 2, 1), "vgg_a/pool5": (150, 32, 59)}),
    ("vgg_16", 321, {"vgg_16/pool3": (44, 8, 18), "vgg_16/pool5": (212, 32, 90)}),
    (
        "resnet_v1_50",
        224,
        {"resnet_v1_50/block1": (35, 8, 15), "resnet_v1_50/block4": (483, 32, 239)},
    ),
    (
        "resnet_v1_50",
        321,
        {"resnet_v1_50/block2": (99, 16, 49), "resnet_v1_50/block4": (483, 32, 241)},
    ),
    (
        "resnet_v1_152",
        224,
        {
            "resnet_v1_152/block3": (1315, 32, 655),
            "resnet_v1_152/block4": (1507, 32, 751),
        },
    ),
    ("inception_v2", 224, {"Mixed_4a": (123, 16, 46), "Mixed_5c": (699, 32, 318)}),
    ("inception_v2", 321, {"Mixed_4a": (123, 16, 61), "Mixed_5c": (699, 32, 349)}),
    ("inception_v3", 224, {"Mixed_5b": (63, 8, 18), "Mixed_7c": (1311, 32, 618)}),
    (
        "mobilenet_v1",
        224,
        {"Conv2d_0": (3, 2, 0), "Conv2d_13_pointwise": (315, 32, 126)},
    ),
    (
        "mobilenet_v1",
        321,
        {"Conv2d_6_pointwise": (59, 16, 29), "Conv2d_13_pointwise": (315, 32, 157)},
    ),
]


def seen_in(model, folder, **sizes):
    onnx.save(model, folder / "network.onnx")
    graph = read_graph(folder / "network.onnx")
    dims = spatial_dims(graph, sizes)
    return {
        one.layer.name: one
        for one in receptive_fields(graph_layers(graph, dims), list(dims))
    }


def numbers(field):
    return field.size, field.jump, field.padding


@pytest.mark.parametrize(("network", "size", "published"), TABLE)
def test_fields_are_those_of_the_published_table(network, size, published, tmp_path):
    seen = seen_in(NETWORKS[network]((size, size)), tmp_path)
    for name, expected in published.items():
        fields = seen[name].fields
        assert {dim: numbers(field) for dim, field in fields.items()} == {
            "y": expected,
            "x": expected,
        }


def cells_read(layers, place, output, dim):
    """Input cells that an output of a place sees, by going back through every layer."""
    if place == 0:
        return {output}
    layer = layers[place - 1]
    window = layer.windows.get(dim, Window(1))
    start = output * window.stride - window.padding[0]
    taps = [start + tap * window.dilation for tap in range(window.size)]
    found = set()
    for source in layer.inputs:
        for cell in taps:
            found |= cells_read(layers, source, cell, dim)
    return found


def test_a_field_holds_what_an_output_reads_through_all_paths(tmp_path):
    net = Builder()
    x = net.conv("image", 3, stride=2, padding=1)
    one = net.pool(x, 2, stride=2)
    two = net.conv(net.conv(x, (1, 4), padding=1), 5, stride=2, padding=2)
    model = net.model(net.node("Concat", [one, two, two], "join", axis=1), (64, 64))
    onnx.save(model, tmp_path / "network.onnx")
    graph = read_graph(tmp_path / "network.onnx")
    layers = graph_layers(graph, spatial_dims(graph, {}))
    last = receptive_fields(layers, ["y", "x"])[-1]
    for dim, field in last.fields.items():
        for output in (0, 3):
            read = cells_read(layers, len(layers), output, dim)
            first = output * field.jump - field.padding
            assert (first, first + field.size - 1) == (min(read), max(read))
    assert last.apart == {"y": 3}


def test_sizes_are_those_that_onnx_infers(tmp_path):
    model = zoo.inception_v3((299, 224))
    inferred = onnx.shape_inference.infer_shapes(model)
    shapes = {
        one.name: [axis.dim_value for axis in one.type.tensor_type.shape.dim]
        for one in inferred.graph.value_info
    }
    seen = seen_in(model, tmp_path)
    assert len(shapes) > 200
    for name, shape in shapes.items():
        assert list(seen[name].layer.sizes.values()) == shape[2:]


@pytest.mark.parametrize("cells", range(4, 12))
@pytest.mark.parametrize(
    ("size", "stride", "padding"), [(2, 2, 0), (3, 2, 1), (3, 4, 1), (2, 3, 0)]
)
def test_windows_cut_short_are_counted_as_onnx_counts_them(
    cells, size, stride, padding, tmp_path
):
    net = Builder()
    net.node(
        "MaxPool",
        ["image"],
        "pool",
        kernel_shape=[size, size],
        ceil_mode=1,
        **moves(2, stride, padding),
    )
    model = net.model("pool", (cells, cells))
    image = np.zeros((1, 1, cells, cells), np.float32)
    (found,) = ReferenceEvaluator(model).run(None, {"image": image})
    sizes = seen_in(model, tmp_path)["pool"].layer.sizes
    assert tuple(sizes.values()) == found.shape[2:]


def test_what_may_see_all_has_no_field_nor_has_what_reads_it(tmp_path):
    net = Builder()
    x = net.conv("image", 3)
    whole = net.node("GlobalAveragePool", [x], "whole")
    net.node("Mul", [x, whole], "scaled")
    seen = seen_in(net.model("scaled", (8, 8)), tmp_path)
    assert [seen[name].fields for name in ("whole", "scaled")] == [None, None]


def test_a_pad_moves_the_field(tmp_path):
    net = Builder()
    pads = net.constant(np.array([0, 0, 1, 2, 0, 0, 3, 4]))
    x = net.conv(net.node("Pad", ["image", pads]), 3)
    seen = seen_in(net.model(x, (8, 8)), tmp_path)[x]
    assert {dim: field.padding for dim, field in seen.fields.items()} == {
        "y": 1,
        "x": 2,
    }
    assert seen.layer.sizes == {"y": 10, "x": 12}


def test_a_padding_that_depends_on_an_unknown_size_is_told(tmp_path):
    with pytest.raises(GeometryError, match=r"same_upper with stride 2 .* --size"):
        seen_in(zoo.mobilenet((None, None)), tmp_path)
    assert seen_in(zoo.mobilenet((None, None)), tmp_path, y=224, x=224)


def test_paths_of_different_strides_are_told_with_the_layer(tmp_path):
    net = Builder()
    model = net.model(
        net.node("Add", ["image", net.pool("image", 1, stride=2)], "sum"), (1, 1)
    )
    with pytest.raises(
        GeometryError, match="meet in 'sum', along 'y': got strides 1 and 2"
    ):
        seen_in(model, tmp_path)


def test_a_file_of_another_kind_is_told(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_graph(tmp_path / "none.onnx")
    (tmp_path / "text.onnx").write_text("no network")
    with pytest.raises(InputError, match="another format"):
        read_graph(tmp_path / "text.onnx")
