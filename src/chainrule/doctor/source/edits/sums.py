"""Sums over other axes, sums for means, kept dimensions; windows and flipped kernels."""

from __future__ import annotations

import ast
import re

from .pool import Pool
from .syntax import Family, at, expr, parse


def axes(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    """Sums over other axes, sums for means, kept dimensions; a sum or a mean that is missing."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        for axis in (
            "-1",
            "0",
            "1",
            "(0, 2, 3)",
            "(0, 1)",
            *(a for a in pool.scalars if re.search(r"axis|axes|dim", a)),
        ):
            for kind, code in (("mean", "statistics-treated-constant"), ("sum", "broadcast-not-summed")):
                yield (
                    code,
                    f"a {kind} over {axis}",
                    expr(f"({ast.unparse(node)}).{kind}({axis}, keepdims=True)", node),
                )
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return
    called = node.func.attr
    if called not in (
        "sum",
        "mean",
        "max",
        "argmax",
        "repeat",
        "concatenate",
        "stack",
        "softmax",
        "expand_dims",
    ):
        return
    text = ast.unparse(node)
    is_bias = bool(re.search(r"\b(self\.)?\w*(d_?b|bias|beta|grad_b|db)\w*\b", ast.unparse(statement), re.I))
    if called in ("sum", "mean"):
        other = "mean" if called == "sum" else "sum"
        mean_code = "broadcast-not-summed" if called == "mean" and not is_bias else "mean-sum-mismatch"
        yield (
            mean_code,
            f"{other} instead of {called}",
            expr(text.replace(f".{called}(", f".{other}(", 1), node),
        )
        for axis in (
            "0",
            "1",
            "2",
            "-1",
            "-2",
            "(0, 1)",
            "(0, 2, 3)",
            "(0, 2)",
            "(1, 2)",
            "(0, 1, 2)",
            "(2, 3)",
        ):
            for keep in ("", ", keepdims=True"):
                base = ast.unparse(node.func.value)
                if base in ("np", "numpy"):
                    new = (
                        f"{base}.{called}({ast.unparse(node.args[0])}, axis={axis}{keep})"
                        if node.args
                        else ""
                    )
                else:
                    new = f"{base}.{called}(axis={axis}{keep})"
                if new and new != text:
                    yield (
                        ("bias-axes-wrong" if called == "sum" else "statistics-treated-constant"),
                        f"axis={axis}",
                        expr(new, node),
                    )
    for keyword in node.keywords:
        if keyword.arg == "axis" and called not in ("sum", "mean"):
            for axis in ("0", "1", "-1"):
                yield (
                    "softmax-axis-wrong",
                    f"axis={axis}",
                    expr(re.sub(r"axis=[^,)]+", f"axis={axis}", text), node),
                )


def windows(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    """Where a window begins: times the stride or not, minus the padding or not."""
    if not isinstance(node, ast.Subscript) or not any(isinstance(n, ast.Slice) for n in ast.walk(node.slice)):
        return
    index = ast.unparse(node.slice)
    names = {n.id for n in ast.walk(node.slice) if isinstance(n, ast.Name) and n.id not in pool.scalars}
    strides = [s for s in pool.scalars if re.search(r"stride|step|hop|\bs$|\.s$", s)] + ["2", "3"]
    for name in sorted(names):
        for stride in strides:
            yield (
                "stride-or-padding-misaligned",
                f"{name} * {stride}",
                _sliced(node, re.sub(rf"\b{name}\b(?! \*)", f"{name} * {stride}", index)),
            )
        plain = re.sub(rf"\b{name} \* [\w.]+", name, index)
        yield "stride-or-padding-misaligned", "without the stride", _sliced(node, plain)
        for shift in (" + 1", " - 1"):
            yield (
                "stride-or-padding-misaligned",
                f"{name}{shift}",
                _sliced(node, re.sub(rf"\b{name}\b", f"({name}{shift})", index)),
            )


def _sliced(node: ast.Subscript, index: str) -> ast.AST:
    new = parse(f"a[{index}]")
    assert isinstance(new, ast.Subscript)
    return at(ast.Subscript(node.value, new.slice, node.ctx), node)


def flips(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    if isinstance(node, ast.Subscript) and "::-1" in ast.unparse(node.slice):
        yield "kernel-not-flipped", "without the flip", node.value
    if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
        shape = pool.shapes.get(ast.unparse(node))
        if shape is not None and len(shape) >= 2 and ast.unparse(node) not in pool.upstream:
            for index in ("[..., ::-1, ::-1]", "[..., ::-1]", "[::-1, ::-1]", "[::-1]"):
                yield "kernel-not-flipped", "flipped", expr(ast.unparse(node) + index, node)
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("flip", "rot90")) and node.args:
        yield "kernel-not-flipped", "without the flip", node.args[0]
