import itertools

import pytest

from tests.geometry.axes import along_x
from tests.oracle import window_starts
from volconv.errors import GeometryError, KindError


def positions(cells, window):
    before, after = window.padding
    return window_starts(cells, before, after, window.span, window.stride)


GRID = list(itertools.product(range(1, 10), range(1, 6), range(1, 5), range(1, 4)))


def ceil_of(cells, stride):
    return len(range(0, cells, stride))


def test_valid_pads_nothing():
    for cells, size, stride, dilation in GRID:
        if dilation * (size - 1) + 1 <= cells:
            window = along_x(cells, size, stride=stride, dilation=dilation)
            assert window.padding == (0, 0)


def test_full_pads_so_that_every_overlap_is_an_output():
    for cells, size, _, dilation in GRID:
        window = along_x(cells, size, dilation=dilation, padding="full")
        reach = dilation * (size - 1)
        touching = [
            start
            for start in range(-reach - 3, cells + 3)
            if start + reach >= 0 and start < cells
        ]
        assert positions(cells, window) == touching


def test_same_gives_an_output_for_every_strideth_cell():
    for cells, size, stride, dilation in GRID:
        window = along_x(cells, size, stride=stride, dilation=dilation, padding="same")
        assert len(positions(cells, window)) == ceil_of(cells, stride)


def test_same_puts_the_odd_cell_after():
    for cells, size, stride, dilation in GRID:
        window = along_x(cells, size, stride=stride, dilation=dilation, padding="same")
        before, after = window.padding
        assert before + after == dilation * (size - 1)
        assert after - before in (0, 1)


def test_strided_same_samples_the_stride_one_result_from_its_first():
    for cells, size, stride, dilation in GRID:
        strided, plain = (
            along_x(cells, size, stride=s, dilation=dilation, padding="same")
            for s in (stride, 1)
        )
        assert positions(cells, strided) == positions(cells, plain)[::stride]


@pytest.mark.parametrize(("name", "odd_first"), [("same_upper", 0), ("same_lower", 1)])
def test_onnx_same_pads_the_least_that_gives_every_strideth_cell(name, odd_first):
    for cells, size, stride, dilation in GRID:
        window = along_x(cells, size, stride=stride, dilation=dilation, padding=name)
        before, after = window.padding
        span = dilation * (size - 1) + 1
        least = next(
            total
            for total in itertools.count()
            if len(window_starts(cells, 0, total, span, stride))
            == ceil_of(cells, stride)
        )
        assert before + after == least
        assert before - after == (least % 2 if odd_first else -(least % 2))


# written out from the operator's text (ONNX Conv, auto_pad): n, f, s, upper, lower
@pytest.mark.parametrize(
    ("cells", "size", "stride", "upper", "lower"),
    [
        (5, 2, 1, (0, 1), (1, 0)),
        (5, 3, 2, (1, 1), (1, 1)),
        (6, 3, 2, (0, 1), (1, 0)),
        (7, 4, 3, (1, 2), (2, 1)),
        (8, 1, 2, (0, 0), (0, 0)),
    ],
)
def test_onnx_same_by_hand(cells, size, stride, upper, lower):
    for name, pair in (("same_upper", upper), ("same_lower", lower)):
        assert along_x(cells, size, stride=stride, padding=name).padding == pair


def test_same_pads_an_even_kernel_as_torch_does():
    assert along_x(10, 4, padding="same").padding == (1, 2)
    assert along_x(10, 2, dilation=3, padding="same").padding == (1, 2)


def test_an_integer_pads_both_sides_and_a_pair_each_its_own():
    assert along_x(6, 3, padding=2).padding == (2, 2)
    assert along_x(6, 3, padding=(2, 0)).padding == (2, 0)
    assert along_x(6, 3, padding=[0, 1]).padding == (0, 1)


@pytest.mark.parametrize(
    ("padding", "error", "message"),
    [
        (-1, GeometryError, r"got -1; expected a whole number of at least 0\."),
        ((0, -2), GeometryError, r"got -2; expected a whole number of at least 0\."),
        (
            (1, 2, 3),
            GeometryError,
            r"got \(1, 2, 3\); expected a pair \(before, after\)",
        ),
        ("sane", GeometryError, r"got 'sane'; .*Fix: did you mean 'same'\?"),
        (
            "reflect",
            GeometryError,
            "got 'reflect'; .* valid, same, same_upper, same_lower",
        ),
        (1.5, KindError, r"got 1\.5; expected a whole number of at least 0\."),
        ((1, 0.5), KindError, r"got 0\.5; expected a whole number"),
        (None, KindError, "got None; expected a whole number"),
        (True, KindError, "got True; expected a whole number"),
    ],
)
def test_a_padding_that_cannot_be_is_refused(padding, error, message):
    with pytest.raises(error, match=f"^padding along 'x': {message}"):
        along_x(6, 2, padding=padding)
