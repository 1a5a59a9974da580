"""A factor or a term that is missing, or one too many."""

from __future__ import annotations

import ast
import re

from ...naming import belongs
from .pool import Pool
from .statements import is_value
from .syntax import Family, expr

_DERIVATIVES: tuple[tuple[str, str], ...] = (
    ("({v} * (1 - {v}))", "sigmoid"),
    ("(1 - {v} ** 2)", "tanh"),
    ("({v} > 0)", "ReLU"),
)

_ROOT = re.compile(r"sqrt|\*\* ?0?\.5")


def factors(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    """A factor too few, too many, or on the wrong side of a division."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div)):
        left, right = ast.unparse(node.left), ast.unparse(node.right)
        swap = "/" if isinstance(node.op, ast.Mult) else "*"
        yield factor_code(right, statement), f"{swap} {right}", expr(f"({left}) {swap} ({right})", node)
        yield factor_code(right, statement), f"without the factor {right}", node.left
        if isinstance(node.op, ast.Mult):
            yield factor_code(left, statement), f"without the factor {left}", node.right
    if not _may_have_a_factor(node, statement):
        return
    text = ast.unparse(node)
    for constant in ("0.5", "2"):
        yield "mean-sum-mismatch", f"a factor {constant}", expr(f"({text}) * {constant}", node)
    for factor in pool.scalars:
        if factor != text:
            code = factor_code(factor, statement)
            yield code, f"a factor {factor}", expr(f"({text}) * {factor}", node)
            if not _ROOT.search(factor):
                yield code, f"divided by {factor}", expr(f"({text}) / {factor}", node)
    for factor in pool.scalars:
        yield (
            "attention-scale-missing",
            f"divided by the root of {factor}",
            expr(f"({text}) / ({factor}) ** 0.5", node),
        )
        yield (
            "attention-scale-missing",
            f"times the root of {factor}",
            expr(f"({text}) * ({factor}) ** 0.5", node),
        )


def roots(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    """Divided by forward's own root of a length: before a bare 0.5."""
    if _may_have_a_factor(node, statement):
        for root in filter(_ROOT.search, pool.scalars):
            new = expr(f"({ast.unparse(node)}) / {root}", node)
            yield factor_code(root, statement), f"divided by {root}", new


def products(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    """An array too few: another factor of forward's product, a scale, a mask."""
    if not _may_have_a_factor(node, statement):
        return
    text = ast.unparse(node)
    for factor in pool.factors_of(text):
        code = factor_code(factor, statement, pool.shapes.get(factor, ()))
        yield code, f"a factor {factor}", expr(f"({text}) * {factor}", node)
        if re.search(r"std|sigma|scale|norm|keep|temp|sqrt", factor):
            yield factor_code(factor, statement), f"divided by {factor}", expr(f"({text}) / {factor}", node)


def _may_have_a_factor(node: ast.AST, statement: ast.stmt) -> bool:
    if isinstance(node, ast.Name):
        return isinstance(node.ctx, ast.Load)
    product = isinstance(node, ast.BinOp) and isinstance(node.op, (ast.MatMult, ast.Mult))
    return product or is_value(node, statement) or _is_added(node, statement)


def any_derivative(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    """The derivative of an activation, of what it has given, at any place."""
    named = isinstance(node, (ast.Name, ast.Attribute, ast.Subscript))
    if not named and not is_value(node, statement) and not _is_product(node):
        return
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return
    text = ast.unparse(node)
    if named and text not in pool.gradients:
        return
    for value in pool.factors_of(text):
        for template, name in _DERIVATIVES:
            if name == "ReLU" or value in pool.activations:
                yield (
                    "activation-derivative-missing",
                    f"the derivative of {name} at {value}",
                    expr(f"({text}) * {template.format(v=value)}", node),
                )


def _is_product(node: ast.AST) -> bool:
    """dy @ W.T, np.dot(dy, W.T): in a long expression it has no name of its own."""
    if isinstance(node, ast.Call):
        return ast.unparse(node.func).endswith(("dot", "matmul"))
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)


def derivatives(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    """The derivative of an activation whose output a statement's own name tells: dh = ... * (1 - h ** 2)."""
    if not isinstance(statement, ast.Assign) or node is not statement.value:
        return
    name = ast.unparse(statement.targets[0])
    for value in pool.arrays:
        if value != name and belongs(name, value):
            for template, what in _DERIVATIVES:
                new = expr(f"({ast.unparse(node)}) * {template.format(v=value)}", node)
                yield "activation-derivative-missing", f"the derivative of {what} at {value}", new


def _is_added(node: ast.AST, statement: ast.stmt) -> bool:
    """What a function gives and a sum takes: dy - dy.sum(axis)."""
    if not isinstance(node, ast.Call):
        return False
    binary = [n for n in ast.walk(statement) if isinstance(n, ast.BinOp)]
    sums = [n for n in binary if isinstance(n.op, (ast.Add, ast.Sub))]
    return any(node is side for s in sums for side in (s.left, s.right))


def factor_code(factor: str, statement: ast.stmt, missing: tuple[int, ...] = ()) -> str:
    """What it means to forget (or to add) a factor of this name. missing: the shape of one that is forgotten.
    An array that forward has made, one number for each of what arrives, is the slope of a product.
    """
    low = factor.lower()
    if re.search(r"mask|keep|drop|1(\.0)? - (self\.)?(p|rate)\b", low):
        return "dropout-scale-missing" if re.search(r"keep|1(\.0)? - |\bp\b|rate", low) else "mask-redrawn"
    if re.search(r"gamma|\bscale\b.*\[|weight$|gain", low):
        return "norm-scale-dropped"
    if re.search(r"sqrt|\*\* ?-?0?\.5|scale|d_k|dk\b|temper", low):
        return "attention-scale-missing"
    if re.search(r"1(\.0)? - .*\*\* ?2|\(1(\.0)? - |> ?0|cosh|deriv|prime|_grad\(|sigm|tanh|relu|act", low):
        return "activation-derivative-missing"
    if re.search(r"std|var|rstd|inv|eps", low):
        return "statistics-treated-constant"
    if len(missing) > 1:
        return "activation-derivative-missing"
    counts = r"len\(.*\)|.*shape\[\d\]|.*size|n|m|b|t|batch.*|num.*|count.*|.*divisor|denom.*|total.*"
    if re.fullmatch(rf"-?[\d.]+|{counts}|float\(.*\)|.*\.sum\(\)", low):
        return "mean-sum-mismatch"
    return "gradient-mismatch"


def carried(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    """The gradient from above, or that of a state, is not added."""
    for term in pool.terms_of(ast.unparse(node)) if is_value(node, statement) else ():
        yield from _added(node, term, _code_of_term(term, pool))


def terms(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    """Any other term too few. Many sums are the same in another form: the simpler edits come first."""
    for term in pool.terms_of(ast.unparse(node)) if is_value(node, statement) else ():
        if not _code_of_term(term, pool):
            yield from _added(node, term, "branch-overwritten")


def _code_of_term(term: str, pool: Pool) -> str:
    if term in pool.upstream:
        return "residual-gradient-missing"
    if not re.search(r"next|carry|state|prev|dcell", term):
        return ""
    bare = re.sub(r"carry|next|state", "", term.lower())
    return "cell-gradient-dropped" if "c" in bare and "h" not in bare else "hidden-gradient-dropped"


def _added(node: ast.AST, term: str, code: str) -> Family:
    text = ast.unparse(node)
    if code:
        skip = code == "residual-gradient-missing"
        for sign in ("+", "-"):
            said = "branch-overwritten" if skip and sign == "-" else code
            yield said, f"{sign} {term}", expr(f"({text}) {sign} {term}", node)
