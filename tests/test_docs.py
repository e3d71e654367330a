"""What the pages say in YAML is valid, and that of all steps says what the grammar has."""

import re
from pathlib import Path

import pytest

from volconv.config import parse_config
from volconv.config.codecs import CODECS
from volconv.config.models import Config, Input, Output
from volconv.steps.registry import step_classes

ROOT = Path(__file__).parents[1]
STEPS = (ROOT / "docs/steps.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
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


def test_the_page_of_runs_names_every_key_of_a_configuration():
    runs = (ROOT / "docs/runs.md").read_text(encoding="utf-8")
    keys = {"input": Input.by_key(), "output": Output.by_key()}
    parts = {f"{part}.{key}" for part, fields in keys.items() for key in fields}
    table = {row.split("`")[1]: row for row in runs.splitlines() if row[:3] == "| `"}
    assert set(table) & {*parts, *Config.by_key()} == {*parts, "version", "about"}
    codecs = {name for codec in CODECS.values() for name in codec.by_key()} | set(
        CODECS
    )
    assert codecs <= set(re.findall(r"`(\w+)`", table["output.codec"]))


def configurations(text):
    """The configurations of a page, those of steps alone with an input and an output."""
    texts = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    around = "version: 1\ninput: {{path: a}}\n{}output: {{path: b}}\n"
    return [
        parse_config(around.format(each) if each.startswith("steps:") else each)
        for each in texts
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_configurations_of_a_page_are_valid(page):
    text = page.read_text(encoding="utf-8")
    assert len(configurations(text)) == text.count("```yaml")


def test_the_page_of_steps_shows_these():
    assert [
        [step.step_name for step in each.steps] for each in configurations(STEPS)
    ] == [
        ["clip", "gaussian", "gradient_magnitude", "max_pool", "cast"],
        ["correlate_bank", "max_pool"],
        ["mean_pool", "crop"],
        ["gaussian", "gaussian", "subtract", "clip"],
    ]
