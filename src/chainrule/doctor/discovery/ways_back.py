"""What a function returns beside its value, to be called with the gradient of that value.

def matmul(a, b):
    def back(g): return g @ b.T, a.T @ g
    return a @ b, back                          a function defined inside, a lambda, a partial

h, back = matmul(x, w)
return h, back                                  or what another such function has given
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..naming import UPSTREAMS
from ..source.read import source_tree

Function = Callable[..., Any]
_NAMES = re.compile(r"back|bwd|vjp|pull|grad|prop|adjoint|deriv|prime|way|^d[A-Z_]", re.I)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
DEEPEST = 6


@dataclass(frozen=True)
class WayBack:
    """upstreams: how many gradients it takes; 0 for a loss's. line: where it begins. names: of what it
    returns, "" where there is none.
    """

    upstreams: int
    line: int
    names: tuple[str, ...] = ()


def way_back(function: Function, depth: int = 0) -> WayBack | None:
    """Read from the function's returns; None where none of them ends in such a function."""
    tree = source_tree(function) if depth < DEEPEST else None
    if tree is None:
        return None
    own = list(_own(tree))
    for node in own:
        if not isinstance(node, ast.Return) or node.value is None:
            continue
        if isinstance(node.value, ast.Tuple) and len(node.value.elts) > 1:
            if any(_is_function(e, own) for e in node.value.elts[:-1]):
                return None  # a factory of pairs
            found = _read(node.value.elts[-1], own, function, depth)
        else:
            found = _of_call(node.value, function, depth)
        if found is not None:
            return found
    return None


def _is_function(node: ast.expr, own: list[ast.AST]) -> bool:
    names = [n.name for n in own if isinstance(n, ast.FunctionDef)]
    return isinstance(node, ast.Lambda) or (isinstance(node, ast.Name) and node.id in names)


def _own(tree: ast.AST) -> Iterator[ast.AST]:
    """What a function does itself, without what the functions inside of it do."""
    for node in ast.iter_child_nodes(tree):
        yield node
        if not isinstance(node, _FUNCTIONS):
            yield from _own(node)


def _read(node: ast.expr, own: list[ast.AST], function: Function, depth: int) -> WayBack | None:
    """What stands at the end of `return value, ...`."""
    if isinstance(node, ast.Lambda):
        return _told("", node)
    if isinstance(node, ast.Call):
        return _partial(node, own, function)
    if not isinstance(node, ast.Name):
        return None
    for other in own:
        if isinstance(other, ast.FunctionDef) and other.name == node.id:
            return _told(other.name, other)
        if not isinstance(other, ast.Assign):
            continue
        for target in other.targets:
            if isinstance(target, ast.Name) and target.id == node.id:
                if isinstance(other.value, ast.Lambda):
                    return _told(node.id, other.value)
                if isinstance(other.value, ast.Call):
                    return _partial(other.value, own, function)
            last = target.elts[-1] if isinstance(target, ast.Tuple) and target.elts else None
            if isinstance(last, ast.Name) and last.id == node.id:
                return _of_call(other.value, function, depth)
    return None


def _told(name: str, node: ast.FunctionDef | ast.Lambda, given: int = 0) -> WayBack | None:
    """By its own name, or by those of its arguments. given: how many of them are handed over already."""
    arguments = node.args.args[given:]
    count = len(arguments) - len(node.args.defaults)
    # `g=1.0` is a gradient, `x=x` is bound
    optional = node.args.defaults[max(-count, 0) :]
    count = max(count, 0)
    if not count and optional and _is_number(optional[0]):
        count = 1
    count = 1 if not count and node.args.vararg is not None else count
    meant = _NAMES.search(name) or any(UPSTREAMS.match(a.arg) for a in arguments[:1])
    return WayBack(count, node.lineno, _returned(node)) if meant or not (name or arguments) else None


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, (int, float))


def _returned(node: ast.FunctionDef | ast.Lambda) -> tuple[str, ...]:
    if isinstance(node, ast.Lambda):
        value: ast.expr | None = node.body
    else:
        returns = [n for n in _own(node) if isinstance(n, ast.Return)]
        value = returns[-1].value if returns else None
    parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else [value]
    return tuple(part.id if isinstance(part, ast.Name) else "" for part in parts)


def _partial(node: ast.Call, own: list[ast.AST], function: Function) -> WayBack | None:
    """partial(matmul_back, a, b)"""
    if not ast.unparse(node.func).endswith("partial") or not node.args or node.keywords:
        return None
    called, given = node.args[0], len(node.args) - 1
    name = called.id if isinstance(called, ast.Name) else ""
    inside = next((n for n in own if isinstance(n, ast.FunctionDef) and n.name == name), None)
    if inside is not None:
        return _told(name, inside, given)
    found = known(function).get(name)
    tree = source_tree(found) if inspect.isfunction(found) else None
    return _told(name, tree, given) if tree is not None else None


def _of_call(node: ast.expr, function: Function, depth: int) -> WayBack | None:
    """`return matmul(x, w)`, `y, back = matmul(x, w)`"""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return None
    called = known(function).get(node.func.id)
    return way_back(called, depth + 1) if inspect.isfunction(called) and called is not function else None


def known(function: Function) -> dict[str, Any]:
    """What the names in a function stand for: those of its module, and those around it."""
    function = inspect.unwrap(function)
    around = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            around[name] = cell.cell_contents
        except ValueError:  # not filled yet
            continue
    return {**function.__globals__, **around}


def called_by(function: Function) -> list[str]:
    """The names in its module of the functions with a way back that a function calls, directly."""
    function = inspect.unwrap(function)
    names = dict.fromkeys(function.__code__.co_names)
    found = [n for n in names if inspect.isfunction(function.__globals__.get(n))]
    return [n for n in found if n != function.__name__ and way_back(function.__globals__[n]) is not None]
