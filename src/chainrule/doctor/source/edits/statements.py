"""`=` for `+=`, signs, and what has to be left out."""

from __future__ import annotations

import ast
import re
from typing import cast

from .numbers import is_place
from .pool import Pool
from .syntax import Family, at

_IDS = re.compile(r"(?<![a-z])(ids?|idx|ind(ex|ices)?|tok(en)?s?|arg\w*)(?![a-z])")


def assignments(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    """`=` for `+=`, and indexed sums that forget repetitions."""
    if node is not statement:
        return
    if isinstance(node, (ast.Assign, ast.AugAssign)):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        value = ast.unparse(node.value)
        if isinstance(target, ast.Subscript) and not _is_key(target.slice):
            array, index = ast.unparse(target.value), ast.unparse(target.slice)
            sliced = [isinstance(i, ast.Slice) for i in _indices(target.slice)]
            fancy = not any(sliced)
            sign = "-" if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Sub) else ""
            places = ", ".join(map(_as_value, _indices(target.slice))) + ","
            call = f"__import__('numpy').add.at({array}, ({places}), {sign}({value}))"
            if fancy or (isinstance(node, ast.AugAssign) and not all(sliced)):
                yield (
                    "duplicate-index-lost",
                    f"np.add.at({array}, {index}, ...)",
                    at(ast.parse(call).body[0], node),
                )
            if isinstance(node, ast.Assign):
                yield (
                    "duplicate-index-lost" if fancy and _IDS.search(index) else "overlap-overwritten",
                    "+= instead of =",
                    at(ast.parse(f"{ast.unparse(target)} += {value}").body[0], node),
                )
        elif (
            isinstance(node, ast.Assign)
            and isinstance(target, (ast.Name, ast.Attribute, ast.Subscript))
            and len(node.targets) == 1
        ):
            yield (
                "branch-overwritten",
                "+= instead of =",
                at(ast.parse(f"{ast.unparse(target)} = {ast.unparse(target)} + ({value})").body[0], node),
            )
        if isinstance(node, ast.AugAssign):
            opposite = {ast.Add: "-=", ast.Sub: "+="}.get(type(node.op))
            if opposite:
                yield (
                    "sign-flipped",
                    f"{opposite} here",
                    at(ast.parse(f"{ast.unparse(target)} {opposite} {value}").body[0], node),
                )
            yield (
                "accumulates-across-calls",
                "= instead of +=",
                at(ast.parse(f"{ast.unparse(target)} = {value}").body[0], node),
            )


def signs(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    for code, what, new in _signs(node, statement):
        # -1 for 1 as an axis or an index is another place, and no sign of a gradient
        yield ("gradient-mismatch" if is_place(node, statement) else code), what, new


def _signs(node: ast.AST, statement: ast.stmt) -> Family:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "sign-flipped", "without the minus", node.operand
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        for minus, rest in ((node.left, node.right), (node.right, node.left)):
            if ast.unparse(minus) in ("-1", "-1.0"):
                yield "sign-flipped", "without the factor -1", rest
    if isinstance(node, ast.BinOp):
        swap = {ast.Add: ast.Sub, ast.Sub: ast.Add}.get(type(node.op))
        if swap:
            yield "sign-flipped", "the other sign", at(ast.BinOp(node.left, swap(), node.right), node)
        if isinstance(node.op, ast.Sub):
            yield (
                "sign-flipped",
                "the difference the other way round",
                at(ast.BinOp(node.right, ast.Sub(), node.left), node),
            )
    if is_value(node, statement) or _is_handed_on(node, statement):
        yield "sign-flipped", "a minus", at(ast.UnaryOp(ast.USub(), cast(ast.expr, node)), node)


def _indices(index: ast.expr) -> list[ast.expr]:
    """One for each axis."""
    return list(index.elts) if isinstance(index, ast.Tuple) else [index]


def _as_value(index: ast.expr) -> str:
    """An index as it stands outside of brackets."""
    if not isinstance(index, ast.Slice):
        return ast.unparse(index)
    ends = (index.lower, index.upper, index.step)
    return f"slice({', '.join('None' if end is None else ast.unparse(end) for end in ends)})"


def _is_key(index: ast.expr) -> bool:
    """grads["W"] is a variable, as grads.W is."""
    return isinstance(index, ast.Constant) and isinstance(index.value, str)


def _is_handed_on(node: ast.AST, statement: ast.stmt) -> bool:
    """A variable that a function or a method is given: rotate(dq, cos, sin)."""
    return isinstance(node, (ast.Name, ast.Attribute)) and any(
        isinstance(call, ast.Call) and any(node is a for a in call.args)
        for call in ast.walk(statement)
        if not (isinstance(call, ast.Call) and ast.unparse(call.func).startswith(("np.", "numpy.")))
    )


def is_value(node: ast.AST, statement: ast.stmt) -> bool:
    """The whole right-hand side, or one of the results of a return."""
    value = getattr(statement, "value", None)
    return (node is value and not isinstance(node, ast.Tuple)) or (
        isinstance(value, ast.Tuple) and any(node is e for e in value.elts)
    )


def drops(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    """A term or a call too many."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        yield "constant-offset", f"without {ast.unparse(node.right)}", node.left
        yield "constant-offset", f"without {ast.unparse(node.left)}", node.right
    if isinstance(node, ast.Call) and node.args and _called(node).endswith(("abs", "sign")):
        yield "nonlinear-backward", f"without {_called(node)}", node.args[0]


def limits(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    """A gradient that is cut: np.clip(d, -5, 5, out=d), d.clip(-1, 1), np.minimum(d, 1)."""
    if not isinstance(node, ast.Call) or not _called(node).endswith(("clip", "maximum", "minimum")):
        return
    method = isinstance(node.func, ast.Attribute) and len(node.args) < 3 and not _is_numpy(node.func.value)
    if method and isinstance(node.func, ast.Attribute):
        yield "clipped-in-backward", f"without {_called(node)}", node.func.value
    elif node.args:
        yield "clipped-in-backward", f"without {_called(node)}", node.args[0]


def _called(node: ast.Call) -> str:
    return ast.unparse(node.func)


def _is_numpy(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("np", "numpy", "xp", "jnp")
