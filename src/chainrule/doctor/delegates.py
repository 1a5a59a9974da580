"""Methods that do nothing but call another one of the same object:

def forward(self, x): return self.adelante(x)

What the other does is what counts, and a model calls it directly.
"""

from __future__ import annotations

import ast
import inspect
from functools import lru_cache
from typing import Any

from .source.read import source_tree


def delegate_of(method: Any) -> str | None:
    """The name of the method that it hands all of its arguments to; None where it does something itself."""
    return _read(method) if inspect.isfunction(method) else None


@lru_cache(maxsize=4000)
def _read(method: Any) -> str | None:
    if method.__code__.co_argcount < 2 or len(method.__code__.co_names) != 1:
        return None  # nearly all methods, without a look at their source
    tree = source_tree(method)
    body = [n for n in tree.body if not _is_text(n)] if tree is not None else []
    call = body[0].value if len(body) == 1 and isinstance(body[0], ast.Return) else None
    if tree is None or not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None
    me, *own = [a.arg for a in tree.args.args]
    handed_on = [ast.unparse(a) for a in call.args] == own and not call.keywords
    return call.func.attr if handed_on and ast.unparse(call.func.value) == me else None


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
