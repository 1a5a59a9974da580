"""Another number: in a sum or a product, or as an index, an axis, the end of a range."""

from __future__ import annotations

import ast
import re
from typing import Any

from .pool import Pool
from .syntax import Family, expr

# functions of NumPy whose arguments are numbers to calculate with
_CALCULATE = ("multiply", "divide", "power", "full", "full_like", "add", "subtract", "where", "float")
_RANGES = ("range", "arange", "slice")
_NAMED_AXES = re.compile(r"(^|[_.])(ax[ei]s|dims?|idx|ind(ex|ices))$")
_AXES = ("axis", "axes", "dim", "keepdims")


def constants(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    """A number that is calculated with; and the one that says which of several gradients."""
    if _is_number(node) and (_chooses(node, statement) or not is_place(node, statement)):
        yield from _others(node, _code(node, statement, pool))


def places(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    """An axis, the end of a range, an index of anything else."""
    if _is_number(node) and not _chooses(node, statement) and is_place(node, statement):
        yield from _others(node, _code(node, statement, pool))


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _others(node: ast.AST, code: str) -> Family:
    old: Any = node.value  # type: ignore[attr-defined]
    kind: Any = type(old)
    for value in sorted({old + 1, old - 1, -old, old * 2, old / 2, 0, 1, 2} - {old}, key=abs):
        if kind is float or float(value).is_integer():
            odd = code == "activation-derivative-misplaced" and value not in (0, 1)
            said = "gradient-mismatch" if odd else code
            yield said, f"{value} instead of {old}", expr(repr(kind(value)), node)


def _code(node: ast.AST, statement: ast.stmt, pool: Pool) -> str:
    """A number is a scale, but for one that is compared with an array, or added to it: the 1 of a factor
    1 - z is a part of a local derivative. As an index it chooses what arrives for another output, dy[1], or
    what comes from another branch.
    """
    if base := _chooses(node, statement):
        return "gradients-swapped" if base in pool.upstream else "branch-overwritten"
    if is_place(node, statement):
        return "gradient-mismatch"
    for holder in ast.walk(statement):
        if isinstance(holder, ast.Subscript) and node is holder.slice:
            return "mean-sum-mismatch"
        if not _has_array(holder, pool) or not any(node is part for part in ast.iter_child_nodes(holder)):
            continue
        if isinstance(holder, ast.Compare):
            return "activation-derivative-misplaced"
        if isinstance(holder, ast.BinOp) and isinstance(holder.op, (ast.Add, ast.Sub, ast.Pow)):
            slope = isinstance(holder.op, ast.Sub) and node is holder.left and _is_factor(holder, statement)
            return "activation-derivative-misplaced" if slope else "gradient-mismatch"
    return "mean-sum-mismatch"


def _has_array(node: ast.AST, pool: Pool) -> bool:
    return any(ast.unparse(n) in pool.shapes for n in ast.walk(node) if isinstance(n, ast.expr))


def _is_factor(part: ast.AST, statement: ast.stmt) -> bool:
    """Whether a part of a statement is multiplied with something: dy * (1 - z)."""
    products = [n for n in ast.walk(statement) if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Mult)]
    return any(part is side for product in products for side in (product.left, product.right))


def _chooses(node: ast.AST, statement: ast.stmt) -> str:
    """Of which gradients a number chooses one: dy, of dy[1]; grads, of grads[0]. "" if it does not."""
    for holder in ast.walk(statement):
        if isinstance(holder, ast.Subscript) and node is holder.slice:
            base = ast.unparse(holder.value)
            name = base.rpartition(".")[2].lower()
            return base if name.startswith(("d", "g")) and name not in ("data", "dims", "groups") else ""
    return ""


def is_place(node: ast.AST, statement: ast.stmt) -> bool:
    """Whether an expression, or what it is a part of, says where: an axis, an index, the end of a range."""
    found: list[ast.AST] = []
    if isinstance(statement, ast.Assign) and _NAMED_AXES.search(ast.unparse(statement.targets[0])):
        found.append(statement.value)
    for holder in ast.walk(statement):
        if isinstance(holder, ast.Subscript) and not ast.unparse(holder.value).endswith(".shape"):
            found.append(holder.slice)
        elif isinstance(holder, ast.Call):
            called = ast.unparse(holder.func).rpartition(".")[2]
            found += [k.value for k in holder.keywords if k.arg in _AXES]
            found += [a for a in holder.args if called in _RANGES or (called not in _CALCULATE and _whole(a))]
    return any(node is inner for place in found for inner in ast.walk(place))


def _whole(argument: ast.expr) -> bool:
    """A whole number, or several: 1, -1, (0, 1)."""
    parts = list(ast.walk(argument))
    numbers = [n for n in parts if isinstance(n, ast.Constant)]
    plain = (ast.Constant, ast.UnaryOp, ast.USub, ast.Tuple, ast.Load)
    return all(isinstance(n, plain) for n in parts) and all(type(n.value) is int for n in numbers)
