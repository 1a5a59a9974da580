"""The faults that people make in a backward, as changes of its syntax tree.

Each operator gets one node and yields (what it did, the changed node) pairs. They are specific to
gradients: a general tool changes strings and comparisons; ours forget the sum over the batch or the
transpose, or drop a term of the product rule.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from itertools import pairwise

Change = tuple[str, ast.AST]


def sign(node: ast.AST) -> Iterator[Change]:
    """a + b for a - b and the other way round; a minus forgotten."""
    flipped = {ast.Add: ast.Sub, ast.Sub: ast.Add}
    if isinstance(node, ast.BinOp) and type(node.op) in flipped:
        yield "sign", ast.BinOp(node.left, flipped[type(node.op)](), node.right)
    if (
        isinstance(node, ast.UnaryOp)
        and isinstance(node.op, ast.USub)
        and not isinstance(node.operand, ast.Constant)
    ):
        yield "minus dropped", node.operand
    if isinstance(node, ast.AugAssign) and type(node.op) in flipped:
        yield "sign", ast.AugAssign(node.target, flipped[type(node.op)](), node.value)


def dropped_term(node: ast.AST) -> Iterator[Change]:
    """One side of a sum, a difference or a product left out; divided instead of multiplied."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div | ast.Pow):
        yield "right side dropped", node.left
        if isinstance(node.op, ast.Add | ast.Mult):
            yield "left side dropped", node.right
        if isinstance(node.op, ast.Div):
            yield "multiplied, not divided", ast.BinOp(node.left, ast.Mult(), node.right)


def transpose(node: ast.AST) -> Iterator[Change]:
    """A transpose left out, or with two axes exchanged."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield "transpose dropped", node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        yield "factors exchanged", ast.BinOp(node.right, ast.MatMult(), node.left)
    if _is_method(node, "swapaxes", "moveaxis"):
        yield f"{node.func.attr} dropped", node.func.value if node.func.attr == "swapaxes" else node.args[0]
    if _is_method(node, "transpose") and len(node.args) > 1:
        for i in range(len(node.args) - 1):
            args = list(node.args)
            args[i], args[i + 1] = args[i + 1], args[i]
            yield f"axes {i} and {i + 1} exchanged", ast.Call(node.func, args, node.keywords)


def reduction(node: ast.AST) -> Iterator[Change]:
    """The sum over the batch forgotten, or a mean in its place."""
    if _is_method(node, "sum", "mean"):
        other = "mean" if node.func.attr == "sum" else "sum"
        yield (
            f"{other} for {node.func.attr}",
            ast.Call(ast.Attribute(node.func.value, other, ast.Load()), node.args, node.keywords),
        )
        yield f"{node.func.attr} dropped", node.func.value
        if node.args and isinstance(node.args[0], ast.Constant):
            args = [ast.Constant(-1 if node.args[0].value != -1 else 0), *node.args[1:]]
            yield "other axis", ast.Call(node.func, args, node.keywords)


def overwritten(node: ast.AST) -> Iterator[Change]:
    """= where += is meant."""
    if isinstance(node, ast.AugAssign):
        target = copy.deepcopy(node.target)
        yield "= for +=", ast.Assign([target], node.value)


def forgotten(node: ast.AST) -> Iterator[Change]:
    """A statement left out: a call that adds gradients, an assignment to a part of an array."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield "statement dropped", ast.Pass()
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
        yield "statement dropped", ast.Pass()


def constant(node: ast.AST) -> Iterator[Change]:
    """A number that is off by one: a factor, an axis, an offset."""
    if (
        isinstance(node, ast.Constant)
        and isinstance(node.value, int | float)
        and not isinstance(node.value, bool)
    ):
        yield "constant + 1", ast.Constant(node.value + 1)


def comparison(node: ast.AST) -> Iterator[Change]:
    """A gate that opens the wrong way."""
    inverse = {
        ast.Gt: ast.LtE,
        ast.GtE: ast.Lt,
        ast.Lt: ast.GtE,
        ast.LtE: ast.Gt,
        ast.Eq: ast.NotEq,
        ast.NotEq: ast.Eq,
    }
    if isinstance(node, ast.Compare) and type(node.ops[0]) in inverse:
        yield "comparison inverted", ast.Compare(node.left, [inverse[type(node.ops[0])]()], node.comparators)
    if isinstance(node, ast.IfExp) and not _is_none_check(node.test):
        yield "branches exchanged", ast.IfExp(node.test, node.orelse, node.body)


def returned(node: ast.AST) -> Iterator[Change]:
    """Gradients returned in another order, negated, or left out."""
    if not isinstance(node, ast.Return) or node.value is None:
        return
    entries = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
    named = [i for i, entry in enumerate(entries) if not isinstance(entry, ast.Constant)]
    for i in named:
        negated = list(entries)
        negated[i] = ast.BinOp(ast.Constant(-1), ast.Mult(), entries[i])
        text = ast.unparse(entries[i])
        value = ast.Tuple(negated, ast.Load()) if isinstance(node.value, ast.Tuple) else negated[0]
        # an absent bias has no gradient to negate
        yield f"{text} negated", ast.Return(_unless_none(entries[i], value, node.value))
    for i, j in pairwise(named):
        swapped = list(entries)
        swapped[i], swapped[j] = swapped[j], swapped[i]
        yield "gradients swapped", ast.Return(ast.Tuple(swapped, ast.Load()))


OPERATORS = (
    sign, dropped_term, transpose, reduction, overwritten, forgotten, constant, comparison, returned,
)  # fmt: skip

# faults of the whole function: lines put before its first one. {dy} and {cache} are its arguments
PROLOGUES = {
    "upstream replaced by ones": "{dy} = _mutation_ones({dy})",
    "upstream taken twice": "{dy} = _mutation_double({dy})",
    "upstream changed in place": "_mutation_spoil({dy})",
    "stale cache": "{cache} = _mutation_stale({cache})",
}


def _is_method(node: ast.AST, *names: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names


def _is_none_check(node: ast.AST) -> bool:
    return isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Is | ast.IsNot)


def _unless_none(entry: ast.expr, changed: ast.expr, original: ast.expr) -> ast.expr:
    if not isinstance(entry, ast.Name):
        return changed
    return ast.IfExp(ast.Compare(entry, [ast.IsNot()], [ast.Constant(None)]), changed, original)
