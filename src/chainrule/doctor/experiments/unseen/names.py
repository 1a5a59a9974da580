"""What names give away: which axis is the batch and which is time, and what a layer is meant to be.

Names of classes, functions, arguments, variables and attributes are evidence; of comments nothing is
believed. Only for the meaning of an axis, the shapes that a docstring writes beside an argument are read
as well.
"""

from __future__ import annotations

import ast
import inspect
import re
import types
from functools import lru_cache
from typing import Any

from ...discovery.documented import documented_shapes
from ...objects import stored_attributes
from ...projects import is_foreign_module
from ...source.read import source_tree
from .scene import Scene

BATCH = {
    "b",
    "batch",
    "bs",
    "bsz",
    "nb",
    "batch_size",
    "samples",
    "num_samples",
    "n_samples",
    "examples",
    "minibatch",
    "n_batch",
    "num_examples",
    "batch size",
}
TIME = {
    "t",
    "time",
    "steps",
    "seq",
    "seq_len",
    "length",
    "l",
    "tokens",
    "timesteps",
    "n_steps",
    "num_steps",
    "seq_length",
    "sequence",
    "positions",
    "words",
    "frames",
    "target length",
    "source length",
    "s",
}
CHANNEL = {"c", "d", "f", "h", "channels", "features", "dim", "width", "height", "d_model", "hidden"}


def functions_of(scene: Scene) -> list[types.FunctionType]:
    """Forward, and the user's own functions and methods that it reaches."""
    owner = scene.face.owner
    found: list[types.FunctionType] = []
    waiting: list[Any] = [scene.face.forward_function]
    while waiting:
        function = waiting.pop()
        function = inspect.unwrap(getattr(function, "__func__", function))
        if not isinstance(function, types.FunctionType) or function in found or len(found) > 30:
            continue
        if not is_foreign_module(function.__module__) and not str(function.__module__).startswith(
            "chainrule"
        ):
            continue
        found.append(function)
        for name in function.__code__.co_names:
            called = function.__globals__.get(name)
            if isinstance(called, types.FunctionType):
                waiting.append(called)
            for kind in type(owner).__mro__ if owner is not None else ():  # super().forward(...), too
                method = vars(kind).get(name)
                if isinstance(method, (staticmethod, types.FunctionType)):
                    waiting.append(getattr(method, "__func__", method))
    return [f for f in found if "backward" not in f.__name__]


@lru_cache(maxsize=2000)
def _tree(code: types.CodeType, function: types.FunctionType) -> ast.FunctionDef | None:
    return source_tree(function)


def trees(scene: Scene) -> list[ast.FunctionDef]:
    found = [_tree(f.__code__, f) for f in functions_of(scene)]
    return [t for t in found if t is not None]


def identifiers(scene: Scene) -> set[str]:
    """All names that the code of this forward uses or defines, in lower case."""
    found = set().union(*(_names_in(tree) for tree in trees(scene)))
    owner = scene.face.owner
    if owner is not None:
        found |= {_snake(n) for n in (type(owner).__name__, *stored_attributes(owner))}
    return found


@lru_cache(maxsize=2000)
def _names_in(tree: ast.FunctionDef) -> frozenset[str]:
    found = {tree.name}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
    return frozenset(_snake(name) for name in found)


@lru_cache(maxsize=20_000)
def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def own_names(scene: Scene) -> set[str]:
    """The names that a user has given to the thing itself: class, function, arguments."""
    owner = scene.face.owner
    names = set(scene.names) | set(scene.kwargs) | {getattr(scene.face.forward_function, "__name__", "")}
    names |= {type(owner).__name__} if owner is not None else set()
    names |= {part for part in re.split(r"[.\[\]]", scene.path) if part}
    return {_snake(n) for n in names}


def says(names: set[str], pattern: str) -> bool:
    found = re.compile(pattern)
    return any(found.search(name) for name in names)


def calls(scene: Scene, *functions: str) -> bool:
    """Whether the code calls a function of one of these names."""
    return any(
        isinstance(node, ast.Call) and _called(node) in functions
        for tree in trees(scene)
        for node in ast.walk(tree)
    )


def _called(node: ast.Call) -> str:
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def axis_names(scene: Scene, index: int) -> dict[int, set[str]]:
    """What the code, and then the docstring, call the axes of an input."""
    name, ndim = scene.names[index], scene.inputs[index].ndim
    found: dict[int, set[str]] = {axis: set() for axis in range(ndim)}
    tree = source_tree(scene.face.forward_function)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            for axis, word in _unpacked(node.targets[0], node.value, name, ndim):
                if 0 <= axis < ndim:
                    found[axis].add(word.lower())
    owner = scene.face.owner
    kind = type(owner) if owner is not None else None
    for symbols in documented_shapes(name, scene.face.forward_function, kind):
        if len(symbols) == ndim:
            for axis, symbol in enumerate(symbols):
                found[axis].add(symbol.lower())
    return found


def _unpacked(target: ast.expr, value: ast.expr, name: str, ndim: int) -> list[tuple[int, str]]:
    """(axis, name) for `n, t, _ = x.shape`, `t, d = x.shape[1:]`, `steps = x.shape[1]`, `n = len(x)`."""
    if isinstance(value, ast.Call) and _called(value) == "len" and value.args and _is(value.args[0], name):
        return [(0, target.id)] if isinstance(target, ast.Name) else []
    first = 0
    if isinstance(value, ast.Subscript):
        where = value.slice
        value = value.value
        if isinstance(where, ast.Slice):
            first = _number(where.lower) or 0
            first = first + ndim if first < 0 else first
        else:
            axis = _number(where)
            single = axis is not None and isinstance(target, ast.Name) and _is_shape(value, name)
            return (
                [(axis % ndim, target.id)]
                if single and axis is not None and isinstance(target, ast.Name)
                else []
            )
    if not _is_shape(value, name) or not isinstance(target, ast.Tuple):
        return []
    return [(first + i, e.id) for i, e in enumerate(target.elts) if isinstance(e, ast.Name) and e.id != "_"]


def _is_shape(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "shape" and _is(node.value, name)


def _is(node: ast.expr, name: str) -> bool:
    return (isinstance(node, ast.Name) and node.id == name) or (
        isinstance(node, ast.Attribute) and node.attr == name
    )


def _number(node: ast.expr | None) -> int | None:
    if (
        isinstance(node, ast.UnaryOp)
        and isinstance(node.op, ast.USub)
        and isinstance(node.operand, ast.Constant)
    ):
        return -int(node.operand.value) if isinstance(node.operand.value, int) else None
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, int) else None


def named_batch(scene: Scene, index: int) -> int | None:
    """The axis of an input that is called the batch."""
    names = axis_names(scene, index)
    for axis, words in names.items():
        if words & BATCH:
            return axis
    # (N, T, D): N is the batch where another axis is time, or where there are three axes and more
    if names and "n" in names[0] and (len(names) > 2 or any(w & TIME for w in names.values())):
        return 0
    return None


def named_time(scene: Scene, index: int) -> int | None:
    """The axis of an input that is called time."""
    for axis, words in axis_names(scene, index).items():
        if words & TIME:
            return axis
    return None
