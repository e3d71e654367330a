from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import windows
from volconv.errors import GeometryError
from volconv.geometry import Interval, ReceptiveField, Spreading, Window


def cells_seen(chain, output):
    """Input cells that an output of a chain sees, backwards through every window."""
    seen = {output}
    for window in reversed(chain):
        seen = {
            cell * window.stride - window.padding[0] + tap * window.dilation
            for cell in seen
            for tap in range(window.size)
        }
    return seen


@given(st.lists(windows, max_size=4))
def test_a_field_is_what_the_first_output_sees(chain):
    seen, field = cells_seen(chain, 0), ReceptiveField.of(chain)
    assert field.size == max(seen) - min(seen) + 1
    assert field.offset == Fraction(max(seen) + min(seen), 2)


@given(st.lists(windows, max_size=4))
def test_a_jump_leads_from_one_field_to_the_next(chain):
    assert ReceptiveField.of(chain).jump == min(cells_seen(chain, 1)) - min(
        cells_seen(chain, 0)
    )


CONV3 = Window(3, padding=(1, 1))
POOL2 = Window(2, stride=2)
POOL3 = Window(3, stride=2)
VGG_16 = [
    *(CONV3, CONV3, POOL2),
    *(CONV3, CONV3, POOL2),
    *(CONV3, CONV3, CONV3, POOL2),
    *(CONV3, CONV3, CONV3, POOL2),
    *(CONV3, CONV3, CONV3, POOL2),
]
ALEXNET = [
    *(Window(11, stride=4), POOL3),
    *(Window(5, padding=(2, 2)), POOL3),
    *(CONV3, CONV3, CONV3, POOL3),
]


# field, total stride and effective padding from RECEPTIVE_FIELD_TABLE.md of
# google-research/receptive_field (Apache-2.0); Araujo, Norris & Sim 2019, "Computing
# Receptive Fields of Convolutional Neural Networks"
@pytest.mark.parametrize(
    ("network", "layers", "size", "jump", "padding"),
    [
        pytest.param(ALEXNET, 1, 11, 4, 0, id="alexnet conv1"),
        pytest.param(ALEXNET, 2, 19, 8, 0, id="alexnet pool1"),
        pytest.param(ALEXNET, 3, 51, 8, 16, id="alexnet conv2"),
        pytest.param(ALEXNET, 8, 195, 32, 64, id="alexnet pool5"),
        pytest.param(VGG_16, 3, 6, 2, 2, id="vgg conv1 and pool1"),
        pytest.param(VGG_16, 10, 44, 8, 18, id="vgg pool3"),
        pytest.param(VGG_16, 18, 212, 32, 90, id="vgg pool5"),
    ],
)
def test_fields_are_those_of_the_published_table(network, layers, size, jump, padding):
    field = ReceptiveField.of(network[:layers])
    assert (field.size, field.jump) == (size, jump)
    assert field.offset == Fraction(size - 1, 2) - padding


@st.composite
def forks(draw):
    """Chains of one total stride that begin at one input and meet again."""
    strides = draw(st.lists(st.integers(1, 3), max_size=3))
    return [
        [replace(draw(windows), stride=stride) for stride in strides]
        for _ in range(draw(st.integers(1, 3)))
    ]


@given(forks(), st.integers(0, 2))
def test_a_field_of_paths_that_meet_holds_what_each_of_them_sees(paths, output):
    seen = set().union(*(cells_seen(path, output) for path in paths))
    field = ReceptiveField.union([ReceptiveField.of(path) for path in paths])
    first = output * field.jump - field.padding
    assert (first, first + field.size - 1) == (min(seen), max(seen))


@given(forks())
def test_paths_align_where_the_middles_of_what_they_see_are_one(paths):
    seen = [cells_seen(path, 0) for path in paths]
    middles = {Fraction(min(cells) + max(cells), 2) for cells in seen}
    apart = ReceptiveField.apart([ReceptiveField.of(path) for path in paths])
    assert apart == max(middles) - min(middles)


def test_paths_of_different_strides_have_no_field():
    fields = [ReceptiveField.of([Window(2, stride=stride)]) for stride in (1, 2)]
    with pytest.raises(GeometryError, match="strides 1 and 2 in all"):
        ReceptiveField.union(fields)


spreadings = st.builds(
    Spreading.of,
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(1, 2),
    st.tuples(st.integers(-2, 3), st.integers(0, 1)),
)


@given(st.lists(st.one_of(windows, spreadings), max_size=4), st.integers(0, 40))
def test_fields_of_finer_places_are_what_each_output_sees(chain, output):
    seen = Interval(output, output + 1)
    for window in reversed(chain):
        seen = window.source(seen)
    field = ReceptiveField.of(chain)
    assert field.at(output) == seen
    assert seen.size <= field.size
    further = field.at(output + len(field.cells))
    assert further == seen.shift(int(field.jump * len(field.cells)))


@given(st.integers(1, 4), st.integers(1, 3), st.integers(0, 2))
def test_centres_of_finer_places_are_those_of_coordinates(factor, dilation, before):
    window = Spreading.of(factor + 1, factor, dilation, (before, 0))
    assert ReceptiveField.of([window]).offset == window.centre(0)


def test_coarser_and_finer_again_sees_as_many_cells_in_each_place():
    chain = [Window(2, stride=2), Spreading.of(2, 2), Window(3, padding=(1, 1))]
    field = ReceptiveField.of(chain)
    assert [field.at(output) for output in (0, 1, 2)] == [
        Interval(-2, 2),
        Interval(0, 4),
        Interval(0, 4),
    ]
    assert (field.size, field.padding, field.halo) == (4, 2, 4)
    assert (field.jump, field.offset) == (Fraction(1), Fraction(0))
