"""The shipped schema and examples are those that the package makes."""

import json
from pathlib import Path

import pytest

from volconv.cli.init import Starter, starter_text
from volconv.config import MODELINE, load_config, schema_text
from volconv.config.schema import config_schema
from volconv.steps.registry import step_classes

CONFIGS = Path(__file__).parents[2] / "configs"


def test_the_shipped_schema_is_the_grammar():
    shipped = (CONFIGS / "volconv.schema.json").read_text(encoding="utf-8")
    assert shipped == schema_text(), "run: volconv schema > configs/volconv.schema.json"


@pytest.mark.parametrize("kind", list(Starter))
def test_the_starters_are_shipped_as_examples(kind):
    path = CONFIGS / f"{kind}.yaml"
    assert path.read_text(encoding="utf-8") == starter_text(kind)


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda p: p.name)
def test_shipped_configurations_are_valid_and_name_the_schema(path):
    load_config(path)
    assert path.read_text(encoding="utf-8").splitlines()[0] == MODELINE


def test_every_step_and_every_key_is_explained():
    schema = config_schema()
    steps = schema["properties"]["steps"]
    assert steps["minItems"] == 1
    bare, by_name = steps["items"]["anyOf"]
    known = by_name["properties"]
    assert bare["enum"] == [
        name for name, kind in step_classes().items() if not kind.required()
    ]
    assert list(known) == list(step_classes())
    for name, found in known.items():
        step = (
            schema["$defs"][found["$ref"].split("/")[-1]] if "$ref" in found else found
        )
        assert set(step["properties"]) == set(step_classes()[name].by_key())
        assert not step["additionalProperties"]
        for key in (step, *step["properties"].values()):
            assert key["description"]


def test_values_with_a_list_of_names_say_it_to_editors():
    steps = config_schema()["properties"]["steps"]
    known = steps["items"]["anyOf"][1]["properties"]
    one, by_name = known["box"]["properties"]["boundary"]["oneOf"]
    assert one["enum"] == ["constant", "edge", "reflect", "symmetric", "wrap"]
    assert by_name["additionalProperties"] == one
    assert known["box"]["properties"]["size"]["oneOf"][0]["anyOf"] == [
        {"type": "integer", "minimum": 1},
        {"type": "string"},
    ]
    assert known["box"]["required"] == ["size"]


def test_the_schema_is_of_the_draft_that_editors_know():
    schema = json.loads(schema_text())
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert schema["required"] == ["version", "input", "steps", "output"]
    assert "prefixItems" not in schema_text()
