"""Chunked arrays: the bits of the whole, whatever the chunks."""

import pickle
from unittest import mock

import dask
import dask.array as da
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy import ndimage

import volconv
import volconv.errors
from tests.lazy.strategies import cases, even_cases
from volconv.lazy import overlap
from volconv.lazy.ownership import Placed


@given(cases(), st.sampled_from([0, overlap.CARRIED_BYTES]))
def test_chunked_is_whole_bit_for_bit(case, carried):
    array, kernel, dims, options, chunks = case
    whole = volconv.correlate(array, kernel, dims=dims, fill_value=3, **options)
    with mock.patch.object(overlap, "CARRIED_BYTES", carried):
        lazy = volconv.correlate(
            array.chunk(chunks), kernel, dims=dims, fill_value=3, **options
        )
    assert isinstance(lazy.data, da.Array)
    with dask.config.set(scheduler="synchronous"):
        computed = lazy.compute()
    assert lazy.shape == computed.shape == whole.shape
    assert lazy.dtype == computed.dtype == whole.dtype
    assert_array_equal(computed.values.view("u1"), whole.values.view("u1"))


@given(cases())
@settings(max_examples=25)
def test_each_chunk_has_the_size_that_the_lazy_array_declares(case):
    array, kernel, dims, options, chunks = case
    lazy = volconv.correlate(
        array.chunk(chunks), kernel, dims=dims, fill_value=3, **options
    ).data
    with dask.config.set(scheduler="synchronous"):
        blocks = da.compute(*lazy.to_delayed().ravel())
    declared = [lazy.blocks[i].shape for i in np.ndindex(lazy.numblocks)]
    assert [block.shape for block in blocks] == declared
    assert all(0 not in shape for shape in declared)


@pytest.fixture
def volume():
    rng = np.random.default_rng(7)
    return xr.DataArray(rng.random((40, 40)), dims=("y", "x"))


def test_a_wrapped_boundary_goes_around_the_whole_array_not_around_a_chunk(volume):
    chunked = volume.chunk(10)
    smooth = volconv.gaussian(chunked, 1.5, boundary="wrap")
    expected = ndimage.gaussian_filter(volume.values, 1.5, mode="grid-wrap")
    np.testing.assert_allclose(smooth.values, expected, rtol=1e-12)
    mean = volconv.box(chunked, 3, boundary="wrap")
    expected = ndimage.uniform_filter(volume.values, 3, mode="grid-wrap")
    np.testing.assert_allclose(mean.values, expected, rtol=1e-12)
    sobel = volconv.correlate(
        chunked, [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], padding="same", boundary="wrap"
    )
    expected = ndimage.sobel(volume.values, 1, mode="grid-wrap")
    np.testing.assert_allclose(sobel.values, expected, rtol=1e-12, atol=1e-13)


def test_one_axis_wraps_while_the_other_keeps_its_edge(volume):
    boundary = {"y": "edge", "x": "wrap"}
    smooth = volconv.gaussian(volume.chunk(10), 1.5, boundary=boundary)
    expected = ndimage.gaussian_filter(
        volume.values, 1.5, mode=("nearest", "grid-wrap")
    )
    np.testing.assert_allclose(smooth.values, expected, rtol=1e-12)


def test_a_tail_chunk_of_one_cell_under_a_halo_of_two_shifts_nothing():
    row = xr.DataArray(np.arange(129.0) ** 2, dims="x").chunk(x=(64, 64, 1))
    found = volconv.correlate(row, [1.0, 0.0, 0.0, 0.0, -1.0], padding="same")
    expected = ndimage.correlate1d(row.values, [1.0, 0, 0, 0, -1.0], mode="constant")
    assert_array_equal(found.values, expected)


@pytest.mark.parametrize("stride", [2, 3, 4, 7])
@pytest.mark.parametrize("chunk", [(10, 10, 10, 10), (7, 1, 13, 19), (1,) * 40])
def test_strides_go_on_over_chunks_that_are_not_their_multiples(stride, chunk):
    row = xr.DataArray(np.arange(40), dims="x").chunk(x=chunk)
    found = volconv.correlate(row, [1], stride=stride)
    assert_array_equal(found.values, np.arange(0, 40, stride))


def test_a_block_knows_its_true_place_not_its_padded_one():
    """Interior chunks see their neighbours, end chunks the boundary: on a ramp the
    difference of neighbours is 2 everywhere but at the two ends."""
    row = xr.DataArray(np.arange(40), dims="x").chunk(x=10)
    for boundary in ("edge", "symmetric"):
        found = volconv.correlate(row, [-1, 0, 1], padding="same", boundary=boundary)
        assert_array_equal(found.values, [1, *[2] * 38, 1])


def test_integers_cannot_be_padded_with_nan(volume):
    numbers = (100 * volume).astype(int).chunk(10)
    with pytest.raises(volconv.errors.BoundaryError, match="nan for int64 data"):
        volconv.correlate(numbers, np.ones((3, 3)), padding="same", fill_value=np.nan)


def test_a_strided_window_reads_no_neighbour_that_it_does_not_need():
    """Size 2, stride 2 over even chunks: each output chunk depends on one chunk."""
    row = da.zeros((8, 8), chunks=4)
    array = xr.DataArray(row, dims=("y", "x"))
    halved = volconv.box(array, 2, stride=2, padding="valid").data
    for index in np.ndindex(halved.numblocks):
        needed = (
            halved.blocks[index]
            .__dask_graph__()
            .cull(halved.blocks[index].__dask_keys__())
        )
        sources = {key for key in needed.to_dict() if key[0] == row.name}
        assert sources == {(row.name, *index)}


def test_halos_lie_where_windows_reach():
    """Size 3: without padding a chunk reads the next one, with `same` both beside it."""
    row = da.zeros(40, chunks=10)
    for padding, wanted in (("valid", {1, 2}), ("same", {0, 1, 2})):
        array = xr.DataArray(row, dims="x")
        second = volconv.correlate(array, [1, 1, 1], padding=padding).data.blocks[1]
        needed = second.__dask_graph__().cull(second.__dask_keys__()).to_dict()
        assert {key[1] for key in needed if key[0] == row.name} == wanted


@given(even_cases())
def test_zarr_takes_what_comes_of_even_chunks(case):
    """Zarr wants chunks of one size, and a last one that is no larger."""
    array, kernel, options = case
    found = volconv.correlate(array, kernel, **options)
    for chunks in found.chunks:
        assert set(chunks[:-1]) <= {chunks[0]}
        assert chunks[-1] <= chunks[0]
    whole = volconv.correlate(array.compute(), kernel, **options)
    with dask.config.set(scheduler="synchronous"):
        assert_array_equal(found.values, whole.values)


def test_results_of_the_same_length_have_the_chunks_of_their_data(tmp_path):
    data = xr.DataArray(da.ones((40, 27), chunks=10), dims=("y", "x"), name="v")
    smooth = volconv.gaussian(data, 1.5)
    assert smooth.chunks == data.chunks
    halved = volconv.gaussian(data, 1.5, stride=2, boundary="wrap")
    assert halved.chunks == ((5, 5, 5, 5), (5, 5, 4))
    finer = volconv.upsample(data, 2)
    assert finer.chunks == ((20, 20, 20, 20), (20, 20, 14))
    (data - smooth).to_zarr(tmp_path / "high.zarr", consolidated=False)
    stored = xr.open_zarr(tmp_path / "high.zarr", consolidated=False)
    assert_array_equal(stored["v"].values, (data - smooth).values)


def test_halos_of_many_chunks_are_looked_for_once(monkeypatch):
    """A reflected row whose first and last chunks are merged, one after the other."""
    looked = []
    reach = Placed.reach

    def look(place, edge):
        looked.append(edge)
        return reach(place, edge)

    monkeypatch.setattr(Placed, "reach", look)
    row = xr.DataArray(da.arange(300, chunks=1), dims="x")
    found = volconv.pad(row, 100, boundary="reflect")
    assert len(looked) <= 2 * 300
    assert_array_equal(found, np.pad(np.arange(300), 100, mode="reflect"))


def task_bytes(array):
    """Bytes of each task of a lazy array, as a cluster is sent them."""
    (optimised,) = dask.base.optimize(array.data)
    tasks = optimised.__dask_graph__().to_dict().values()
    return [len(pickle.dumps(task)) for task in tasks]


@pytest.mark.parametrize("dims", [("y", "x"), ("t", "x")])
def test_a_task_is_no_longer_among_many_chunks(dims):
    longest = []
    for chunks in (60, 600):
        data = da.zeros((3 * chunks, 6, 6), chunks=(3, 6, 6))
        array = xr.DataArray(data, dims=("t", "y", "x"))
        smooth = volconv.gaussian(array, 0.5, dims=dims, boundary="edge")
        longest.append(max(task_bytes(smooth)))
    few, many = longest
    assert many <= few + 40  # larger numbers take some bytes more
    assert many < 8000


def weighted_cells(size):
    data = xr.DataArray(
        da.ones((9, size, size), chunks=(1, -1, -1)), dims=("t", "y", "x")
    )
    weights = xr.DataArray(
        np.random.default_rng(3).random((size, size)), dims=("y", "x")
    )
    return volconv.box(data, {"y": 3, "x": 3}, weights=weights)


def long_kernel(size):
    data = xr.DataArray(da.ones((9, size + 9), chunks=(1, -1)), dims=("t", "x"))
    kernel = np.random.default_rng(3).random(size)
    return volconv.correlate(data, kernel, dims="x")


def many_channels(size):
    data = xr.DataArray(da.ones((size, 9), chunks=(-1, 1)), dims=("channel", "x"))
    weights = np.random.default_rng(3).random((size, size, 1))
    return volconv.conv(data, weights)


def many_slopes(size):
    data = xr.DataArray(da.ones((size, 9), chunks=(-1, 1)), dims=("channel", "x"))
    return volconv.prelu(data, np.random.default_rng(3).random(size))


@pytest.mark.parametrize(
    ("made", "size"),
    [
        (weighted_cells, 200),
        (long_kernel, 20000),
        (many_channels, 200),
        (many_slopes, 20000),
    ],
)
def test_large_weights_are_sent_once_whatever_the_chunks(made, size):
    *tasks, weights = sorted(task_bytes(made(size)))
    assert weights > 8 * size
    assert len(tasks) >= 9
    assert max(tasks) < 8000


@pytest.mark.parametrize("scheduler", ["threads", "processes"])
def test_weights_that_are_sent_once_give_the_same_bits(volume, scheduler):
    weights = volume.rename(y="x", x="y").transpose("y", "x")
    whole = volconv.gaussian(volume, 1.5, weights=weights, boundary="wrap")
    lazy = volconv.gaussian(volume.chunk(y=20), 1.5, weights=weights, boundary="wrap")
    assert max(task_bytes(lazy)) > weights.nbytes
    with dask.config.set(scheduler=scheduler, num_workers=1):
        assert_array_equal(lazy.values.view("u1"), whole.values.view("u1"))


def test_nothing_is_computed_at_graph_time():
    def explode(block):
        raise AssertionError("computed")

    zeros = da.zeros(20, chunks=5).map_blocks(explode, dtype=float, meta=np.empty(0))
    array = xr.DataArray(zeros, dims="x")
    lazy = volconv.gaussian(array, 1.0, boundary="wrap", stride=2)
    assert lazy.shape == (10,)


def test_the_same_call_makes_the_same_keys(volume):
    chunked = volume.chunk(10)
    first = volconv.gaussian(chunked, 1.0)
    assert first.data.name == volconv.gaussian(chunked, 1.0).data.name
    assert first.data.name != volconv.gaussian(chunked, 1.1).data.name
    assert first.data.name != volconv.gaussian(chunked, 1.0, boundary="edge").data.name


def test_the_same_weights_make_the_same_keys(volume):
    made = [
        volconv.box(volume.chunk(10), 3, weights=weights).data
        for weights in (volume, volume.copy(), 2 - volume)
    ]
    first, second, other = (set(data.__dask_graph__().to_dict()) for data in made)
    assert first == second
    assert {key[0] for key in first if key[0].startswith("box")}.isdisjoint(
        key[0] for key in other if key[0].startswith("box")
    )


@pytest.mark.parametrize(
    "made",
    [
        lambda v: v.volconv.gaussian(1.0, boundary="wrap"),
        lambda v: v.volconv.max_pool(2),
        lambda v: v.volconv.abs(),
    ],
)
def test_dask_shows_tasks_under_the_step_s_name(volume, made):
    prefix, _, token = made(volume.chunk(10)).data.name.rpartition("-")
    assert prefix in {"gaussian", "max_pool", "abs"}
    assert len(token) == 32


def test_chunks_of_unknown_size_are_refused():
    zeros = da.zeros(20, chunks=5)
    unknown = xr.DataArray(zeros[zeros > -1], dims="x")
    with pytest.raises(volconv.errors.KindError, match="compute_chunk_sizes"):
        volconv.correlate(unknown, [1.0])
