"""Functions that build a model of the file's own classes, and the loss that goes with it.

def build_model(n_features, n_classes):
    model = Sequential()
    model.add(Dense(n_classes))
    return model.build(n_features)

def train_on_batch(self, x, y, loss, lr): ... loss.gradient(self.forward(x), y)
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from ..calling import positional, required
from ..objects import BACKWARD_NAMES, FORWARD_NAMES
from ..source.read import source_tree
from .adapters import Pair
from .loss_classes import loss_parts
from .methods import constructor_of, method
from .nested import MANY

_LOSS = re.compile(r"loss|criterion|cost|objective", re.I)
_RUNS = re.compile(r"^(main|test|train|run|fit|demo|check|load|restore|copy|clone)", re.I)


def model_built_by(function: Callable[..., Any]) -> type | None:
    """The class of the model that a function returns; None where it returns none of the file's own."""
    tree = source_tree(function)
    if tree is None or _RUNS.match(function.__name__):
        return None
    returns = [n.value for n in ast.walk(tree) if isinstance(n, ast.Return) and n.value is not None]
    name = _root(returns[-1]) if returns else ""
    made = [
        n.value for n in ast.walk(tree) if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == name
    ]
    found = function.__globals__.get(_root(made[0]) if made else name)
    if not inspect.isclass(found) or found.__module__ != function.__module__:
        return None
    is_layer = method(found, FORWARD_NAMES) is not None and method(found, BACKWARD_NAMES) is not None
    return found if is_layer else None


def takes_layers(cls: type) -> bool:
    """Whether a model is built of a list of layers: which ones fit, the file's own function knows best."""
    constructor = constructor_of(cls)
    return inspect.isfunction(constructor) and any(MANY.search(p.name) for p in required(constructor))


def _root(node: ast.expr) -> str:
    """The name at the beginning of `model.add(x).build(5)`."""
    while isinstance(node, (ast.Call, ast.Attribute)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def loss_beside(module: ModuleType, model: type) -> Pair | None:
    """The one loss class of a file in which something is handed a loss and runs backward with its gradient.
    None where there are several, or nothing of the kind.
    """
    own = [c for c in vars(module).values() if inspect.isclass(c) and c.__module__ == module.__name__]
    parts = [p for p in map(loss_parts, dict.fromkeys(own)) if p is not None]
    if len(parts) != 1:
        return None
    gradient = parts[0][1].__name__
    return parts[0] if any(_hands_back(f, gradient) for f in _functions(module, model)) else None


def _functions(module: ModuleType, model: type) -> Iterator[Any]:
    yield from (f for f in vars(module).values() if inspect.isfunction(f))
    yield from (f for kind in model.__mro__ for f in vars(kind).values() if inspect.isfunction(f))


def _hands_back(function: Callable[..., Any], gradient: str) -> bool:
    """Whether it takes a loss, and what backward is handed is that loss's gradient."""
    losses = [p.name for p in positional(function) if _LOSS.search(p.name)]
    tree = source_tree(function) if losses else None
    return tree is not None and any(
        isinstance(node, ast.Call) and ast.unparse(node.func) in [f"{name}.{gradient}" for name in losses]
        for node in ast.walk(tree)
    )
