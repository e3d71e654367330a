"""What the keys of a model mean: the texts below its attributes, read when needed.

pydantic can read them where a model is made. That is half of what an import costs, and
only faults and schemas show them.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from functools import cache
from itertools import pairwise

__all__ = ["attribute_docs"]


@cache
def attribute_docs(model: type) -> dict[str, str]:
    """The text below each attribute of a class and of those it inherits from.

    Examples
    --------
    >>> from volconv.config import Config
    >>> attribute_docs(Config)["steps"]
    'The steps, carried out in this order.'
    """
    found: dict[str, str] = {}
    for each in reversed(model.__mro__[:-1]):
        if each.__module__.partition(".")[0] == "pydantic":
            continue
        try:
            source = inspect.getsource(each)
        except (OSError, TypeError):
            continue  # made where no file is: in a prompt, or by a program
        statements = ast.parse(textwrap.dedent(source)).body[0]
        if isinstance(statements, ast.ClassDef):
            found |= dict(_documented(statements.body))
    return found


def _documented(body: list[ast.stmt]) -> list[tuple[str, str]]:
    """Names that are annotated and the texts that follow them."""
    return [
        (named.target.id, inspect.cleandoc(text.value.value))
        for named, text in pairwise(body)
        if isinstance(named, ast.AnnAssign)
        and isinstance(named.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    ]
