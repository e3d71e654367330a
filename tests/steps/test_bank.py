"""Banks of kernels: each part has the bits of its kernel alone, however it is computed."""

import json

import dask
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import ndimage

import volconv
from tests.families import allocated
from tests.oracle import padded, same_bits
from tests.steps.pipelines import steps_over
from tests.strategies import (
    DTYPES,
    arrays,
    chunkings,
    intervals,
    meta_of,
    options,
    weights,
)
from volconv.errors import DimError, KernelError, KindError
from volconv.geometry import Geometry, Interval, Repeat, Window
from volconv.kernels.bank import Bank
from volconv.meta import ArrayMeta, Axis
from volconv.steps import Node, WindowOptions, compute_box
from volconv.steps.bank import bank_step, correlate_bank_step
from volconv.steps.cellwise import join_step
from volconv.steps.gaussian import gaussian_step
from volconv.steps.optional import lengths_of
from volconv.steps.pipeline import chain, wired
from volconv.steps.wiring import resolved_pipeline

KINDS_OF_WEIGHTS = ("i", "f", "c")


@st.composite
def banks_over(draw, meta, kinds=KINDS_OF_WEIGHTS):
    """Kernels of one shape over some of an array's dimensions, and their windows."""
    dims = draw(
        st.lists(st.sampled_from(meta.dims), min_size=1, unique=True, max_size=3)
    )
    sizes = {dim: draw(st.integers(1, 3)) for dim in dims}
    kinds_of_all = [
        draw(st.sampled_from(kinds)) for _ in range(draw(st.integers(1, 3)))
    ]
    kernels = [draw(weights(kind, tuple(sizes.values()))) for kind in kinds_of_all]
    return kernels, dims, draw(options(meta, sizes))


@st.composite
def cases(draw):
    """An array, kernels and windows over it, an engine, and chunks."""
    shape = tuple(draw(st.integers(1, 7)) for _ in range(draw(st.integers(1, 3))))
    array = draw(arrays(draw(st.sampled_from(DTYPES)), shape))
    meta = meta_of(shape, array.dtype.name)
    kernels, dims, windows = draw(banks_over(meta))
    engines = ["auto", "direct", "reference"]
    if array.dtype.kind in "fc" or np.result_type(*kernels).kind in "fc":
        engines.append("fft")
    engine = draw(st.sampled_from(engines))
    chunks = dict(zip(meta.dims, [draw(chunkings(n)) for n in shape], strict=True))
    labelled = xr.DataArray(array, dims=meta.dims)
    keywords = {
        "dims": dims,
        "stride": windows.stride,
        "padding": windows.padding,
        "dilation": windows.dilation,
        "boundary": windows.boundary,
        "fill_value": windows.fill_value,
        "engine": engine,
    }
    return labelled, kernels, keywords, chunks


@settings(max_examples=25)  # each compiles engines of its own
@given(cases())
def test_each_part_has_the_bits_of_its_kernel_alone(case):
    array, kernels, keywords, chunks = case
    found = volconv.correlate_bank(array, kernels, **keywords)
    assert found.dims == ("kernel", *array.dims)
    assert found.sizes["kernel"] == len(kernels)
    common = np.result_type(*kernels)
    for number, kernel in enumerate(kernels):
        alone = volconv.correlate(array, kernel.astype(common), **keywords)
        assert np.can_cast(alone.dtype, found.dtype) or found.dtype == "int64"
        if found.dtype.kind not in "iu":
            assert alone.dtype == found.dtype
        assert same_bits(found[number].values, alone.values.astype(found.dtype))
    with dask.config.set(scheduler="synchronous"):
        lazy = volconv.correlate_bank(array.chunk(chunks), kernels, **keywords)
        assert lazy.chunks is not None
        assert lazy.chunks[0] == (len(kernels),)
        if keywords["engine"] == "fft":  # whose bits depend on its tiles
            assert_allclose(lazy.values, found.values, rtol=1e-3, atol=1e-3)
        else:
            assert lazy.compute().identical(found)


@st.composite
def pipelines(draw):
    """A step, a bank and another step, which may move along the new dimension."""
    shape = tuple(draw(st.integers(1, 5)) for _ in range(draw(st.integers(1, 2))))
    array = draw(arrays(draw(st.sampled_from(("int16", "float32"))), shape))
    before = draw(steps_over(meta_of(shape, array.dtype.name), "f"))
    kernels, dims, windows = draw(banks_over(before.target, "f"))
    bank = correlate_bank_step(before.target, kernels, "kernel", dims, windows)
    after = draw(steps_over(bank.target, "f"))
    return array, [before, bank, after]


def whole(step, array):
    """A step over a whole array, padded by `numpy.pad`."""
    own = [dim for dim in step.source.dims if dim not in step.geometry.new_dims]
    pairs = [step.geometry[dim].padding for dim in own]
    kinds = [step.boundaries[dim] for dim in own]
    block = padded(array, pairs, kinds, step.boundaries.fill_value)
    if step.geometry.new_dims:
        return np.stack([kernel.compute(block) for kernel in step.kernels])
    return step.compute(block)


@settings(max_examples=25)
@given(pipelines(), st.data())
def test_any_box_of_a_pipeline_is_that_of_steps_one_by_one(case, data):
    array, steps = case
    pipeline = chain(steps)
    expected = array
    for step in steps:
        expected = whole(step, expected)
    box = tuple(data.draw(intervals(size)) for size in expected.shape)
    found = compute_box(
        pipeline, box, lambda cut: array[None][tuple(side.slice for side in cut)]
    )
    assert same_bits(found, expected[tuple(side.slice for side in box)])


def gabors(size=7, angles=4):
    """Real Gabor kernels of several angles: a wave under a Gaussian."""
    y, x = np.mgrid[:size, :size] - size // 2
    found = []
    for angle in np.arange(angles) * np.pi / angles:
        along = x * np.cos(angle) + y * np.sin(angle)
        found.append(np.cos(2 * np.pi * along / 4) * np.exp(-(x**2 + y**2) / 8))
    return np.array(found)


@pytest.mark.parametrize(
    ("boundary", "mode"),
    [("symmetric", "reflect"), ("edge", "nearest"), ("wrap", "grid-wrap")],
)
def test_a_gabor_bank_is_scipy_s(boundary, mode):
    image = np.random.default_rng(4).normal(size=(3, 20, 17))
    found = volconv.correlate_bank(
        xr.DataArray(image, dims=("t", "y", "x")),
        gabors(),
        dims=("y", "x"),
        padding="same",
        boundary=boundary,
    )
    for part, kernel in zip(found.values, gabors(), strict=True):
        expected = ndimage.correlate(image, kernel[None], mode=mode)
        assert_allclose(part, expected, rtol=1e-11, atol=1e-11)


ROW = xr.DataArray([1.0, 2.0, 4.0, 8.0], {"x": [0.0, 1.0, 2.0, 3.0]}, "x", "v")


def test_names_are_the_coordinate_of_the_new_dimension():
    found = ROW.volconv.correlate_bank({"sum": [1, 1], "slope": [-1, 1]}, dim="kind")
    assert found.dims == ("kind", "x")
    assert found.sel(kind="slope").values.tolist() == [1.0, 2.0, 4.0]
    assert found.x.values.tolist() == [0.5, 1.5, 2.5]
    assert found.name == "v"


def test_a_list_gives_no_coordinate():
    assert "kernel" not in volconv.correlate_bank(ROW, [[1, 1]]).coords


def test_a_dataarray_s_coordinates_along_the_new_dimension_are_kept():
    kernels = xr.DataArray(
        [[[1.0, 0.0]], [[0.0, 2.0]]],
        {
            "angle": ("angle", [0.0, 90.0], {"units": "degree"}),
            "name": ("angle", ["here", "next"]),
            "x": [0, 1],
        },
        ("angle", "y", "x"),
    )
    data = xr.DataArray(np.arange(6.0).reshape(2, 3), dims=("y", "x"))
    found = data.volconv.correlate_bank(kernels, dim="angle")
    assert found.dims == ("angle", "y", "x")
    assert found.angle.attrs == {"units": "degree"}
    assert found.coords["name"].values.tolist() == ["here", "next"]
    assert set(found.coords) == {"angle", "name"}
    assert_array_equal(found[0], data[:, :-1])
    assert_array_equal(found[1], 2 * data[:, 1:])


def test_the_new_dimension_may_be_anywhere_in_a_dataarray():
    kernels = xr.DataArray([[1, 0], [2, 5]], dims=("x", "kernel"))
    found = volconv.correlate_bank(ROW, kernels)
    assert_array_equal(found[0], volconv.correlate(ROW, [1, 2]))
    assert_array_equal(found[1], volconv.correlate(ROW, [0, 5]))


def test_a_dataset_s_variables_get_the_dimension_where_they_have_the_kernels():
    dataset = xr.Dataset({"a": ROW, "b": ("t", [1, 2])})
    found = dataset.volconv.correlate_bank({"sum": [1, 1]}, dims="x")
    assert found["a"].dims == ("kernel", "x")
    assert found["b"].identical(dataset["b"])
    assert found["kernel"].values.tolist() == ["sum"]


def test_integers_are_of_the_dtype_that_holds_the_sums_of_all_kernels():
    counts = xr.DataArray(np.array([200, 200], "uint8"), dims="x")
    found = volconv.correlate_bank(counts, [[1, 0], [-1, 1], [3, 3]])
    assert found.dtype == "int32"
    assert found.values.tolist() == [[200], [0], [1200]]
    wide = xr.DataArray(np.array([2**60], "uint64"), dims="x")
    found = volconv.correlate_bank(wide, [[1], [-1]])
    assert found.dtype == "int64"
    assert found.values.tolist() == [[2**60], [-(2**60)]]


def test_float_kernels_make_a_bank_float():
    counts = xr.DataArray(np.array([1, 2], "uint8"), dims="x")
    found = volconv.correlate_bank(counts, [[1, 1], [0.5, 0.5]])
    assert found.dtype == "float32"
    assert found.values.tolist() == [[3.0], [1.5]]


@pytest.mark.parametrize(
    ("kernels", "keywords", "kind", "message"),
    [
        (
            [[1, 1], [1, 1, 1]],
            {},
            KernelError,
            r"^kernels: got sizes {'x': 2} and {'x': 3}; expected kernels of one shape\. "
            r"Fix: pad the smaller with zeros: a weight of zero costs nothing\.$",
        ),
        ([], {}, KernelError, r"^kernels: got none; expected at least one kernel\.$"),
        (
            {"a": [1, 1], "b": [1, np.nan]},
            {},
            KernelError,
            r"^kernel b, kernel: got NaN or inf among its weights",
        ),
        (
            [[1, 1], [[1]]],
            {"dims": "x"},
            KernelError,
            r"^kernel 1, kernel: got 2 axes for dims",
        ),
        (
            [[1, 1]],
            {"dim": "x"},
            DimError,
            r"^dim: got 'x'; expected a dimension that the array lacks; it has x\. ",
        ),
        (
            xr.DataArray([[1, 1]], dims=("kernels", "x")),
            {},
            DimError,
            r"^kernels: got dims \['kernels', 'x'\]; expected 'kernel' among them\. "
            r"Fix: did you mean 'kernels'\?$",
        ),
        (3, {}, KindError, r"^kernels: got int; expected a list of kernels"),
        ("box", {}, KindError, r"^kernels: got str; expected a list of kernels"),
        (
            {(1, 2): [1, 1]},
            {},
            KindError,
            r"^kernels: got names \[\(1, 2\)\]; expected texts, or numbers\.$",
        ),
    ],
)
def test_what_cannot_be_is_refused(kernels, keywords, kind, message):
    with pytest.raises(kind, match=message):
        volconv.correlate_bank(ROW, kernels, **keywords)


def test_a_name_that_the_data_have_is_refused():
    scalar = ROW.assign_coords(kernel=3)
    message = (
        r"^dim: got 'kernel', which the data have already; expected a new name\. "
        r"Fix: choose another name for the new dimension\.$"
    )
    with pytest.raises(DimError, match=message):
        volconv.correlate_bank(scalar, [[1, 1]])
    dataset = xr.Dataset({"a": ROW, "b": ("kernel", [1, 2])})
    with pytest.raises(DimError, match=message):
        volconv.correlate_bank(dataset, [[1, 1]], dims="x")


def test_the_record_tells_every_kernel():
    found = volconv.correlate_bank(ROW, {"sum": [1, 1], "slope": [-1, 1]})
    (step,) = json.loads(found.attrs["volconv"])["steps"]
    assert step["step"] == "correlate_bank"
    assert step["labels"] == ["sum", "slope"]
    assert [one["kernel"]["weights"] for one in step["kernels"]] == [[1, 1], [-1, 1]]


@pytest.mark.parametrize(
    "change",
    [
        {"dim": "k"},
        {"kernels": {"a": [1, 1], "b": [1, 3]}},
        {"kernels": {"a": [1, 1], "c": [1, 2]}},
        {"kernels": [[1, 1], [1, 2]]},
        {"padding": 1},
    ],
)
def test_whatever_decides_the_result_is_described(change):
    def described(kernels=None, dim="kernel", **keywords):
        kernels = kernels or {"a": [1, 1], "b": [1, 2]}
        meta = meta_of((4,), "float32")
        step = correlate_bank_step(meta, kernels, dim, "x", WindowOptions(**keywords))
        return json.dumps(step.describe(), allow_nan=False)

    assert described() == described()
    assert described(**change) != described()


@pytest.mark.parametrize(
    "labels",
    [
        np.array([np.nan, 1.0]),
        np.array(["2020", "2021"], "datetime64[Y]"),
        np.array([(1, 2), "a", None], dtype=object)[:2],
    ],
)
def test_labels_of_any_dtype_are_described(labels):
    kernels = xr.DataArray([[1.0, 2.0], [3.0, 4.0]], dims=("kernel", "x"))
    with_labels = kernels.assign_coords(kernel=("kernel", labels))
    step = correlate_bank_step(
        meta_of((4,), "f4"), with_labels, "kernel", None, WindowOptions()
    )
    json.dumps(step.describe(), allow_nan=False)


@pytest.mark.parametrize("dtype", ["float32", "int16", "uint8"])
@pytest.mark.parametrize("shape", [(40, 50, 60), (3, 5, 7)])
def test_work_bytes_bound_what_is_allocated(dtype, shape):
    rng = np.random.default_rng(7)
    kernels = rng.integers(-2, 3, (4, 3, 3, 3))
    meta = meta_of(shape, dtype)
    step = correlate_bank_step(meta, list(kernels), "kernel", None, WindowOptions())
    block = rng.integers(0, 50, (1, *shape)).astype(dtype)
    outputs = int(np.prod(step.target.shape))
    assert allocated(step, block) <= step.work_bytes(outputs, block.size) + 150_000
    part = step.of_box((Interval(1, 2), *map(Interval, (0, 0, 0), shape)))
    most = step.work_bytes(outputs // 4, block.size)
    assert allocated(part, block) <= most + 150_000


# branches


def bank_of(meta, count, dim):
    kernels = [[number, 1.0] for number in range(count)]
    return bank_step(
        "correlate_bank",
        meta,
        Bank.parse(kernels, "x", dim, meta.dims),
        dim,
        WindowOptions(),
    )


def test_branches_with_and_without_a_new_dimension_go_beside_one_another():
    meta = ArrayMeta((Axis("x", 5),), "float64")
    many = bank_of(meta, 3, "kernel")
    again = bank_of(many.target, 2, "scale")
    few = bank_of(meta, 3, "kernel")
    both = join_step("add", [many.target, few.target], None)
    nodes = [
        Node(many, (0,)),
        Node(again, (1,)),
        Node(few, (0,)),
        Node(both, (1, 3)),
    ]
    pipeline = wired(nodes)
    assert pipeline.dims == ("scale", "kernel", "x")
    row = np.array([1.0, 2.0, 4.0, 8.0, 16.0])
    boxes = {
        2: (Interval(1, 2), Interval(0, 3), Interval(1, 3)),
        4: (Interval(0, 1), Interval(1, 3), Interval(0, 4)),
    }
    found = pipeline.compute(boxes, lambda cut: row[cut[-1].slice][None, None])
    first = np.stack([n * row[:-1] + row[1:] for n in range(3)])
    assert found[2].tolist() == [(first[:, 1:3] + first[:, 2:4]).tolist()]
    assert found[4].tolist() == [(2 * first[1:3]).tolist()]
    assert pipeline.meta(4, pipeline.nodes[0].step.source).own.dims == ("kernel", "x")


def test_new_dimensions_in_two_orders_are_refused():
    meta = ArrayMeta((Axis("x", 5),), "float64")
    one = bank_of(meta, 2, "a")
    other = bank_of(meta, 2, "b")
    nodes = [
        Node(one, (0,)),
        Node(other, (0,)),
        Node(bank_of(one.target, 2, "b"), (1,)),
        Node(bank_of(other.target, 2, "a"), (2,)),
    ]
    with pytest.raises(DimError, match=r"expected new dimensions in one order"):
        wired(nodes)


def test_a_step_before_a_new_dimension_still_says_what_its_lengths_became():
    meta = ArrayMeta((Axis("x", 9, spacing=0.5, units="mm"),), "float64")
    smooth = gaussian_step(meta, "1 mm", None, 2.0, WindowOptions(padding="same"))
    many = bank_of(smooth.target, 2, "kernel")
    first, _ = chain([smooth, many]).steps
    assert first.source.dims == ("kernel", "x")
    assert [str(note) for note in lengths_of(first)] == [
        "sigma along x: 1 mm = 2 cells of 0.5 mm"
    ]


# configurations


def test_a_configuration_s_bank_is_the_function_s():
    from volconv.config import parse_config

    config = parse_config("""
version: 1
input: {path: a.zarr, dims: [y, x]}
steps:
  - correlate_bank:
      kernels: {mean: {box: {x: 3}}, slope: [-0.5, 0, 0.5]}
      dim: kind
      dims: x
      padding: same
  - max_pool: {size: {kind: 2}}
output: {path: b.zarr, chunks: {kind: 1}}
""")
    data = xr.DataArray(np.arange(10.0).reshape(2, 5), dims=("y", "x"))
    pipeline = resolved_pipeline(config.steps, meta_of((2, 5), "float64"))
    found = compute_box(
        pipeline,
        (Interval(0, 1), Interval(0, 2), Interval(0, 5)),
        lambda cut: data.values[None][tuple(side.slice for side in cut)],
    )
    bank = volconv.correlate_bank(
        data,
        {"mean": np.ones(3) / 3, "slope": [-0.5, 0, 0.5]},
        dim="kind",
        dims="x",
        padding="same",
    )
    assert_allclose(found[0], bank.max("kind"), rtol=1e-14)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("{kernels: []}", r"steps\.1\.correlate_bank\.kernels: got \[\]; expected"),
        (
            "{kernels: [[1, 1], [1, [2]]], dims: x}",
            r"kernels\.2: got rows of unequal length",
        ),
        (
            "{kernels: {a: [1, 1], b: [[1]]}, dims: x}",
            r"kernels\.b: got 2 axes for dims",
        ),
        (
            "{kernels: [{gaussian: {sigma: {q: 1}}}]}",
            r"kernels\.1\.gaussian\.sigma\.q: got 'q'",
        ),
        ("{kernels: {a: [1, 1]}, dims: z}", r"dims: got 'z'"),
    ],
)
def test_faults_of_a_configuration_are_told_at_their_place(step, message):
    from volconv.config import parse_config
    from volconv.errors import ConfigError

    text = f"""
version: 1
input: {{path: a.zarr, dims: [y, x]}}
steps:
  - correlate_bank: {step}
output: {{path: b.zarr}}
"""
    with pytest.raises(ConfigError, match=message):
        parse_config(text)


# the window of a new dimension


@given(st.integers(1, 9), st.data())
def test_every_output_along_a_new_dimension_reads_its_one_cell(count, data):
    window = Repeat.to(count)
    assert window.out_size(1) == count
    assert window.source(data.draw(intervals(count))) == Interval(0, 1)
    assert window.source(Interval(count, count)).size == 0
    assert window.owned(Interval(0, 1)) == Interval(0, count)
    assert window.inside(Interval(1, 4)).size == 0
    assert not window.is_identity


def test_steps_after_a_bank_reach_what_it_reaches():
    meta = meta_of((6,), "float32")
    step = bank_of(meta, 5, "kernel")
    halved = step.geometry.then(Geometry((("kernel", Window(2, stride=2)),)))
    assert halved.out_sizes({"kernel": 1, "x": 6}) == {"kernel": 2, "x": 5}
    assert halved["kernel"].source(Interval(0, 2)) == Interval(0, 1)
    chain_of_both = Geometry((("x", Window(3)),)).then(step.geometry)
    assert chain_of_both.out_sizes({"kernel": 1, "x": 6}) == {"kernel": 5, "x": 3}


@pytest.mark.parametrize("dim", [3, None, True, "", b"k", ("a", "b"), ["k"]])
def test_a_new_dimension_has_a_name(dim):
    row = xr.DataArray(np.arange(4.0), dims="x")
    with pytest.raises(KindError, match=r"dim: got .* a name for the new dimension"):
        volconv.correlate_bank(row, [[1, 2]], dims="x", dim=dim)


def test_one_number_is_no_bank():
    row = xr.DataArray(np.arange(4.0), dims="x")
    with pytest.raises(KindError, match="kernels: got ndarray"):
        volconv.correlate_bank(row, np.array(2), dims="x")
