"""A model whose loss(x, y) runs backward, too, and returns nothing but the loss:

def loss(self, x, y):
    value = self.criterion.forward(self.forward(x), y)
    grad = self.criterion.backward()
    for layer in reversed(self.layers): grad = layer.backward(grad)
    return value                            the gradients are left in the layers, in self.dW, in self.grads
"""

from __future__ import annotations

import ast
import copy
import inspect
import re
from functools import lru_cache
from typing import Any

import numpy as np

from ..arrays_inside import places
from ..calling import required
from ..naming import gradient_stems
from ..objects import BACKWARD_NAMES
from ..source.read import source_tree
from ..structure import identical
from .methods import method
from .model_arrays import arrays_of
from .results import results_of
from .roles import roles_of
from .stepping import left_on
from .whole import Function, Whole

_NAMES = re.compile(r"loss|cost|objective|criterion|forward_?backward|fwd_?bwd|error", re.I)
_BACK = re.compile(r"back|bwd|bprop|grad", re.I)


@lru_cache(maxsize=256)
def leaving_method(cls: Any) -> Function | None:
    """The method that does so, of a class without a backward of its own; `loss` before others."""
    if method(cls, BACKWARD_NAMES) is not None:
        return None
    names = {n for kind in cls.__mro__[:-1] for n, f in vars(kind).items() if inspect.isfunction(f)}
    named = [n for n in names if _NAMES.search(n) and not n.startswith("__")]
    for name in sorted(named, key=lambda n: (n.lstrip("_") not in ("loss", "cost"), n)):
        function = method(cls, (name,))
        if function is not None and _takes_labels(function) and _leaves(cls, function):
            return function
    return None


def _takes_labels(function: Function) -> bool:
    asked = [p.name for p in required(function)[1:]]
    return len(asked) == 2 and "labels" in roles_of(asked[1]) and results_of(function) is None


def _leaves(cls: Any, function: Function) -> bool:
    """Whether it returns something, and calls a backward or stores what has the name of a gradient."""
    tree = source_tree(function)
    if tree is None or not any(isinstance(n, ast.Return) and n.value is not None for n in ast.walk(tree)):
        return False
    trees = [tree]
    for node in ast.walk(tree):
        own = isinstance(node, ast.Attribute) and ast.unparse(node.value) == "self"
        called = method(cls, (node.attr,)) if own and isinstance(node, ast.Attribute) else None
        other = source_tree(called) if called is not None else None
        trees += [other] if other is not None else []
    return any(_is_backward(node) for t in trees for node in ast.walk(t))


def _is_backward(node: ast.AST) -> bool:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return bool(_BACK.search(node.func.attr)) and node.func.attr != "zero_grad"
    if isinstance(node, (ast.Assign, ast.AugAssign)):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        stored = [t for t in targets if isinstance(t, ast.Attribute)]
        return any(gradient_stems(t.attr) and len(t.attr) > 1 and _GRADIENT.match(t.attr) for t in stored)
    return False


_GRADIENT = re.compile(r"^_*(d_?[A-Zwb]|grad|g_)|(_grad|_g)s?$")


def whole_of_loss(model: Any, function: Function) -> Whole:
    """forward(x, y) -> loss, and backward(), which runs it once more on a copy and reads what it leaves."""

    def loss(*inputs: Any, **kwargs: Any) -> Any:
        return _number(getattr(model, function.__name__)(*inputs, **kwargs))

    kept: list[set[str]] = []

    def gradients(*inputs: Any, **kwargs: Any) -> dict[str, Any]:
        if not kept:
            kept.append(_kept(model, function, inputs, kwargs))
        own = copy.deepcopy(model)
        before = {p.path: np.array(p.get(), dtype=float) for p in places(own) if p.path in kept[0]}
        getattr(own, function.__name__)(*inputs, **kwargs)
        return left_on(own, before, None)

    shown = getattr(model, function.__name__)
    return Whole((shown, shown), loss, gradients, dict(arrays_of(model)))


def _kept(model: Any, function: Function, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> set[str]:
    """The places whose values are no matter of the data: neither caches nor gradients."""
    found = []
    x = np.asarray(inputs[0])
    for other in (x, 1.3 * x if x.dtype.kind == "f" else x[::-1]):
        own = copy.deepcopy(model)
        getattr(own, function.__name__)(other, *inputs[1:], **kwargs)
        found.append({p.path: np.array(p.get(), dtype=float) for p in places(own)})
    there = {p.path for p in places(model)}
    return {n for n, v in found[0].items() if n in there and n in found[1] and identical(v, found[1][n])}


def _number(returned: Any) -> Any:
    return returned[0] if isinstance(returned, tuple) else returned
