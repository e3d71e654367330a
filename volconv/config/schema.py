"""The grammar as a JSON schema, for editors.

The language server for YAML completes keys, shows their meaning and marks typing errors
where a file begins with ``# yaml-language-server: $schema=volconv.schema.json``.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from volconv.config.models import Config
from volconv.steps.model import WordedModel

__all__ = ["MODELINE", "SCHEMA_NAME", "config_schema", "schema_text"]

SCHEMA_NAME = "volconv.schema.json"
"""The schema's file, beside the configurations."""

MODELINE = f"# yaml-language-server: $schema={SCHEMA_NAME}"
"""First line of a configuration whose editor knows the grammar."""


class EditorSchema(GenerateJsonSchema):
    """Draft 7, which editors know best, without titles that repeat the keys."""

    schema_dialect = "http://json-schema.org/draft-07/schema#"

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Never."""
        del schema
        return False

    def generate(
        self, schema: CoreSchema, mode: JsonSchemaMode = "validation"
    ) -> JsonSchemaValue:
        """The schema with its dialect."""
        found = super().generate(schema, mode)
        return {"$schema": self.schema_dialect, "title": "volconv", **without(found)}

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """The schema of a model, its keys with what they mean."""
        found = super().model_schema(schema)
        if issubclass(schema["cls"], WordedModel):
            keys = found.get("properties", {})
            for key, text in schema["cls"].meanings().items():
                if key in keys:
                    keys[key].setdefault("description", text)
        return found

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """The schema of a value that Python may leave out: a text has no null."""
        return self.generate_inner(schema["schema"])


def without(schema: Any) -> Any:
    """The schema without titles of models and without defaults of null."""
    if isinstance(schema, list):
        return [without(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: without(value)
        for key, value in schema.items()
        if not (key == "title" and isinstance(value, str))
        and not (key == "default" and value is None)
    }


def config_schema() -> dict[str, Any]:
    """The JSON schema of a configuration, steps of installed plug-ins included."""
    return Config.model_json_schema(schema_generator=EditorSchema)


def schema_text() -> str:
    """The same as text, ready for a file."""
    return json.dumps(config_schema(), indent=2) + "\n"
