"""The source of a function, as a syntax tree."""

from __future__ import annotations

import ast
import inspect
import textwrap
import types
from collections.abc import Callable
from functools import lru_cache
from typing import Any


def source_tree(function: Callable[..., Any]) -> ast.FunctionDef | None:
    """The syntax tree of a function, with the line numbers of its file; None where there is no source."""
    function = inspect.unwrap(function)
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    text = None if code is None else _source(code.co_filename, code)
    if text is None:
        return None
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return None
    node = tree.body[0] if tree.body else None
    return node if isinstance(node, ast.FunctionDef) else None


@lru_cache(maxsize=2000)
def _source(file: str, code: types.CodeType) -> str | None:
    """A function's source, behind as many empty lines as stand before it in its file."""
    try:
        lines, first = inspect.getsourcelines(code)
    except (OSError, TypeError, SyntaxError, IndentationError):
        return None
    return "\n" * (first - 1) + textwrap.dedent("".join(lines))


def returned_names(function: Callable[..., Any]) -> list[str] | None:
    """The names in `return dx, dw, db`, where the last return is a plain list of names; what stands for such
    a function may say them itself.
    """
    told: list[str] | None = getattr(function, "returned_names", None)
    if told is not None:
        return told
    tree = source_tree(function)
    returns = [n for n in ast.walk(tree) if isinstance(n, ast.Return)] if tree else []
    if not returns:
        return None
    value = max(returns, key=lambda n: n.lineno).value
    elements = value.elts if isinstance(value, (ast.Tuple, ast.List)) else [value]
    names = [_last_name(e) for e in elements]
    return [n or "" for n in names]


def _last_name(node: ast.expr | None) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    return None
