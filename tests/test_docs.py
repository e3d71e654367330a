"""The page of all steps says of each what the grammar has."""

import re
from pathlib import Path

import pytest

from volconv.config import parse_config
from volconv.steps.registry import step_classes

STEPS = (Path(__file__).parents[1] / "docs/steps.md").read_text(encoding="utf-8")
SHARED = {
    "stride",
    "padding",
    "label",
    "boundary",
    "fill_value",
    "dtype",
    "name",
    "save",
}


def rows():
    """The cells of each step's row in the tables."""
    found = {}
    for line in STEPS.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        for name in re.findall(r"`(\w+)`", cells[0] if line.startswith("|") else ""):
            found[name] = cells
    return found


def test_every_step_has_a_row():
    assert set(rows()) == set(step_classes())


@pytest.mark.parametrize("name", step_classes())
def test_a_row_names_every_key_that_not_all_steps_have(name):
    kind = step_classes()[name]
    keys = set(kind.by_key())
    shared = SHARED if "from" in kind.required() else {*SHARED, "from"}
    named = set(re.findall(r"`(\w+)`", rows()[name][1]))
    assert keys - shared <= named <= keys


def test_the_page_s_configurations_are_valid():
    texts = re.findall(r"```yaml\n(.*?)```", STEPS, re.DOTALL)
    configs = [
        parse_config(f"version: 1\ninput: {{path: a}}\n{text}output: {{path: b}}\n")
        for text in texts
    ]
    assert [[step.step_name for step in config.steps] for config in configs] == [
        ["clip", "gaussian", "gradient_magnitude", "max_pool", "cast"],
        ["correlate_bank", "max_pool"],
        ["mean_pool", "crop"],
        ["gaussian", "gaussian", "subtract", "clip"],
    ]
