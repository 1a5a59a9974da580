"""What a function returns that gives a loss and gradients in one call: which result is the loss, and of what
the others are the gradients.

    return loss, dW, db          return loss, dx / N          return {"dw": dw, "db": db}, cost
    return loss, grads           return float(loss), grad
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ..naming import UPSTREAMS, belongs
from ..source.read import source_tree

LOSS = re.compile(
    r"^_*((total|data|mean|avg|full)_?)?(loss|cost|j|nll|err(or)?|objective)(es|_?(value|total|sum|mean))?$",
    re.I,
)
_BUNDLE = re.compile(
    r"^_*(all_?)?(d_?params|gradients?|grads?|param_?grads|d_?theta|derivatives|nabla)$", re.I
)
_OF_FIRST = re.compile(
    r"^_*(grad(ient)?|d_?(x|inputs?|scores?|logits|y_?pred\w*|pred\w*|y_?hat|z|probs?|out(put)?s?))$", re.I
)
HOLDERS = re.compile(r"^_*(params?|parameters|weights|theta|model|W|p|P)$")


@dataclass(frozen=True)
class Results:
    """loss: its place among the results. names: all of them, "" where there is none. bundle: the place of a
    dict or list of gradients. keys: of that dict, where the code says them.
    """

    loss: int
    names: tuple[str, ...]
    bundle: int | None
    keys: tuple[str, ...]

    def owners(self, known: Iterable[str]) -> dict[str, int]:
        """Of these arguments or arrays, those of which a result is the gradient: the place of that result."""
        known = list(known)
        found: dict[str, int] = {}
        for i, name in enumerate(self.names):
            if i in (self.loss, self.bundle) or not UPSTREAMS.match(name):
                continue
            fits = [n for n in known if n != name and belongs(name, n)]
            if fits:
                found[max(fits, key=lambda n: belongs(name, n))] = i
        return found

    def of_first(self) -> int | None:
        """The place of the one gradient beside the loss, which is that of the first argument."""
        others = [i for i in range(len(self.names)) if i != self.loss]
        return others[0] if len(others) == 1 and _OF_FIRST.match(self.names[others[0]]) else None


def results_of(function: Callable[..., Any]) -> Results | None:
    """Read from its last return; None where that is no loss with something beside it."""
    tree = source_tree(function)
    returns = [n for n in ast.walk(tree) if isinstance(n, ast.Return)] if tree else []
    value = max(returns, key=lambda n: n.lineno).value if returns else None
    if tree is None or not isinstance(value, (ast.Tuple, ast.List)) or len(value.elts) < 2:
        return None
    names = [_said(element) for element in value.elts]
    losses = [i for i, name in enumerate(names) if LOSS.match(name)]
    if len(losses) != 1:
        return None
    bundles = [
        i
        for i, e in enumerate(value.elts)
        if _BUNDLE.match(names[i]) or _makes_dict(e) or _is_dict(tree, names[i])
    ]
    bundle = bundles[0] if len(bundles) == 1 else None
    keys = _keys(tree, value.elts[bundle], names[bundle]) if bundle is not None else ()
    return Results(losses[0], tuple(names), bundle, keys)


def _makes_dict(node: ast.expr) -> bool:
    """{"W": dW}, dict(W=dW)"""
    return isinstance(node, ast.Dict) or (isinstance(node, ast.Call) and ast.unparse(node.func) == "dict")


def _is_dict(tree: ast.FunctionDef, name: str) -> bool:
    """Whether a name, short as it may be, is that of a dict of gradients: `g = {k: np.zeros_like(v) ...}`."""
    if not UPSTREAMS.match(name):
        return False
    kinds = (ast.Dict, ast.DictComp)
    made = [n for n in ast.walk(tree) if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == name]
    return any(isinstance(n.value, kinds) or ast.unparse(n.value).startswith("dict(") for n in made)


def _said(node: ast.expr) -> str:
    """The name of a result; of an expression, that of the loss or of the gradient in it."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    called = node.func if isinstance(node, ast.Call) else None
    name = (
        called.attr
        if isinstance(called, ast.Attribute)
        else called.id
        if isinstance(called, ast.Name)
        else ""
    )
    if LOSS.match(name):
        return name  # return self.loss(x, y), grads
    if isinstance(node, (ast.BinOp, ast.UnaryOp, ast.Call)):
        inside = [n.id for n in ast.walk(node) if isinstance(n, ast.Name)]
        told = [n for n in inside if LOSS.match(n) or (UPSTREAMS.match(n) and not n.startswith("data"))]
        return told[0] if len(set(told)) == 1 else ""
    return ""


def _keys(tree: ast.FunctionDef, node: ast.expr, name: str) -> tuple[str, ...]:
    """Of the dict that is returned: written on the spot, or filled under this name."""
    found: list[str] = []
    for inner in [node, *ast.walk(tree)]:
        if isinstance(inner, ast.Assign) and any(
            isinstance(t, ast.Name) and t.id == name for t in inner.targets
        ):
            inner = inner.value
        elif inner is not node and not isinstance(inner, ast.Subscript):
            continue
        if isinstance(inner, ast.Dict):
            found += [k.value for k in inner.keys if isinstance(k, ast.Constant) and isinstance(k.value, str)]
        elif isinstance(inner, ast.Call) and ast.unparse(inner.func) == "dict":
            found += [k.arg for k in inner.keywords if k.arg]
        elif (
            isinstance(inner, ast.Subscript)
            and isinstance(inner.value, ast.Name)
            and inner.value.id == name
            and isinstance(inner.slice, ast.Constant)
        ):
            found.append(str(inner.slice.value))
    return tuple(dict.fromkeys(found))
