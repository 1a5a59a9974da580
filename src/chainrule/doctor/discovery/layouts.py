"""How a function's code lays out what it is handed: samples in rows or in columns, a bias of one number."""

from __future__ import annotations

import ast
import inspect
import itertools
import re
from typing import Any

from ..source.read import source_tree

_WEIGHT = re.compile(
    r"^((self\.)?\w*?(W|[Ww]eights?|kernel|[Ww]_?\w{1,3}|theta)(_\w{1,3}|\d)?(\[[^]]*\])?"
    r"|(self\.)?\w+\[['\"][Ww]\w{0,3}['\"]\]"
    r"|(self\.)?(p|params?|parameters|theta)\[['\"][A-Z]\w{0,3}['\"]\])$"
)


def columns_of(function: Any) -> set[str]:
    """{"columns"} where weights stand on the left of what they multiply: `W @ x`, `np.dot(W, x)`."""
    votes = 0
    for node in itertools.chain.from_iterable(ast.walk(tree) for tree in trees_of(function)):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            left, right = ast.unparse(node.left), ast.unparse(node.right)
        elif (
            isinstance(node, ast.Call)
            and len(node.args) == 2
            and ast.unparse(node.func) in ("np.dot", "np.matmul")
        ):
            left, right = map(ast.unparse, node.args)
        else:
            continue
        weights = (
            bool(_WEIGHT.match(left)),
            bool(_WEIGHT.match(right) or _WEIGHT.match(right.removesuffix(".T"))),
        )
        votes += {(True, False): 1, (False, True): -1}.get(weights, 0)
    return {"columns"} if votes > 0 else set()


def is_data_alone(function: Any, name: str, names: list[str]) -> bool:
    """Whether a function takes nothing but this and a dict of parameters: then `y` is a state, and no label,
    as there is nothing that it could be the label of.
    """
    items = {
        ast.unparse(node.value)
        for tree in trees_of(function)[:1]
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)
        if isinstance(node.slice.value, str)
    }
    return name == names[0] and name not in items and len(names) > 1 and items.issuperset(names[1:])


def part_of(function: Any, item: str) -> list[str]:
    """The role of an item of a dict of parameters whose name does not tell it: a weight where something is
    multiplied with it as a matrix, a bias where it is added.
    """
    for node in itertools.chain.from_iterable(ast.walk(tree) for tree in trees_of(function)):
        if isinstance(node, ast.BinOp) and item in (ast.unparse(node.left), ast.unparse(node.right)):
            if isinstance(node.op, ast.MatMult):
                return ["weight"]
            if isinstance(node.op, ast.Add):
                return ["bias"]
    return []


def classes_in_columns(function: Any) -> set[str]:
    """{"columns"} where a softmax runs over the first axis, and nothing over the last."""
    for tree in trees_of(function):
        code = ast.unparse(tree)
        axes = set(re.findall(r"axis=(-?\d)", code))
        if "exp(" in code and axes == {"0"}:
            return {"columns"}
    return set()


def number_bias(function: Any) -> set[str]:
    """{"bias is a number"} where its gradient is summed over all axes: `db = np.sum(A - Y) / m`."""
    for node in itertools.chain.from_iterable(ast.walk(tree) for tree in trees_of(function)):
        if isinstance(node, ast.Assign) and re.match(r"^\w*?(db|grad_b)$", ast.unparse(node.targets[0])):
            sums = re.findall(r"\bsum\((.*)\)", ast.unparse(node.value))
            if any("axis" not in inside and "0" not in inside for inside in sums):
                return {"bias is a number"}
    return set()


def trees_of(function: Any) -> list[ast.FunctionDef]:
    """The syntax trees of a function and of the functions beside it that it calls."""
    tree = source_tree(function)
    if tree is None:
        return []
    around = getattr(function, "__globals__", {})
    names = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    called = [around[name] for name in sorted(names) if inspect.isfunction(around.get(name))]
    return [tree, *(t for t in map(source_tree, called) if t is not None)]
