"""Which cuts of long pipelines are weighed."""

from volconv.meta import ArrayMeta, Axis
from volconv.plan.cuts import Builder, cut_steps
from volconv.plan.output import OutputSpec
from volconv.plan.stage import Room
from volconv.steps import WindowOptions, chain
from volconv.steps.correlate import correlate_step


def builder_of(steps):
    """Steps that each make a line of 4000 cells one cell shorter."""
    meta, found = ArrayMeta((Axis("x", 4000),), "float32", (100,)), []
    for _ in range(steps):
        found.append(correlate_step(meta, [1.0, 1.0], None, WindowOptions()))
        meta = found[-1].target
    output = OutputSpec("out", "v", "float32", (100,))
    return Builder(found[0].source, chain(found), output, {}, Room(1, 2**30))


def test_all_cuts_of_ten_steps_are_weighed():
    builder = builder_of(10)
    places = cut_steps(builder.pipeline)
    assert builder.few(places) == places == list(range(1, 10))


def test_of_a_long_pipeline_the_smallest_result_of_each_stretch_is_weighed():
    builder = builder_of(100)
    # of 100 steps 10 stages, which 4 cuts make: a stretch of 99 places ends smallest
    assert builder.few(cut_steps(builder.pipeline)) == [24, 49, 74, 99]
