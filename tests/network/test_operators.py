"""Operators of networks against runs by the reference evaluator, and formulas."""

import numpy as np
import onnx
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx.reference import ReferenceEvaluator

import volconv
from tests.network import published
from tests.network.published import close
from tests.network.zoo import Builder
from tests.oracle import same_bits
from tests.run.conftest import prepared
from volconv.errors import KindError
from volconv.network import graph_layers, read_graph
from volconv.network.functions import CELLWISE
from volconv.run.runner import run_plan

WIDE = (1e-12, 1e-12)
"""float64 cells: a few roundings in another order."""


def same_as_elsewhere(model, image, chunks, tolerance=WIDE):
    """Refuse a network that is another one elsewhere, or whose chunks show."""
    path = f"{published.scratch()}/operators.onnx"
    onnx.save(model, path)
    with np.errstate(all="ignore"):
        (expected,) = ReferenceEvaluator(model).run(None, {"image": image})
    data = xr.DataArray(image[0], dims=("channel", "y", "x"))
    found = volconv.onnx(data, path)
    close(found.values, expected[0], tolerance)
    by_dim = dict(zip(data.dims, chunks, strict=True))
    lazy = volconv.onnx(data.chunk(by_dim), path)
    assert lazy.chunks is not None
    assert same_bits(lazy.compute(scheduler="sync").values, found.values)
    return found


CHUNKS = st.tuples(st.integers(1, 4), st.integers(2, 9), st.integers(2, 9))


@settings(max_examples=40)
@given(st.sampled_from(sorted(CELLWISE)), st.integers(0, 99), CHUNKS)
def test_functions_of_cells_are_those_of_elsewhere(op, seed, chunks):
    random = np.random.default_rng(seed)
    net = Builder(3, dtype=onnx.TensorProto.DOUBLE)
    image = random.standard_normal((1, 3, 5, 7)) * 3
    image[0, 0, 0, :3] = [0, -40, 40]
    if op == "Reciprocal":
        image[image == 0] = 1
    model = net.model(net.node(op, ["image"]), (5, 7))
    model.opset_import[0].version = 24
    # the evaluator has constants of Selu and others in float32, and a sum of HardSwish
    amount = 1e-6 if op == "HardSwish" else 1e-12
    same_as_elsewhere(model, image, chunks, (1e-6, amount))


class Net(Builder):
    """A network of one operator, drawn."""

    KINDS = (
        *("cut", "split", "around", "reduced", "place", "finer", "spread"),
        *("with_one", "power", "cast"),
    )

    def __init__(self, draw):
        super().__init__(draw(st.integers(1, 5)), dtype=onnx.TensorProto.DOUBLE)
        self.draw = draw
        self.sizes = (draw(st.integers(3, 9)), draw(st.integers(3, 9)))
        self.random = np.random.default_rng(draw(st.integers(0, 99)))

    def cut(self):
        axis = self.draw(st.sampled_from([1, 2, 3, -1, -2, -3]))
        cells = (1, self.channels, *self.sizes)[axis]
        start = self.draw(st.integers(-cells, cells - 1))
        stop = self.draw(st.integers(start % cells + 1, cells + 3))
        ends = [self.constant(np.array([one])) for one in (start, stop, axis)]
        return self.node("Slice", ["image", *ends])

    def split(self):
        counts = self.draw(st.integers(1, self.channels))
        sizes = np.array([counts, self.channels - counts])
        if not sizes[1]:
            return self.node("Split", ["image"], axis=1, num_outputs=1)
        name = self.node("Split", ["image", self.constant(sizes)], axis=1)
        self.nodes[-1].output.append("rest")
        return "rest" if self.draw(st.booleans()) else name

    def around(self):
        pads = self.constant(np.array([1, 2, 0, 1]))
        axes = self.constant(np.array([-1, 2]))
        fill = self.constant(np.array(0.5))
        return self.node("Pad", ["image", pads, fill, axes])

    def reduced(self):
        op = self.draw(st.sampled_from(["ReduceMax", "ReduceMin", "ReduceMean"]))
        return self.node(op, ["image", self.constant(np.array([1]))])

    def place(self):
        op = self.draw(st.sampled_from(["ArgMax", "ArgMin"]))
        return self.node(op, ["image"], axis=1)

    def finer(self):
        by = [self.draw(st.integers(1, 3)) for _ in range(2)]
        sizes = np.array(
            [1, self.channels, *(n * b for n, b in zip(self.sizes, by, strict=True))]
        )
        mode = self.draw(st.sampled_from(["nearest", "linear"]))
        where = self.draw(st.sampled_from(["half_pixel", "half_pixel_symmetric"]))
        return self.node(
            "Resize",
            ["image", "", "", self.constant(sizes)],
            mode=mode,
            coordinate_transformation_mode=where,
        )

    def spread(self):
        shape = (1, self.channels, 1, 1)
        weight = self.constant(self.random.standard_normal(shape))
        gate = self.node("Sigmoid", [self.node("Conv", ["image", weight])])
        pair = [gate, "image"] if self.draw(st.booleans()) else ["image", gate]
        return self.node(self.draw(st.sampled_from(["Mul", "Sub", "Max"])), pair)

    def with_one(self):
        op = self.draw(st.sampled_from(["Add", "Sub", "Mul", "Div", "Max", "Min"]))
        shape = self.draw(st.sampled_from([(), (self.channels, 1, 1)]))
        other = self.constant(self.random.standard_normal(shape))
        return self.node(op, self.draw(st.permutations(["image", other])))

    def power(self):
        by = self.draw(st.sampled_from([2.0, 3.0, 0.5, -1.0]))
        size = self.node("Abs", ["image"])
        return self.node("Pow", [size, self.constant(np.array(by))])

    def cast(self):
        to = self.draw(st.sampled_from(["INT8", "BOOL", "FLOAT", "INT64", "DOUBLE"]))
        return self.node("Cast", ["image"], to=onnx.TensorProto.DataType.Value(to))


@settings(max_examples=60)
@given(st.data(), st.sampled_from(Net.KINDS), CHUNKS)
def test_operators_are_those_of_elsewhere_whatever_the_chunks(data, kind, chunks):
    net = Net(data.draw)
    image = net.random.standard_normal((1, net.channels, *net.sizes)) * 3
    image[image == 0] = 1
    model = net.model(getattr(net, kind)(), net.sizes)
    model.opset_import[0].version = 18
    found = same_as_elsewhere(
        model,
        image,
        chunks,
    )
    if kind == "cast":
        assert found.dtype != np.float64 or "elem_type: 11" in str(model)


@settings(max_examples=10)
@given(st.integers(1, 6), st.integers(1, 5))
def test_a_local_response_is_its_formula_around_each_channel(size, channels):
    # the reference evaluator leaves out channels beyond the number of batches
    net = Builder(channels, dtype=onnx.TensorProto.DOUBLE)
    node = net.node("LRN", ["image"], size=size, alpha=0.5, beta=0.5, bias=2.0)
    path = f"{published.scratch()}/response.onnx"
    onnx.save(net.model(node, (2, 3)), path)
    cells = np.random.default_rng(1).standard_normal((channels, 2, 3)) * 3
    found = volconv.onnx(xr.DataArray(cells, dims=("channel", "y", "x")), path)
    for place in range(channels):
        first, last = place - (size - 1) // 2, place + size // 2
        around = [cells[c] ** 2 for c in range(channels) if first <= c <= last]
        expected = cells[place] / np.sqrt(2 + 0.5 / size * sum(around))
        close(found.values[place], expected, WIDE)


def test_negative_pads_take_cells_away(tmp_path):
    net = Builder()
    pads = net.constant(np.array([0, 0, -1, 0, 0, 0, -2, -1]))
    onnx.save(
        net.model(net.node("Pad", ["image", pads]), (6, 5)), tmp_path / "net.onnx"
    )
    data = xr.DataArray(np.arange(30.0).reshape(1, 6, 5), dims=("channel", "y", "x"))
    found = volconv.onnx(data, tmp_path / "net.onnx")
    assert same_bits(found.values, data.values[:, 1:4, :4])


def test_a_map_of_labels_has_one_channel(tmp_path):
    net = Builder(4)
    label = net.node("ArgMax", ["image"], axis=1, keepdims=0)
    small = net.node("Cast", [label], to=onnx.TensorProto.UINT8)
    onnx.save(net.model(small, (5, 6)), tmp_path / "net.onnx")
    data = xr.DataArray(
        np.random.default_rng(0).random((4, 5, 6), "f4"), dims=("channel", "y", "x")
    )
    found = volconv.onnx(data, tmp_path / "net.onnx")
    assert found.dtype == np.uint8
    assert (found.isel(channel=0).values == data.argmax("channel").values).all()
    weight = net.constant(np.ones((1, 1, 1, 1), "f4"))
    onnx.save(net.model(net.node("Conv", [label, weight]), (5, 6)), tmp_path / "b.onnx")
    with pytest.raises(
        KindError, match="ArgMax 'argmax_0': got keepdims 0, after which"
    ):
        volconv.onnx(data, tmp_path / "b.onnx")


@pytest.mark.parametrize("opset", [11, 12])
def test_a_softmax_of_older_opsets_is_over_all_cells_and_refused(opset, tmp_path):
    net = Builder(2)
    model = net.model(net.node("Softmax", ["image"], "it", axis=1), (5, 6))
    model.opset_import[0].version = opset
    onnx.save(model, tmp_path / "net.onnx")
    data = xr.DataArray(np.zeros((2, 5, 6), "f4"), dims=("channel", "y", "x"))
    match = (
        f"axis 1 of opset {opset}, which goes over all axes from that one on; .*later"
    )
    with pytest.raises(KindError, match=match):
        volconv.onnx(data, tmp_path / "net.onnx")


@pytest.mark.parametrize("op", ["Softmax", "LogSoftmax"])
@pytest.mark.parametrize("opset", [11, 12, 13])
def test_a_softmax_between_turned_axes_is_over_channels(op, opset):
    # as PyTorch writes it for older opsets
    random = np.random.default_rng(0)
    net = Builder(3, dtype=onnx.TensorProto.DOUBLE)
    there = net.node("Transpose", ["image"], perm=[0, 3, 2, 1])
    shares = net.node(op, [there], axis=3)
    back = net.node("Transpose", [shares], perm=[0, 3, 2, 1])
    model = net.model(net.node("Relu", [back]), (4, 5))
    model.opset_import[0].version = opset
    same_as_elsewhere(model, random.standard_normal((1, 3, 4, 5)), (2, 3, 2))
    wrong = net.model(shares, (4, 5))
    path = f"{published.scratch()}/turned.onnx"
    onnx.save(wrong, path)
    with pytest.raises(KindError, match="cells have no places"):
        volconv.onnx(xr.DataArray(np.ones((3, 4, 5)), dims=("channel", "y", "x")), path)
    (layer,) = graph_layers(unread(model), {"y": 4, "x": 5})[:1]
    assert layer.windows == {}


@settings(max_examples=6)
@given(st.tuples(st.integers(1, 5), st.integers(1, 5)), CHUNKS, st.booleans())
def test_sizes_may_be_computed_from_those_of_results(half, chunks, is_open):
    # as PyTorch writes interpolate(low, size=image.shape[2:])
    random = np.random.default_rng(1)
    net = Builder(2, dtype=onnx.TensorProto.DOUBLE)
    same = net.node("Identity", ["image"])
    low = net.node("MaxPool", ["image"], kernel_shape=[2, 2], strides=[2, 2])
    whole, before = net.node("Shape", [same]), net.node("Shape", [low])
    ends = [net.constant(np.array([one])) for one in (0, 2, 4)]
    cells = net.node("Slice", [whole, ends[1], ends[2]])
    channels = net.node("Slice", [before, ends[0], ends[1]])
    wanted = net.node("Concat", [channels, cells], axis=0)
    high = net.node("Resize", [low, "", "", wanted], mode="nearest")
    sizes = (2 * half[0], 2 * half[1])
    last = net.node("Sub", [high, "image"])
    model = net.model(last, (None, None) if is_open else (8, 8))
    image = random.standard_normal((1, 2, *sizes))
    same_as_elsewhere(model, image, chunks)


def test_a_convolution_whose_sizes_are_read_stays_apart_from_what_follows(tmp_path):
    net = Builder(1)
    conv = net.node("Conv", ["image", net.constant(np.full((1, 1, 3, 3), 2, "f4"))])
    learned = [net.constant(np.array([one], "f4")) for one in (3, 1, 0, 1)]
    norm = net.node("BatchNormalization", [conv, *learned], epsilon=0.0)
    low = net.node("MaxPool", [norm], kernel_shape=[2, 2], strides=[2, 2])
    last = net.node("Resize", [low, "", "", net.node("Shape", [conv])])
    onnx.save(net.model(last, (6, 8)), tmp_path / "net.onnx")
    data = xr.DataArray(np.ones((1, 6, 8), "f4"), dims=("channel", "y", "x"))
    found = volconv.onnx(data, tmp_path / "net.onnx")
    assert found.shape == (1, 4, 6)
    assert (found.values == 9 * 2 * 3 + 1).all()
    with pytest.raises(KindError, match=r"sizes \[1, 1, 5, 6\] over \[\?, 1, 2, 3\]"):
        volconv.onnx(data.isel(y=[0] * 7), tmp_path / "net.onnx")


def unread(model):
    path = f"{published.scratch()}/unread.onnx"
    onnx.save(model, path)
    return read_graph(path)


def test_a_split_into_equal_parts_is_that_of_the_data_s_channels(tmp_path):
    net = Builder(6)
    one = net.node("Split", ["image"], axis=1)
    net.nodes[-1].output.extend(["two", "three"])
    net.node("Concat", ["three", one], "both", axis=1)
    model = net.model("both", (2, 3))
    model.opset_import[0].version = 13
    onnx.save(model, tmp_path / "net.onnx")
    data = xr.DataArray(np.arange(36.0).reshape(6, 2, 3), dims=("channel", "y", "x"))
    found = volconv.onnx(data, tmp_path / "net.onnx")
    assert same_bits(found.values, data.values[[4, 5, 0, 1]])


NOT_LOCAL = "not known before all have been read"


@pytest.mark.parametrize(
    ("op", "attributes", "constants", "match"),
    [
        ("GlobalAveragePool", {}, [], NOT_LOCAL),
        ("GlobalMaxPool", {}, [], NOT_LOCAL),
        ("InstanceNormalization", {}, [np.ones(2, "f4")] * 2, NOT_LOCAL),
        ("LpNormalization", {}, [], NOT_LOCAL),
        ("ReduceMean", {"axes": [2, 3]}, [], rf"over axes \[2, 3\]; .*{NOT_LOCAL}"),
        ("ReduceMax", {}, [], rf"over axes \[0, 1, 2, 3\]; .*{NOT_LOCAL}"),
        ("ReduceMean", {"axes": [1], "keepdims": 0}, [], None),
        ("ArgMax", {"axis": 3}, [], rf"over axes \[3\]; .*{NOT_LOCAL}"),
        ("Slice", {}, [[0], [4], [2], [2]], "cells that lie apart"),
        ("Pad", {}, [[0, 0, -1, 0, 0, 0, 1, 0]], "none of another sign"),
        ("Resize", {"mode": "nearest", "nearest_mode": "floor"},
         [[], [1, 1, 2, 2]], "mode 'nearest' at 'half_pixel' coordinates, floor"),
        ("Resize", {"mode": "nearest"}, [[], [], [1, 2, 6, 6]],
         r"sizes \[1, 2, 6, 6\] over \[\?, 2, 4, 5\]; expected scales that are whole"),
        ("Resize", {"mode": "nearest"}, [[], [], [1, 4, 8, 10]], "of spatial axes"),
        ("Pow", {}, [np.ones((2, 1, 1), "f4")], "several exponents"),
        ("Cast", {"to": onnx.TensorProto.BFLOAT16}, [], "got dtype bfloat16"),
        ("Transpose", {}, [], "cells have no places"),
    ],
)  # fmt: skip
def test_what_is_not_local_is_refused_with_its_node(
    op, attributes, constants, match, tmp_path
):
    net = Builder(2)
    kinds = {"Resize": ["f4", "f4", "i8"]}.get(op, ["i8"] * 4)
    names = [
        net.constant(one if isinstance(one, np.ndarray) else np.array(one, kind))
        for one, kind in zip(constants, kinds, strict=False)
    ]
    onnx.save(
        net.model(net.node(op, ["image", *names], "it", **attributes), (4, 5)),
        tmp_path / "net.onnx",
    )
    data = xr.DataArray(np.ones((2, 4, 5), "f4"), dims=("channel", "y", "x"))
    if match is None:
        assert volconv.onnx(data, tmp_path / "net.onnx").sizes["channel"] == 1
        return
    with pytest.raises(KindError, match=f"{op} 'it'.*{match}"):
        volconv.onnx(data, tmp_path / "net.onnx")


RUN = """
version: 1
input: {path: in.zarr}
steps:
  - onnx: net.onnx
output: {path: out.zarr, chunks: {channel: 2, y: 4, x: 5}}
"""


def test_a_run_by_channels_and_blocks_has_the_bytes_of_the_function(tmp_path):
    random = np.random.default_rng(5)
    net = Builder(3)
    weight = [
        random.standard_normal(shape).astype("f4")
        for shape in ((6, 3, 3, 3), (1, 6, 1, 1))
    ]
    wide = net.node("Conv", ["image", net.constant(weight[0])], pads=[1] * 4)
    gate = net.node("Sigmoid", [net.node("Conv", [wide, net.constant(weight[1])])])
    gated = net.node("LRN", [net.node("Mul", [gate, wide])], size=3)
    cut = [net.constant(np.array([one])) for one in (1, 5, 1)]
    part = net.node("Slice", [gated, *cut])
    top = net.node("ReduceMax", [gated], axes=[1])
    both = net.node("Concat", [part, net.node("Add", [part, top])], axis=1)
    onnx.save(
        net.model(net.node("LogSoftmax", [both], axis=1), (11, 12)),
        tmp_path / "net.onnx",
    )
    values = random.standard_normal((3, 11, 12)).astype("f4")
    data = xr.DataArray(values, dims=("channel", "y", "x"), name="v")
    data.to_dataset().chunk(y=4, x=5).to_zarr(tmp_path / "in.zarr", consolidated=False)
    ready = prepared(tmp_path, RUN)
    run_plan(ready.plan, ready.source, ready.labels)
    found = xr.open_zarr(tmp_path / "out.zarr", consolidated=False).v.load()
    assert found.sizes["channel"] == 8
    assert same_bits(found.values, volconv.onnx(data, tmp_path / "net.onnx").values)


def network_of(net, wanted, opset=17):
    """Its model over 5 x 6 cells, in a file."""
    model = net.model(wanted, (5, 6))
    model.opset_import[0].version = opset
    path = f"{published.scratch()}/one.onnx"
    onnx.save(model, path)
    return path


def three_channels():
    return xr.DataArray(np.ones((3, 5, 6), "f4"), dims=("channel", "y", "x"))


def test_a_concatenation_of_one_result_is_that_result():
    net = Builder(3)
    path = network_of(net, net.node("Concat", [net.node("Neg", ["image"])], axis=1))
    assert (volconv.onnx(three_channels(), path).values == -1).all()


def test_a_constant_of_other_channels_than_the_data_is_refused():
    net = Builder(3)
    two = net.constant(np.ones((2, 1, 1), "f4"))
    path = network_of(net, net.node("Add", ["image", two]))
    with pytest.raises(KindError, match="of 2 channels beside data of 3"):
        volconv.onnx(three_channels(), path)


def test_a_linear_resize_that_says_no_positions_is_refused():
    """Before opset 11 it was at positions that are not ours, as that of Upsample."""
    net = Builder(3)
    scales = net.constant(np.array([1, 1, 2, 2], "f4"))
    path = network_of(net, net.node("Resize", ["image", scales], mode="linear"), 10)
    with pytest.raises(KindError, match="mode 'linear' at 'asymmetric' coordinates"):
        volconv.onnx(three_channels(), path)


def test_a_softmax_between_turned_axes_that_says_no_axis_is_over_several():
    """Before opset 13 its axis was then 1, and with it all after that one."""
    net = Builder(3)
    there = net.node("Transpose", ["image"], perm=[0, 2, 3, 1])
    shares = net.node("Softmax", [there])
    back = net.node("Transpose", [shares], perm=[0, 3, 1, 2])
    with pytest.raises(KindError):
        volconv.onnx(three_channels(), network_of(net, back, 11))


@pytest.mark.parametrize(
    ("makes", "op"),
    [("Cast", "Div"), ("Cast", "Neg"), ("ArgMax", "Add"), ("ArgMax", "ReduceSum")],
)
def test_arithmetic_of_integers_is_refused_and_that_of_floats_made_of_them_is_not(
    makes, op
):
    """ONNX divides 7 by 2 to 3 then, and 100 + 100 of int8 are -56."""
    net = Builder(3)
    attributes = {"to": onnx.TensorProto.INT8} if makes == "Cast" else {"axis": 1}
    labels = net.node(makes, ["image"], **attributes)
    kept = net.node("Slice", [labels, *(net.constant([one]) for one in (0, 4, 2))])

    def second(read, kind):
        others = [net.constant(np.array(2, kind))] if op in ("Div", "Add") else []
        axes = {"axes": [1]} if op.startswith("Reduce") else {}
        return net.node(op, [read, *others], "it", **axes)

    path = network_of(net, second(kept, "i1"))
    with pytest.raises(KindError, match=rf"{op} 'it': got integers in .*cast them"):
        volconv.onnx(three_channels(), path)
    net.nodes.pop()
    as_floats = net.node("Cast", [kept], to=onnx.TensorProto.FLOAT)
    path = network_of(net, second(as_floats, "f4"), 12)
    assert volconv.onnx(three_channels(), path).sizes["y"] == 4
