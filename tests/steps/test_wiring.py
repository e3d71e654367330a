"""Names of steps and what reads what: told with the line, before anything is opened."""

import pytest

from tests.strategies import meta_of
from volconv.config import parse_config
from volconv.errors import ConfigError, VolconvError
from volconv.steps.wiring import resolved_pipeline

STEPS = """
version: 1
input: {{path: in.zarr}}
steps:
{steps}
output: {{path: out.zarr}}
"""


def text_of(*steps):
    return STEPS.format(steps="\n".join(f"  - {step}" for step in steps))


def faults(*steps):
    with pytest.raises(ConfigError) as refused:
        parse_config(text_of(*steps))
    return list(refused.value.faults)


def places(*steps):
    pipeline = resolved_pipeline(
        parse_config(text_of(*steps)).steps, meta_of((6, 6), "float32")
    )
    return [node.inputs for node in pipeline.nodes]


GAUSSIAN = "gaussian: {sigma: 1}"


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (
            ["gaussian: {sigma: 1, from: smoth}", GAUSSIAN],
            "line 5: steps.1.gaussian.from: got 'smoth'; expected the name of a step "
            "before it, or one of input.",
        ),
        (
            ["gaussian: {sigma: 1, name: smooth}", "add: {from: [smoth, input]}"],
            "line 6: steps.2.add.from: got 'smoth'; expected the name of a step before "
            "it, or one of input, smooth. Fix: did you mean 'smooth'?",
        ),
        (
            ["gaussian: {sigma: 1, from: late}", "gaussian: {sigma: 2, name: late}"],
            "line 5: steps.1.gaussian.from: got 'late'; expected the name of a step "
            "before it, or one of input.",
        ),
        (
            ["gaussian: {sigma: 1, name: own, from: own}", GAUSSIAN],
            "line 5: steps.1.gaussian.from: got 'own'; expected the name of a step "
            "before it, or one of input.",
        ),
        (
            ["gaussian: {sigma: 1, name: a}", "gaussian: {sigma: 2, name: a}"],
            "line 6: steps.2.gaussian.name: got 'a'; expected a new name.",
        ),
        (
            ["gaussian: {sigma: 1, name: input}", GAUSSIAN],
            "line 5: steps.1.gaussian.name: got 'input'; expected a new name.",
        ),
        (
            ["gaussian: {sigma: 1, name: two words}", GAUSSIAN],
            "line 5: steps.1.gaussian.name: got 'two words'; expected letters, digits, "
            "_, - and ..",
        ),
        (
            [
                "gaussian: {sigma: 1, save: a.zarr}",
                "gaussian: {sigma: 1, save: a.zarr}",
                GAUSSIAN,
            ],
            "line 6: steps.2.gaussian.save: got 'a.zarr'; expected a path of its own.",
        ),
        (
            [
                "gaussian: {sigma: 1, save: a.zarr}",
                "gaussian: {sigma: 1, save: ./a.zarr/b}",
                GAUSSIAN,
            ],
            "line 6: steps.2.gaussian.save: got './a.zarr/b'; expected a path of its "
            "own.",
        ),
        (
            ["gaussian: {sigma: 1, save: in.zarr/b}", GAUSSIAN],
            "line 5: steps.1.gaussian.save: got 'in.zarr/b'; expected a path of its own.",
        ),
        (
            [GAUSSIAN, "gaussian: {sigma: 1, save: a.zarr}"],
            "line 6: steps.2.gaussian.save: got 'a.zarr'; expected steps before the "
            "last one to save their results. Fix: the last one's goes to output.path: "
            "leave save out.",
        ),
        (
            ["gaussian: {sigma: 1, save: ./out.zarr}", GAUSSIAN],
            "line 7: output.path: got 'out.zarr', with what step 1 saves: path "
            "'./out.zarr'; expected a store apart from it.",
        ),
        (
            ["gaussian: {sigma: 1, name: a}", "add: {from: [a]}"],
            "line 6: steps.2.add.from: got 1 name; expected two or more, such as [a, b].",
        ),
        (
            [GAUSSIAN, "add: {dtype: float64}"],
            "line 6: missing key steps.2.add.from. Expected names of two or more steps "
            "before it, or input; the first one first.",
        ),
    ],
)
def test_a_fault_of_names_is_told_with_its_line(steps, said):
    assert faults(*steps) == [said]


def test_all_faults_of_names_are_told_at_once():
    found = faults(
        "gaussian: {sigma: 1, name: input, from: x}", "add: {from: [y, input, z]}"
    )
    assert [fault.split(":")[0] for fault in found] == ["line 5"] * 2 + ["line 6"] * 2


def test_a_step_reads_the_one_before_it_unless_it_names_another():
    assert places(GAUSSIAN, GAUSSIAN) == [(0,), (1,)]
    assert places(
        "gaussian: {sigma: 1, name: a}",
        "gaussian: {sigma: 2, from: input}",
        "gaussian: {sigma: 2, from: a, name: b}",
        "subtract: {from: [b, input, a, b]}",
    ) == [(0,), (0,), (1,), (3, 0, 1, 3)]


def test_a_step_that_does_not_fit_what_it_reads_is_named_with_its_number():
    steps = [
        "box: {size: {y: 2}, stride: {y: 2}, name: half}",
        "add: {from: [half, input]}",
    ]
    with pytest.raises(VolconvError, match=r"step 2 \(add\), from: got sizes.*'y': 3"):
        places(*steps)
