"""A rectifier that the layer before it does: where it may, and with the same bits."""

import numpy as np
import pytest
import xarray as xr

import volconv
from tests.oracle import same_bits
from volconv.geometry import Interval
from volconv.meta import ArrayMeta, Axis
from volconv.steps import WindowOptions, compute_box
from volconv.steps.activations import leaky_relu_step, relu_step
from volconv.steps.cellwise import join_step
from volconv.steps.conv import conv_step
from volconv.steps.conv_transpose import Moves, conv_transpose_step
from volconv.steps.layer import LayerOptions
from volconv.steps.pipeline import Node, wired
from volconv.steps.ranges import clip_step

META = ArrayMeta((Axis("channel", 6), Axis("y", 12), Axis("x", 20)), "float32")
BOX = (Interval(1, 5), Interval(2, 10), Interval(0, 18))


def cells(seed=0):
    found = np.random.default_rng(seed).standard_normal((6, 12, 20), "float32")
    found[2, 5, 5] = np.nan
    return found


def layer(meta=META, options=None):
    weights = np.random.default_rng(1).standard_normal((6, 6, 3, 3))
    options = options or WindowOptions(padding=1)
    return conv_step(meta, weights, np.arange(-3.0, 3), LayerOptions(), options)


def read_of(values):
    return lambda box: values[tuple(side.slice for side in box)]


def after(step, values, box=None):
    """What a step alone makes of the result of a layer."""
    (pipeline,) = [wired([Node(step, (0,))])]
    box = box or tuple(Interval(0, size) for size in step.target.shape)
    return compute_box(pipeline, box, read_of(values))


def whole_of(step):
    return tuple(Interval(0, size) for size in step.target.shape)


@pytest.mark.parametrize(
    "rectifier", [relu_step, lambda meta: clip_step(meta, 0.5, None)]
)
def test_the_layer_does_it_with_the_bits_of_both(rectifier):
    first = layer()
    second = rectifier(first.target)
    pipeline = wired([Node(first, (0,)), Node(second, (1,))])
    assert list(pipeline.floors) == [1]
    alone = after(first, cells())
    expected = after(second, alone)
    for box in (whole_of(second), BOX):
        found = compute_box(pipeline, box, read_of(cells()))
        assert same_bits(found, expected[tuple(side.slice for side in box)])


def test_the_layer_has_no_result_of_its_own_unless_it_is_wanted():
    first = layer()
    second = relu_step(first.target)
    third = layer(second.target)
    steps = (first, second, third)
    pipeline = wired([Node(step, (n,)) for n, step in enumerate(steps)])
    own = [(0, 0, 1), (2, 1, 3), (3, 3, 3)]  # step, from when, until when
    assert list(pipeline.results({3})) == own
    apart = [(0, 0, 1), (1, 1, 3), (2, 2, 3), (3, 3, 3)]
    assert list(pipeline.results({1, 3})) == apart


def test_its_result_goes_where_that_of_the_rectifier_was_to_go():
    first = layer()
    second = relu_step(first.target)
    pipeline = wired([Node(first, (0,)), Node(second, (1,))])
    out = np.empty(second.target.shape, "float32")
    found = pipeline.compute({2: whole_of(second)}, read_of(cells()), {2: out})[2]
    assert np.shares_memory(found, out)
    assert same_bits(out, after(second, after(first, cells())))


def test_transposed_layers_do_it_too_where_no_cell_is_spread_as_well():
    weights = np.random.default_rng(1).standard_normal((6, 2, 2, 2))
    first = conv_transpose_step(
        META, weights, [-1.0, 2.0], LayerOptions(), Moves(3), WindowOptions()
    )
    second = relu_step(first.target)
    pipeline = wired([Node(first, (0,)), Node(second, (1,))])
    assert list(pipeline.floors) == [1]
    found = compute_box(pipeline, whole_of(second), read_of(cells()))
    expected = after(second, after(first, cells()))
    assert same_bits(found, expected)
    assert (found == 2).any()


def test_a_result_that_others_read_or_that_is_wanted_stays_as_it_is():
    first = layer()
    second = relu_step(first.target)
    third = join_step("subtract", [second.target, first.target], None)
    branches = wired([Node(first, (0,)), Node(second, (1,)), Node(third, (2, 1))])
    assert not branches.floors
    expected = after(first, cells())
    found = compute_box(branches, whole_of(third), read_of(cells()))
    assert same_bits(found, after(second, expected) - expected)

    pipeline = wired([Node(first, (0,)), Node(second, (1,))])
    wanted = {1: whole_of(first), 2: whole_of(second)}
    both = pipeline.compute(wanted, read_of(cells()))
    assert same_bits(both[1], expected)
    assert same_bits(both[2], after(second, expected))


def test_other_steps_and_other_dtypes_are_done_by_themselves():
    first = layer()
    for step in (
        leaky_relu_step(first.target, 0.1),
        clip_step(first.target, 0, 1),
        clip_step(first.target, None, 1),
        relu_step(first.target, "float64"),
    ):
        assert not wired([Node(first, (0,)), Node(step, (1,))]).floors
    half = layer(options=WindowOptions(padding=1, dtype="float16"))
    assert not wired([Node(half, (0,)), Node(relu_step(half.target), (1,))]).floors
    assert not wired([Node(relu_step(META), (0,))]).floors


def test_a_network_has_the_bits_of_its_layers_one_by_one(tmp_path):
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = np.random.default_rng(1).standard_normal((4, 6, 3, 3)).astype("float32")
    nodes = [
        helper.make_node("Conv", ["in", "w"], ["a"], pads=[1] * 4),
        helper.make_node("Relu", ["a"], ["b"]),
    ]
    sizes = [1, 6, "y", "x"]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("in", TensorProto.FLOAT, sizes)],
        [helper.make_tensor_value_info("b", TensorProto.FLOAT, sizes)],
        [numpy_helper.from_array(weights, "w")],
    )
    path = tmp_path / "net.onnx"
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9
    )
    onnx.save(model, path)
    data = xr.DataArray(cells(), dims=("channel", "y", "x"))
    found = volconv.onnx(data, path)
    expected = volconv.relu(volconv.conv(data, weights, padding=1))
    assert same_bits(found.values, expected.values)
