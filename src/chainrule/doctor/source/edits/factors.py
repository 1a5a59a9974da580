"""A factor or a term that is missing, or one too many."""

from __future__ import annotations

import ast
import re

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
    if (
        not is_value(node, statement)
        and not (isinstance(node, ast.BinOp) and isinstance(node.op, (ast.MatMult, ast.Mult)))
        and not isinstance(node, ast.Name)
    ):
        return
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        return
    text = ast.unparse(node)
    own = [s for s in pool.scalars if _ROOT.search(s)]  # forward's own root of a length, before a bare 0.5
    for factor in own:
        yield factor_code(factor, statement), f"divided by {factor}", expr(f"({text}) / {factor}", node)
    for constant in ("0.5", "2"):
        yield "mean-sum-mismatch", f"a factor {constant}", expr(f"({text}) * {constant}", node)
    for factor in [*pool.scalars, *pool.arrays]:
        if factor != text:
            yield factor_code(factor, statement), f"a factor {factor}", expr(f"({text}) * {factor}", node)
            divides = factor in pool.scalars or re.search(r"std|sigma|scale|norm|keep|temp|sqrt", factor)
            if divides and factor not in own:
                yield (
                    factor_code(factor, statement),
                    f"divided by {factor}",
                    expr(f"({text}) / {factor}", node),
                )
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
    for value in pool.arrays:
        for template, name in _DERIVATIVES:
            yield (
                "activation-derivative-missing",
                f"the derivative of {name} at {value}",
                expr(f"({text}) * {template.format(v=value)}", node),
            )


def factor_code(factor: str, statement: ast.stmt) -> str:
    """What it means to forget (or to add) a factor of this name."""
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
    if re.fullmatch(
        r"[\d.]+|len\(.*\)|.*shape\[\d\]|.*size|n|m|b|t|batch.*|num.*|count.*|float\(.*\)|.*\.sum\(\)", low
    ):
        return "mean-sum-mismatch"
    return "gradient-mismatch"


def terms(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    """A term too few."""
    if not is_value(node, statement):
        return
    text = ast.unparse(node)
    for term in pool.arrays:
        code = "residual-gradient-missing" if term in pool.upstream else "branch-overwritten"
        if re.search(r"next|carry", term):
            code = (
                "cell-gradient-dropped"
                if re.search(r"c", term.lower().replace("carry", "")) and "h" not in term.lower()
                else "hidden-gradient-dropped"
            )
        for sign in ("+", "-"):
            yield code, f"{sign} {term}", expr(f"({text}) {sign} {term}", node)
