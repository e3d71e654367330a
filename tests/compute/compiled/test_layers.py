"""Layers of many channels against their definition, from regions of any size."""

import itertools
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.compute.compiled.edges import KINDS, edges_of, padded
from tests.compute.compiled.guards import Guarded
from tests.compute.compiled.strategies import LAYOUTS, laid_out
from tests.oracle import same_bits
from volconv.compute.compiled.layers import layer
from volconv.compute.convolution import Convolution
from volconv.compute.pointwise import Clip
from volconv.compute.transposed import Transposed

SMALL = {"REGION_BYTES": 2000, "SUMS_BYTES": 900, "MOST_TAPS": 20, "LONGEST": 24}
"""Limits at which small blocks are cut into many regions, and channels into many parts."""


@pytest.fixture(params=["usual", "small"])
def limits(request):
    """The limits of regions, and much smaller ones."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "small":
            for name, value in SMALL.items():
                patch.setattr(layer, name, value)
        yield


def convolution(weights, bias, strides, dilations, groups, target="float32"):
    """A layer over blocks whose first axis is that of channels."""
    axes = tuple(range(1, weights.ndim - 1))
    compute = "float64" if target == "float64" else "float32"
    return Convolution(
        weights.astype(compute),
        bias.astype(compute),
        0,
        axes,
        strides,
        dilations,
        groups,
        target,
        "direct",
        of_group=len(weights) // groups,
    )


def summed(block, weights, bias, strides, dilations, groups):
    """The definition, in whole numbers."""
    kernel = weights.shape[2:]
    spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilations, strict=True)]
    sizes = [
        (n - span) // s + 1
        for n, span, s in zip(block.shape[1:], spans, strides, strict=True)
    ]
    found = np.zeros((len(weights), *sizes), int)
    found += bias.astype(int).reshape(-1, *(1,) * len(kernel))
    parts = zip(
        np.split(found, groups),
        np.split(weights, groups),
        np.split(block, groups),
        strict=True,
    )
    for (out, some, cells), tap in itertools.product(
        parts, itertools.product(*map(range, kernel))
    ):
        box = tuple(
            slice(j * d, j * d + (n - 1) * s + 1, s)
            for j, d, n, s in zip(tap, dilations, sizes, strides, strict=True)
        )
        read = cells[(slice(None), *box)].astype(int)
        np.add(out, np.einsum("oc,c...->o...", some[(..., *tap)], read), out=out)
    return found


@st.composite
def layers(draw):
    """Whole numbers, and a layer over them with its padding: no sum is rounded."""
    ndim = draw(st.integers(1, 3))
    groups = draw(st.sampled_from([1, 1, 2]))
    inputs, outputs = draw(st.integers(1, 23)), draw(st.integers(1, 9))
    kernel, strides = (
        tuple(draw(st.integers(1, 3)) for _ in range(ndim)) for _ in range(2)
    )
    dilations = tuple(draw(st.sampled_from([1, 1, 2, 5])) for _ in range(ndim))
    spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilations, strict=True)]
    most = {1: 70, 2: 20, 3: 8}[ndim]
    shape = [draw(st.integers(1, most)) for _ in range(ndim)]
    padding = [(0, 0)] + [
        (max(draw(st.integers(0, 3)), span - n), draw(st.integers(0, 3)))
        for n, span in zip(shape, spans, strict=True)
    ]
    kinds = ("constant", *(draw(st.sampled_from(KINDS)) for _ in range(ndim)))
    dtype = draw(st.sampled_from(["f4", "f8", ">f4", "f2", "i2", "u1", "i8", "?"]))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    block = random.integers(0, 2 if dtype == "?" else 8, (inputs * groups, *shape))
    weights = random.integers(-3, 4, (outputs * groups, inputs, *kernel))
    bias = random.integers(-9, 10, len(weights))
    how = strides, dilations, groups
    return block.astype(dtype), padding, kinds, weights, bias, how


@pytest.mark.usefixtures("limits")
@settings(max_examples=60)
@given(layers(), st.booleans(), st.booleans(), st.sampled_from(LAYOUTS))
def test_a_layer_is_its_definition_padded_before_and_on_the_way(
    case, at_end, wide, layout
):
    block, padding, kinds, weights, bias, how = case
    target = "float64" if wide else "float32"
    strides, dilations, groups = how
    operation = convolution(weights, bias, strides, dilations, groups, target)
    whole = padded(block, padding, kinds)
    expected = summed(whole, weights, bias, *how)

    source = Guarded(block.shape, block.dtype, at_end=at_end)
    source.array[...] = block
    out = Guarded(expected.shape, np.dtype(target), at_end=at_end)
    with source as cells, out as sums:
        edges = edges_of(block.shape, block.dtype, padding, kinds)
        assert operation.padding(cells, sums, edges)
        assert (sums == expected).all()
    again = np.empty(expected.shape, target)
    operation(laid_out(whole, layout), again)
    assert (again == expected).all()


@pytest.mark.parametrize("shape", [(40, 5, 9, 37), (3, 17, 6, 8), (70, 1, 1, 300)])
@pytest.mark.parametrize("stride", [1, 2])
def test_bits_do_not_depend_on_regions(shape, stride, monkeypatch):
    random = np.random.default_rng(1)
    block = random.standard_normal(shape, "float32")
    block[0, 0, 0, 5] = np.nan
    kernel = [min(3, n) for n in shape[1:]]
    weights = random.standard_normal((13, shape[0], *kernel))
    how = ((stride,) * 3, (1,) * 3, 1)
    sizes = [(n - k) // stride + 1 for n, k in zip(shape[1:], kernel, strict=True)]
    usual, small = (np.empty((13, *sizes), "float32") for _ in range(2))
    bias = random.standard_normal(13)
    convolution(weights, bias, *how)(block, usual)
    for name, value in SMALL.items():
        monkeypatch.setattr(layer, name, value)
    convolution(weights, bias, *how)(block, small)
    assert same_bits(usual, small)


def test_a_layer_that_another_process_is_sent_computes_the_same():
    random = np.random.default_rng(1)
    block = random.standard_normal((3, 9, 9), "float32")
    operation = convolution(
        random.standard_normal((2, 3, 3, 3)), np.zeros(2), (1, 1), (1, 1), 1
    )
    here, there = (np.empty((2, 7, 7), "float32") for _ in range(2))
    operation(block, here)
    pickle.loads(pickle.dumps(operation))(block, there)
    assert same_bits(here, there)


def test_blocks_of_more_geometries_than_are_kept():
    random = np.random.default_rng(1)
    weights = random.integers(-3, 4, (2, 3, 3))
    operation = convolution(weights, np.zeros(2), (1,), (1,), 1)
    for cells in (*range(5, 25), 5):
        block = random.integers(0, 9, (3, cells)).astype("float32")
        out = np.empty((2, cells - 2), "float32")
        operation(block, out)
        expected = summed(block, weights, np.zeros(2), (1,), (1,), 1)
        assert (out == expected).all()


@pytest.mark.parametrize("low", [0.0, -0.0, 1.5])
@pytest.mark.parametrize("engine", ["direct", "reference"])
def test_a_floor_gives_the_bits_of_a_clip_after_it(low, engine):
    random = np.random.default_rng(1)
    block = random.integers(-2, 3, (30, 9, 40)).astype("float32")
    block[..., :20] = abs(block[..., :20])  # so that some sums are -0
    block[0, 4, 7:9] = np.nan, -np.inf
    weights = random.integers(-2, 3, (5, 30, 3, 3)).astype("float32")
    weights[1] = -0.0
    plain = convolution(weights, np.array([-0.0, -0.0, 0, 1, 2]), (1, 1), (1, 1), 1)
    object.__setattr__(plain, "engine", engine)
    floored = plain.floored(low)
    before, after = (np.empty((5, 7, 38), "float32") for _ in range(2))
    plain(block, before)
    floored(block, after)
    assert np.signbit(before[before == 0]).any()
    assert same_bits(after, Clip(low, None)(before))
    assert floored.floored(low) is None


@pytest.mark.parametrize(
    ("kernel", "stride"), [((2, 2, 2), (2, 2, 2)), ((1, 2, 2), (1, 2, 2)), ((4,), (2,))]
)
@pytest.mark.parametrize("at_end", [False, True])
@pytest.mark.parametrize("groups", [1, 2])
def test_transposed_layers_stay_inside(kernel, stride, at_end, groups):
    random = np.random.default_rng(1)
    ndim = len(kernel)
    shape = (6, 3, 5, 19)[: ndim + 1]
    cells = random.integers(-9, 10, shape).astype("float32")
    # as convolutions have them: output channels first
    weights = random.integers(-3, 4, (3 * groups, 6 // groups, *kernel))
    bias = random.integers(-9, 10, len(weights))
    operation = convolution(weights, bias, stride, (1,) * ndim, groups)
    sizes = [n * s for n, s in zip(shape[1:], stride, strict=True)]
    whole = np.zeros((len(weights), *(n + 9 for n in sizes)))
    for (group, cell), tap in itertools.product(
        itertools.product(range(groups), np.ndindex(*shape[1:])), np.ndindex(*kernel)
    ):
        mine = slice(group * 6 // groups, (group + 1) * 6 // groups)
        theirs = slice(3 * group, 3 * group + 3)
        place = tuple(c * s + t for c, s, t in zip(cell, stride, tap, strict=True))
        found = weights[(theirs, slice(None), *tap)] @ cells[(mine, *cell)]
        whole[(theirs, *place)] += found
    whole += bias.reshape(-1, *(1,) * ndim)
    # outputs that see cells of the block alone: those of the first to the last
    first = [k - s for k, s in zip(kernel, stride, strict=True)]
    box = tuple(slice(a, n) for a, n in zip(first, sizes, strict=True))
    expected = whole[(slice(None), *box)]
    source = Guarded(cells.shape, np.dtype("f4"), at_end=at_end)
    source.array[...] = cells
    out = Guarded(expected.shape, np.dtype("f4"), at_end=at_end)
    with source as block, out as sums:
        Transposed(operation).at((0, *first))(block, sums)
        assert (sums == expected).all()
