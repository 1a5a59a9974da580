"""Objects whose constructor leaves the weights to another method: build(input_shape), init_weights(n_in,
n_out), or fit(X, y), which makes them of the data.

What forward reads, and neither the constructor nor forward itself sets, is missing; a method that sets it is
called first.
"""

from __future__ import annotations

import ast
import inspect
import re
from functools import lru_cache
from typing import Any

from ..calling import parameters_of
from ..objects import BACKWARD_NAMES, FORWARD_NAMES, stored_attributes
from ..source.read import source_tree
from .methods import constructor_of, method

_BUILDS = re.compile(r"build|init|set_?up|create|make|reset|prepare|allocate|param|weights|compile", re.I)
_FITS = re.compile(r"^_*(fit|train)$", re.I)
_NEVER = re.compile(r"load|restore|from_|^set_?(params|weights|state)|step|update|grad|back|copy", re.I)


@lru_cache(maxsize=256)
def makers_of(cls: Any) -> tuple[str, ...]:
    """The names of the methods to be called before forward; none where the constructor does it all."""
    missing = missing_in(cls)
    found: list[str] = []
    while missing:
        best = max(_makers(cls, missing), default=None)
        if best is None:
            break
        found.append(best[-1])
        missing -= _sets(cls, best[-1], set())
    return tuple(found)


def _makers(cls: Any, missing: frozenset[str]) -> list[tuple[Any, ...]]:
    """(preferred, how much it sets, how few arguments it takes, name) of those that set something of it."""
    found = []
    for name in {n for kind in cls.__mro__[:-1] for n, f in vars(kind).items() if inspect.isfunction(f)}:
        if name.startswith("__") or name in (*FORWARD_NAMES, *BACKWARD_NAMES) or _NEVER.search(name):
            continue
        builds, fits = bool(_BUILDS.search(name)), bool(_FITS.match(name))
        sets = len(_sets(cls, name, set()) & missing)
        if sets and (builds or fits):
            function = method(cls, (name,))
            count = len(parameters_of(function)) if function is not None else 0
            found.append((builds, sets, -count, name))
    return found


@lru_cache(maxsize=256)
def missing_in(cls: Any) -> frozenset[str]:
    """The attributes that forward reads and nobody has set by then."""
    forward, constructor = method(cls, FORWARD_NAMES), constructor_of(cls)
    if forward is None:
        return frozenset()
    stored = {n for kind in cls.__mro__ for n in vars(kind)}
    if "__getattr__" in stored:
        return frozenset()
    known = _sets(cls, "__init__", set()) if inspect.isfunction(constructor) else set()
    known |= _sets(cls, forward.__name__, set()) | stored
    return frozenset(_reads(cls, forward.__name__, set()) - known)


def is_unbuilt(model: Any) -> bool:
    """Whether an object is one of these, and is still without its weights."""
    kind: Any = type(model)
    if type(kind) is not type or not makers_of(kind):
        return False
    return not missing_in(kind) <= set(stored_attributes(model))


def fitting_method(cls: Any) -> str:
    """The name of its fit(X, y), if that makes what is missing; "" where there is none."""
    found = [n for kind in cls.__mro__[:-1] for n in vars(kind) if _FITS.match(n)]
    return next((n for n in found if missing_in(cls) <= _sets(cls, n, set())), "")


def _reads(cls: Any, name: str, seen: set[str]) -> set[str]:
    found: set[str] = set()
    for node in _nodes(cls, name, seen):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and _is_own(node):
            found.add(node.attr)
            found |= _reads(cls, node.attr, seen)
    return found


def _sets(cls: Any, name: str, seen: set[str]) -> set[str]:
    found: set[str] = set()
    for node in _nodes(cls, name, seen):
        if isinstance(node, ast.Attribute) and _is_own(node):
            if isinstance(node.ctx, ast.Store):
                found.add(node.attr)
            else:
                found |= _sets(cls, node.attr, seen)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).startswith("super()"):
            found |= _of_bases(cls, name, node, seen)
    return found


def _of_bases(cls: Any, name: str, node: ast.Call, seen: set[str]) -> set[str]:
    called = node.func.attr if isinstance(node.func, ast.Attribute) else name
    found: set[str] = set()
    for kind in cls.__mro__[1:-1]:
        function = vars(kind).get(called)
        tree = source_tree(function) if inspect.isfunction(function) else None
        for inner in ast.walk(tree) if tree is not None else ():
            if isinstance(inner, ast.Attribute) and _is_own(inner) and isinstance(inner.ctx, ast.Store):
                found.add(inner.attr)
    return found


def _nodes(cls: Any, name: str, seen: set[str]) -> list[ast.AST]:
    """Of a method of the class, each only once."""
    function = method(cls, (name,)) if name not in seen else None
    seen.add(name)
    tree = source_tree(function) if function is not None else None
    return list(ast.walk(tree)) if tree is not None else []


def _is_own(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in ("self", "this")
