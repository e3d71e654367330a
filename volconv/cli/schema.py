"""Verb `schema`: the grammar for editors."""

from __future__ import annotations

from volconv.config import schema_text

__all__ = ["schema"]


def schema() -> None:
    """Print the JSON schema of configurations, for editors."""
    print(schema_text(), end="")
