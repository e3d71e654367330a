"""Verb `schema`: the grammar for editors."""

from __future__ import annotations

__all__ = ["schema"]


def schema() -> None:
    """Print the JSON schema of configurations, for editors."""
    from volconv.config import schema_text

    print(schema_text(), end="")
