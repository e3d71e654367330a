import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.families import allocated
from tests.memory import most_bytes
from tests.oracle import same_bits
from tests.strategies import meta_of
from volconv.errors import (
    BoundaryError,
    DimError,
    GeometryError,
    KindError,
    NumberError,
    VolconvError,
)
from volconv.geometry import Interval, Window
from volconv.kernels import Kernel, gaussian
from volconv.meta import ArrayMeta, Axis
from volconv.steps import WindowOptions, chain, compute_box
from volconv.steps.box import box_step
from volconv.steps.correlate import convolve_step, correlate_step
from volconv.steps.gaussian import gaussian_step

PLAIN = WindowOptions()
META = meta_of((8, 9), "float32")
SCAN = ArrayMeta(
    (Axis("time", 5), Axis("y", 9, 2.0, "mm"), Axis("x", 9, 1.0, "mm")), "int16"
)


def whole(step, array):
    box = tuple(Interval(0, size) for size in step.target.shape)
    return compute_box(
        chain([step]), box, lambda inner: array[tuple(one.slice for one in inner)]
    )


@given(st.lists(st.integers(1, 3), min_size=2, max_size=2), st.integers(0, 999))
def test_convolving_is_correlating_with_the_kernel_flipped(shape, seed):
    rng = np.random.default_rng(seed)
    taps, array = rng.normal(size=shape), rng.normal(size=(8, 9)).astype("float32")
    convolved = convolve_step(META, taps, None, PLAIN)
    flipped = correlate_step(META, taps[::-1, ::-1], None, PLAIN)
    assert same_bits(whole(convolved, array), whole(flipped, array))
    assert convolved.geometry == flipped.geometry


def test_convolving_equals_scipy():
    from scipy import signal

    rng = np.random.default_rng(1)
    array, taps = rng.normal(size=(8, 9)), rng.normal(size=(3, 2))
    step = convolve_step(
        meta_of((8, 9), "float64"), taps, None, WindowOptions(padding="full")
    )
    np.testing.assert_allclose(
        whole(step, array), signal.convolve(array, taps, "full", "direct"), atol=1e-13
    )


def test_a_sigma_in_millimetres_is_divided_by_each_spacing():
    step = gaussian_step(SCAN, "2 mm", None, 2.0, PLAIN)
    assert step.kernel.sizes == {"y": 5, "x": 9}
    assert step.geometry.dims == ("y", "x")


def test_a_gaussian_takes_its_dims_by_name():
    step = gaussian_step(SCAN, 0.5, "x", 2.0, PLAIN)
    assert step.kernel.sizes == {"x": 3}
    assert step.geometry["time"] == Window(1)
    assert step.numbers.target == "float32"


def test_a_gaussian_equals_scipy():
    from scipy import ndimage

    array = np.random.default_rng(2).normal(size=(8, 9))
    options = WindowOptions(padding="same", boundary="symmetric")
    step = gaussian_step(
        meta_of((8, 9), "float64"), {"y": 0.8, "x": 1.7}, None, 3.0, options
    )
    theirs = ndimage.gaussian_filter(array, (0.8, 1.7), mode="reflect", truncate=3.0)
    np.testing.assert_allclose(whole(step, array), theirs, atol=1e-15, rtol=1e-13)


def test_a_box_is_the_mean_of_the_cells_under_it():
    array = np.arange(72, dtype="float32").reshape(8, 9)
    step = box_step(META, {"y": 2, "x": 3}, None, WindowOptions(stride=2))
    found = whole(step, array)
    assert found.shape == (4, 4)
    for k, row in enumerate(found):
        for j, value in enumerate(row):
            mean = array[2 * k : 2 * k + 2, 2 * j : 2 * j + 3].mean()
            assert value == pytest.approx(mean, rel=1e-6)


@pytest.mark.parametrize(
    ("size", "dims", "sizes"),
    [
        (3, None, {"y": 3, "x": 3}),
        (3, "x", {"x": 3}),
        (3, ("x", "y"), {"x": 3, "y": 3}),
        ({"x": 2}, None, {"x": 2}),
    ],
)
def test_a_box_has_one_size_for_all_or_one_by_name(size, dims, sizes):
    assert box_step(META, size, dims, PLAIN).kernel.sizes == sizes


def test_extra_dimensions_are_carried_along():
    meta = meta_of((3, 2, 5), "int64")
    array = np.arange(30).reshape(3, 2, 5)
    step = correlate_step(meta, [1, 1], "x", PLAIN)
    assert step.target.shape == (3, 2, 4)
    assert np.array_equal(whole(step, array), array[..., :-1] + array[..., 1:])


def test_a_kernel_laid_along_other_axes_than_the_array_goes_by_name():
    array = np.arange(72, dtype="float32").reshape(8, 9)
    taps = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    by_name = correlate_step(META, taps, ("x", "y"), PLAIN)
    assert by_name.target.shape == (7, 7)
    assert same_bits(
        whole(by_name, array),
        whole(correlate_step(META, taps.T, ("y", "x"), PLAIN), array),
    )


def test_a_target_tells_the_spacing_and_units_of_the_outputs():
    step = gaussian_step(SCAN, 0.3, ("y", "x"), 4.0, WindowOptions(stride={"x": 3}))
    assert step.target.axis("x").spacing == 3
    assert step.target.axis("y").units == "mm"
    assert step.target.dtype == "float32"


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"stride": 0}, GeometryError, "stride along 'y': got 0"),
        ({"dilation": 9}, GeometryError, "kernel along 'y': got span 10 over 8 cells"),
        ({"padding": "sme"}, GeometryError, "padding along 'y': .*did you mean 'same'"),
        ({"boundary": "mirror"}, BoundaryError, "boundary along 'y': .*'reflect' here"),
        ({"boundary": {"q": "edge"}}, DimError, "boundary: got 'q'"),
        ({"stride": {"q": 2}}, DimError, "stride: got 'q'"),
        ({"fill_value": 1j}, BoundaryError, "fill_value: got 1j for float32 data"),
        ({"fill_value": "0"}, KindError, "fill_value: got '0'"),
        ({"dtype": "M8[s]"}, NumberError, "dtype: got dtype datetime64"),
        ({"engine": "fast"}, NumberError, "engine: got 'fast'"),
    ],
)
def test_what_cannot_be_is_refused_by_name(options, error, message):
    assert issubclass(error, VolconvError)
    with pytest.raises(error, match=f"^{message}"):
        correlate_step(META, np.ones((2, 2)), None, WindowOptions(**options))


@pytest.mark.parametrize("fill_value", [np.nan, np.inf, 0.5, 2**15, 1j])
def test_integers_padded_with_what_they_cannot_hold_are_refused(fill_value):
    with pytest.raises(
        BoundaryError,
        match=r"^fill_value: got .* for int16 data; expected a whole number",
    ):
        correlate_step(
            meta_of((5,), "int16"),
            [0.5, 0.5],
            None,
            WindowOptions(padding=1, fill_value=fill_value),
        )


def test_a_fill_value_that_no_boundary_uses_is_not_looked_at():
    options = WindowOptions(padding=1, boundary="edge", fill_value=np.nan)
    step = correlate_step(meta_of((5,), "int16"), [0.5, 0.5], None, options)
    assert whole(step, np.ones(5, dtype="int16")).tolist() == [1] * 6


def test_data_that_cannot_be_computed_with_is_refused():
    for dtype in ("object", "datetime64[ns]", "float128", "<U3"):
        with pytest.raises(NumberError, match=r"^data: got dtype"):
            correlate_step(meta_of((5,), dtype), [1, 1], None, PLAIN)


DESCRIBED: dict[str, tuple[ArrayMeta, Any, dict[str, Any]]] = {
    "plain": (META, [[1.0, 2.0]], {}),
    "weights": (META, [[1.0, 3.0]], {}),
    "integer weights": (META, [[1, 2]], {}),
    "complex weights": (META, [[1.0, 2.0 + 0j]], {}),
    "stride": (META, [[1.0, 2.0]], {"stride": 2}),
    "stride along x": (META, [[1.0, 2.0]], {"stride": {"x": 2}}),
    "dilation": (META, [[1.0, 2.0]], {"dilation": 2}),
    "padding": (META, [[1.0, 2.0]], {"padding": 1}),
    "padding before": (META, [[1.0, 2.0]], {"padding": (1, 0)}),
    "padding after": (META, [[1.0, 2.0]], {"padding": (0, 1)}),
    "boundary": (META, [[1.0, 2.0]], {"padding": 1, "boundary": "edge"}),
    "boundary along x": (META, [[1.0, 2.0]], {"padding": 1, "boundary": {"x": "edge"}}),
    "fill_value": (META, [[1.0, 2.0]], {"padding": 1, "fill_value": 2}),
    "NaN": (META, [[1.0, 2.0]], {"padding": 1, "fill_value": np.nan}),
    "inf": (META, [[1.0, 2.0]], {"padding": 1, "fill_value": np.inf}),
    "minus inf": (META, [[1.0, 2.0]], {"padding": 1, "fill_value": -np.inf}),
    "dtype": (META, [[1.0, 2.0]], {"dtype": "float64"}),
    "source": (meta_of((8, 9), "float64"), [[1.0, 2.0]], {}),
    "complex fill": (
        meta_of((8, 9), "complex64"),
        [[1.0, 2.0]],
        {"padding": 1, "fill_value": 1j},
    ),
    "engine": (META, [[1.0, 2.0]], {"engine": "reference"}),
    "many weights": (META, np.ones((8, 9)), {}),
    "many other weights": (META, np.eye(8, 9), {}),
}


def described(name):
    meta, taps, options = DESCRIBED[name]
    return correlate_step(meta, taps, ("y", "x"), WindowOptions(**options)).describe()


@pytest.mark.parametrize("name", DESCRIBED)
def test_a_description_is_json_and_comes_back_the_same(name):
    text = json.dumps(described(name), allow_nan=False)
    assert json.loads(text) == described(name)


def test_a_description_differs_where_anything_that_decides_the_result_differs():
    texts = {name: json.dumps(described(name), sort_keys=True) for name in DESCRIBED}
    assert len(set(texts.values())) == len(texts)


def test_a_description_is_the_same_for_the_same_step():
    padded_by_name = WindowOptions(padding={"y": (0, 0), "x": (0, 1)})
    same = WindowOptions(padding="same")
    first, second = (
        correlate_step(META, [[1.0, 2.0]], ("y", "x"), options).describe()
        for options in (padded_by_name, same)
    )
    assert first == second


def test_a_description_tells_factors_from_their_product():
    one = gaussian_step(META, 0.5, None, 2.0, PLAIN)
    other = correlate_step(
        META, gaussian({"y": 0.5, "x": 0.5}, 2.0).weights, None, PLAIN
    )
    assert one.describe()["kernel"] != other.describe()["kernel"]
    json.dumps(one.describe(), allow_nan=False)


def test_an_engine_note_says_which_engine_and_how_many_taps():
    note = correlate_step(META, [[1.0, 0.0, 2.0]], ("y", "x"), PLAIN).engine_note()
    assert note == "direct: 2 taps along one dimension"
    step = correlate_step(META, [[1.0, 0.5], [0.0, 2.0]], ("y", "x"), PLAIN)
    assert step.engine_note() == "direct: 3 taps that are no product of factors"
    note = gaussian_step(META, 0.5, None, 2.0, PLAIN).engine_note()
    assert note == (
        "direct: 9 taps, or 3 + 3 in passes: about 3.4 times the work in passes"
    )


def work_case(source, taps, dtype=None, shape=(200, 300)):
    meta = meta_of(shape, source)
    kernel = taps if isinstance(taps, Kernel) else None
    options = WindowOptions(dtype=dtype)
    if kernel is None:
        return correlate_step(meta, taps, None, options)
    from volconv.steps import window_step

    return window_step("gaussian", meta, kernel, options)


WORK = [
    ("float32", np.ones((2, 2)), None),
    ("float64", np.ones((3, 3)), None),
    ("float16", np.ones((2, 2)), None),
    ("uint8", np.ones((2, 2)), None),
    ("int16", np.ones((2, 2), dtype=int), None),
    ("float32", np.ones((2, 2)), "float64"),
    ("float64", np.ones((2, 2)), "float32"),
    ("complex64", np.ones((2, 2)), None),
    ("complex128", np.full((2, 2), 1j), None),
    ("float32", gaussian({"y": 1, "x": 1}), None),
    ("complex64", gaussian({"y": 1, "x": 1}), None),
    ("int64", np.ones((2, 2), dtype=int), None),
]


@pytest.mark.parametrize(("source", "taps", "dtype"), WORK)
def test_work_bytes_bound_what_computing_a_block_allocates(source, taps, dtype):
    step = work_case(source, taps, dtype)
    block = np.ones((200, 300), dtype=source)
    outputs = int(np.prod(step.target.shape))
    # the buffers of NumPy's casts, some kilobytes, do not grow with the block
    slack = 150_000
    assert allocated(step, block) <= step.work_bytes(outputs, block.size) + slack


@pytest.mark.parametrize(
    ("source", "sigma", "stride", "shape"),
    [
        ("float32", (1, 1, 1), 1, (100, 120, 140)),
        ("float32", (0.7, 0.7, 1), (3, 2, 4), (300, 300, 20)),
        ("float32", (4, 4, 4), 4, (157, 157, 93)),
        ("uint8", (8, 8, 8), 8, (185, 185, 121)),
        ("float64", (2, 4, 4), (1, 3, 4), (200, 40, 200)),
        ("float64", (2, 2, 2), 2, (64, 64, 4500)),
        ("float16", (1, 2, 2), (4, 1, 2), (150, 100, 150)),
    ],
)
def test_work_bytes_bound_what_passes_over_volumes_allocate(
    source, sigma, stride, shape
):
    meta = ArrayMeta(tuple(map(Axis, "zyx", shape)), source)
    strides = (stride,) * 3 if isinstance(stride, int) else stride
    options = WindowOptions(stride=dict(zip("zyx", strides, strict=True)))
    sigmas = dict(zip("zyx", map(float, sigma), strict=True))
    step = gaussian_step(meta, sigmas, None, 4.0, options)
    assert step.choice.engine == "separable"
    block = np.ones(shape, dtype=source)
    outputs = int(np.prod(step.target.shape))
    assert allocated(step, block) <= step.work_bytes(outputs, block.size) + 150_000


@pytest.mark.parametrize("source", ["float32", "float64", "uint8", "complex64"])
@pytest.mark.parametrize("size", [(2, 2), (30, 31)])
def test_work_bytes_bound_what_transforms_allocate_the_first_time(source, size):
    taps = np.random.default_rng(0).random(size)
    meta = meta_of((400, 300), source)
    step = correlate_step(meta, taps, None, WindowOptions(engine="fft"))
    block = np.ones((400, 300), dtype=source)
    most = most_bytes(lambda: step.compute(block))
    # code and constants of what is compiled
    slack = 3_000_000
    outputs = int(np.prod(step.target.shape))
    assert most <= step.work_bytes(outputs, block.size) + slack


@pytest.mark.parametrize("fill_value", [np.nan, np.inf, -np.inf])
def test_integers_under_an_integer_kernel_refuse_nan_and_inf_beyond_the_edge(
    fill_value,
):
    options = WindowOptions(padding=1, fill_value=fill_value)
    with pytest.raises(BoundaryError, match=r"^fill_value: got .* for int16 data"):
        correlate_step(meta_of((5,), "int16"), [1, 1], None, options)


def test_an_integer_kernel_ignores_a_fill_value_that_no_boundary_uses():
    for fill_value in (np.nan, 10**6):
        options = WindowOptions(padding=1, boundary="edge", fill_value=fill_value)
        step = correlate_step(meta_of((5,), "int16"), [1], None, options)
        assert step.numbers.target == "int16"


def test_repeated_dims_are_refused_by_every_step():
    with pytest.raises(DimError, match="each dimension once"):
        gaussian_step(META, 0.5, ("x", "x"), 4.0, PLAIN)
    with pytest.raises(DimError, match="each dimension once"):
        box_step(META, 2, ("x", "x"), PLAIN)


def test_dims_that_a_length_by_name_contradicts_are_refused():
    with pytest.raises(DimError, match="dims"):
        gaussian_step(META, {"x": 0.5}, ("y",), 4.0, PLAIN)
    with pytest.raises(DimError, match="dims"):
        box_step(META, {"x": 2}, ("y",), PLAIN)


def test_an_axis_without_cells_is_named_where_the_kernel_passes_it_by():
    with pytest.raises(GeometryError, match=r"^the array along 'y': got 0 cells"):
        correlate_step(meta_of((0, 5), "float32"), [1, 1], "x", PLAIN)


@pytest.mark.parametrize(
    ("source", "taps", "dtype"),
    [
        ("float32", np.ones((2, 2)), "uint8"),
        ("float64", np.ones((2, 2)), "int64"),
        ("int64", np.ones((2, 2), dtype=int), None),
    ],
)
def test_work_bytes_bound_casts_and_the_check_of_64_bit_sums(source, taps, dtype):
    step = work_case(source, taps, dtype, shape=(600, 500))
    block = np.ones((600, 500), dtype=source)
    if source == "int64":
        block[0, 0] = 2**61  # a sum of these four may be beyond 64 bits
    outputs = int(np.prod(step.target.shape))
    assert allocated(step, block) <= step.work_bytes(outputs, block.size) + 150_000
