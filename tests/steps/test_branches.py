"""Pipelines with branches: any box is the whole's, and the whole is stored steps'."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from tests.boxes import Reader
from tests.oracle import same_bits
from tests.steps.graphs import graphs, whole_results
from tests.steps.pipelines import whole_box
from tests.strategies import intervals, meta_of
from volconv.geometry import Interval
from volconv.steps import WindowOptions
from volconv.steps.cellwise import join_step
from volconv.steps.correlate import correlate_step
from volconv.steps.gaussian import gaussian_step
from volconv.steps.pipeline import Node, Pipeline, compute_box


def alike(left, right):
    """Whether two arrays have the same bits, a zero without its sign."""
    return same_bits(left + 0, right + 0)


@given(graphs())
def test_each_place_holds_what_steps_over_whole_stored_results_would_make(graph):
    expected = whole_results(graph)
    wanted = {
        place: whole_box(graph.shape(place))
        for place in range(1, graph.pipeline.last + 1)
    }
    found = graph.pipeline.compute(wanted, Reader(graph.array))
    for place, cells in found.items():
        assert alike(cells, expected[place])


@given(graphs(), st.data())
def test_any_box_of_any_place_is_the_same_box_of_the_whole(graph, data):
    whole = whole_results(graph)
    places = range(1, graph.pipeline.last + 1)
    for _ in range(3):
        chosen = data.draw(st.sets(st.sampled_from(places), min_size=1, max_size=3))
        wanted = {
            place: tuple(data.draw(intervals(size)) for size in graph.shape(place))
            for place in sorted(chosen)
        }
        found = graph.pipeline.compute(wanted, Reader(graph.array))
        assert found.keys() == wanted.keys()
        for place, box in wanted.items():
            part = whole[place][tuple(side.slice for side in box)]
            assert alike(found[place], part)


@given(graphs(), st.data())
def test_what_several_steps_read_is_read_once(graph, data):
    shape = graph.shape(graph.pipeline.last)
    box = tuple(data.draw(intervals(size)) for size in shape)
    read = Reader(graph.array)
    compute_box(graph.pipeline, box, read)
    seen = np.zeros(graph.array.shape, int)
    for one in read.boxes:
        seen[tuple(side.slice for side in one)] += 1
    assert seen.max(initial=0) <= 1


@given(graphs(), st.data())
def test_demands_hold_the_boxes_that_are_read(graph, data):
    shape = graph.shape(graph.pipeline.last)
    box = tuple(data.draw(intervals(size)) for size in shape)
    read = Reader(graph.array)
    compute_box(graph.pipeline, box, read)
    by_axis = [
        graph.pipeline.demands(axis, {graph.pipeline.last: side})[0]
        for axis, side in enumerate(box)
    ]
    cells = math.prod(sum(side.size for side in needs) for needs in by_axis)
    assert sum(math.prod(s.size for s in one) for one in read.boxes) == cells
    for one in read.boxes:
        assert all(side in needs for side, needs in zip(one, by_axis, strict=True))


def branch(meta, *sigmas, boundary):
    """Gaussians of one input, all joined by a subtraction."""
    options = WindowOptions(padding="same", boundary=boundary)
    steps = [gaussian_step(meta, sigma, None, 4.0, options) for sigma in sigmas]
    joint = join_step("subtract", [step.target for step in steps], None)
    places = tuple(range(1, len(steps) + 1))
    nodes = (*(Node(step, (0,)) for step in steps), Node(joint, places))
    return Pipeline(nodes)


def test_a_difference_of_gaussians_around_the_globe_equals_scipy_in_every_box():
    array = np.random.default_rng(3).random((9, 14))
    pipeline = branch(meta_of(array.shape, "float64"), 0.7, 1.5, boundary="wrap")
    theirs = ndimage.gaussian_filter(array, 0.7, mode="wrap")
    theirs -= ndimage.gaussian_filter(array, 1.5, mode="wrap")
    for y in range(0, 9, 4):
        for x in range(0, 14, 5):
            box = (Interval(y, min(y + 4, 9)), Interval(x, min(x + 5, 14)))
            found = compute_box(pipeline, box, Reader(array))
            part = theirs[box[0].slice, box[1].slice]
            np.testing.assert_allclose(found, part, rtol=0, atol=1e-14)


def test_a_branch_that_wraps_reads_the_far_side_while_the_other_one_does_not():
    array = np.arange(20.0)
    meta = meta_of((20,), "float64")
    around = correlate_step(
        meta, [1, 0, 0], None, WindowOptions(padding="same", boundary="wrap")
    )
    along = correlate_step(
        meta, [0, 0, 1], None, WindowOptions(padding="same", boundary="edge")
    )
    joint = join_step("add", [around.target, along.target], None)
    nodes = (Node(around, (0,)), Node(along, (0,)), Node(joint, (1, 2)))
    read = Reader(array)
    found = compute_box(Pipeline(nodes), (Interval(0, 2),), read)
    assert read.boxes == [(Interval(0, 3),), (Interval(19, 20),)]
    assert found.tolist() == [19 + 1, 0 + 2]


def test_the_input_itself_may_be_joined_with_what_was_made_of_it():
    array = np.arange(6, dtype="float32")
    meta = meta_of((6,), "float32")
    smooth = correlate_step(meta, [0.5, 0.5], None, WindowOptions(padding=(0, 1)))
    joint = join_step("subtract", [meta, smooth.target], None)
    pipeline = Pipeline((Node(smooth, (0,)), Node(joint, (0, 1))))
    found = compute_box(pipeline, (Interval(2, 6),), Reader(array))
    assert found.tolist() == [-0.5, -0.5, -0.5, 2.5]
