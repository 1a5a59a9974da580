"""Transposes, other orders of axes, reshapes, the letters of an einsum."""

from __future__ import annotations

import ast

from .pool import Pool
from .syntax import Family, expr


def transposes(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    if isinstance(node, ast.Attribute) and node.attr in ("T", "mT"):
        yield "transpose-missing", "without the transpose", node.value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
        left, right = ast.unparse(node.left), ast.unparse(node.right)
        for a, b in (
            (f"({left}).T", right),
            (left, f"({right}).T"),
            (right, left),
            (f"({left}).swapaxes(-1, -2)", right),
            (left, f"({right}).swapaxes(-1, -2)"),
            (f"({right}).T", left),
            (right, f"({left}).T"),
        ):
            yield "transpose-missing", "a transpose", expr(f"{a} @ {b}", node)
        yield "transpose-missing", "the transpose of the product", expr(f"({left} @ {right}).T", node)
    if isinstance(node, ast.Call):
        called = ast.unparse(node.func)
        if called.endswith((".transpose", ".swapaxes", ".moveaxis")) and isinstance(node.func, ast.Attribute):
            base = node.func.value
            if ast.unparse(base) not in ("np", "numpy"):
                yield "transpose-missing", "without exchanging axes", base
            yield from _other_orders(node)
        if called.endswith(".reshape") and isinstance(node.func, ast.Attribute):
            yield from _reshapes(node, pool)
        if called.endswith((".dot", ".matmul")) and len(node.args) == 2:
            left, right = (ast.unparse(a) for a in node.args)
            for a, b in ((f"({left}).T", right), (left, f"({right}).T"), (right, left)):
                yield "transpose-missing", "a transpose", expr(f"{called}({a}, {b})", node)
        elif called.endswith(".dot") and len(node.args) == 1 and isinstance(node.func, ast.Attribute):
            left, right = ast.unparse(node.func.value), ast.unparse(node.args[0])
            for a, b in ((f"({left}).T", right), (left, f"({right}).T"), (right, left)):
                yield "transpose-missing", "a transpose", expr(f"({a}).dot({b})", node)
        if called.endswith("einsum") and node.args and isinstance(node.args[0], ast.Constant):
            yield from _einsums(node)


def _einsums(node: ast.Call) -> Family:
    text = str(node.args[0].value)  # type: ignore[attr-defined]
    if "->" not in text:
        return
    ins, out = text.split("->")
    rest = ", ".join(ast.unparse(a) for a in node.args[1:])
    called = ast.unparse(node.func)
    for i in range(len(out) - 1):
        swapped = out[:i] + out[i + 1] + out[i] + out[i + 2 :]
        yield "transpose-missing", f"-> {swapped}", expr(f"{called}({ins + '->' + swapped!r}, {rest})", node)
    parts = ins.split(",")
    for k, part in enumerate(parts):
        for i in range(len(part) - 1):
            other = part[:i] + part[i + 1] + part[i] + part[i + 2 :]
            joined = ",".join(other if j == k else p for j, p in enumerate(parts)) + "->" + out
            yield "transpose-missing", joined, expr(f"{called}({joined!r}, {rest})", node)
    letters = sorted(set(ins.replace(",", "").strip()) - set(out))
    for letter in letters:
        yield (
            "transpose-missing",
            "another index kept",
            expr(f"{called}({ins + '->' + out.replace(out[0], letter, 1)!r}, {rest})", node) if out else None,
        )  # type: ignore[misc]


def _other_orders(node: ast.Call) -> Family:
    import itertools

    function = node.func
    assert isinstance(function, ast.Attribute)
    numbers = [a for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, int)]
    if function.attr == "transpose" and len(numbers) == len(node.args) and 2 <= len(numbers) <= 5:
        values = [a.value for a in numbers]
        for order in itertools.permutations(values):
            if list(order) != values:
                yield (
                    "transpose-missing",
                    f"axes {order}",
                    expr(f"{ast.unparse(function)}({', '.join(map(str, order))})", node),
                )


def _reshapes(node: ast.Call, pool: Pool) -> Family:
    import itertools

    function = node.func
    assert isinstance(function, ast.Attribute)
    base = ast.unparse(function.value)
    arguments = ", ".join(ast.unparse(a) for a in node.args)
    for pairs in ((0, 1), (1, 2), (-1, -2), (0, 2), (2, 3), (1, 3)):
        yield (
            "reshape-for-transpose",
            "axes exchanged before the reshape",
            expr(f"({base}).swapaxes{pairs}.reshape({arguments})", node),
        )
    inner = node.args[0].elts if len(node.args) == 1 and isinstance(node.args[0], ast.Tuple) else node.args
    if 2 <= len(inner) <= 4:
        texts = [ast.unparse(a) for a in inner]
        for order in itertools.permutations(range(len(texts))):
            if order != tuple(range(len(texts))):
                back = tuple(order.index(i) for i in range(len(order)))
                shuffled = ", ".join(texts[i] for i in order)
                yield (
                    "reshape-for-transpose",
                    "reshape, then exchange axes",
                    expr(f"({base}).reshape({shuffled}).transpose({back})", node),
                )
    yield "transpose-missing", "a transpose instead of the reshape", expr(f"({base}).T", node)
