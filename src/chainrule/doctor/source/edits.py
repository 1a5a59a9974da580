"""Small edits of a backward: each undoes one kind of mistake, and carries the code of that mistake.

An edit is a syntax tree of the whole function with one node exchanged. None of them is a guess about this
program: all are tried, and only one that makes every gradient right is ever reported.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from ..naming import UPSTREAMS

_IDS = re.compile(r"(?<![a-z])(ids?|idx|ind(ex|ices)?|tok(en)?s?|arg\w*)(?![a-z])")


@dataclass
class Edit:
    """One edit while it is applied: `tree` is the edited function until the next edit is asked for."""

    code: str
    what: str
    tree: ast.FunctionDef
    statement: ast.stmt  # as it stands now
    before: str
    line: int

    @property
    def after(self) -> str:
        return ast.unparse(self.statement)


@dataclass
class Pool:
    """What an edit may insert: the texts of arrays and of numbers that are in reach in backward."""

    arrays: list[str]
    scalars: list[str]
    upstream: list[str]
    shapes: dict[str, tuple[int, ...]]


def edits(function: ast.FunctionDef, pool: Pool, lines: set[int] | None = None) -> Iterator[Edit]:
    """All edits, the simplest first; `lines` restricts them to some statements."""
    for family in (
        _assignments,
        _signs,
        _transposes,
        _axes,
        _windows,
        _names,
        _flips,
        _factors,
        _terms,
        _constants,
        _drops,
    ):
        for target, statement in list(_sites(function, lines)):
            for code, what, new in _parsable(family(target, statement, pool)):
                yield from _applied(function, target, statement, code, what, new)


def _parsable(proposals: Family) -> Family:
    """A family's proposals up to one that is no Python: odd code makes odd texts."""
    try:
        yield from proposals
    except SyntaxError:
        return


def _sites(function: ast.FunctionDef, lines: set[int] | None) -> Iterator[tuple[ast.AST, ast.stmt]]:
    """Every node of every simple statement, with its statement."""
    for statement in ast.walk(function):
        if isinstance(statement, (ast.Assign, ast.AugAssign, ast.Return, ast.Expr)) and (
            lines is None or statement.lineno in lines
        ):
            for node in ast.walk(statement):
                if isinstance(node, (ast.expr, ast.stmt)):
                    yield node, statement


def _applied(
    function: ast.FunctionDef, target: ast.AST, statement: ast.stmt, code: str, what: str, new: ast.AST | None
) -> Iterator[Edit]:
    """The function with `target` exchanged for `new`, for as long as the consumer looks at it."""
    holder = None if new is None else _holder(function, statement, target)
    if holder is None:
        return
    owner, field, index = holder
    before, line = ast.unparse(statement), getattr(target, "lineno", 0)
    _put(owner, field, index, new)
    try:
        yield Edit(code, what, function, new if target is statement else statement, before, line)  # type: ignore[arg-type]
    finally:
        _put(owner, field, index, target)


def _holder(
    function: ast.FunctionDef, statement: ast.stmt, target: ast.AST
) -> tuple[ast.AST, str, int | None] | None:
    """The node, the field and the place in it where a node stands."""
    for owner in ast.walk(function if target is statement else statement):
        for field, value in ast.iter_fields(owner):
            if value is target:
                return owner, field, None
            if isinstance(value, list):
                for index, item in enumerate(value):
                    if item is target:
                        return owner, field, index
    return None


def _put(owner: ast.AST, field: str, index: int | None, node: ast.AST | None) -> None:
    if index is None:
        setattr(owner, field, node)
    else:
        getattr(owner, field)[index] = node


Family = Iterator[tuple[str, str, ast.AST]]


def _parse(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _at(new: ast.AST, old: ast.AST) -> ast.AST:
    for node in ast.walk(new):
        if isinstance(node, (ast.expr, ast.stmt)):
            ast.copy_location(node, old)
    return ast.fix_missing_locations(new)


def _expr(text: str, old: ast.AST) -> ast.AST:
    return _at(_parse(text), old)


# ---------------------------------------------------------------- families


def _assignments(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    """`=` for `+=`, and indexed sums that forget repetitions."""
    if node is not statement:
        return
    if isinstance(node, (ast.Assign, ast.AugAssign)):
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        value = ast.unparse(node.value)
        if isinstance(target, ast.Subscript):
            array, index = ast.unparse(target.value), ast.unparse(target.slice)
            fancy = not re.search(r":", index)
            sign = "-" if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Sub) else ""
            places = f"({index},)" if "," not in index else f"({index})"
            call = f"__import__('numpy').add.at({array}, {places}, {sign}({value}))"
            if not re.search(r":", index):
                yield (
                    "duplicate-index-lost",
                    f"np.add.at({array}, {index}, ...)",
                    _at(ast.parse(call).body[0], node),
                )
            if isinstance(node, ast.Assign):
                yield (
                    "duplicate-index-lost" if fancy and _IDS.search(index) else "overlap-overwritten",
                    "+= instead of =",
                    _at(ast.parse(f"{ast.unparse(target)} += {value}").body[0], node),
                )
        elif (
            isinstance(node, ast.Assign)
            and isinstance(target, (ast.Name, ast.Attribute))
            and len(node.targets) == 1
        ):
            yield (
                "branch-overwritten",
                "+= instead of =",
                _at(ast.parse(f"{ast.unparse(target)} = {ast.unparse(target)} + ({value})").body[0], node),
            )
        if isinstance(node, ast.AugAssign):
            opposite = {ast.Add: "-=", ast.Sub: "+="}.get(type(node.op))
            if opposite:
                yield (
                    "sign-flipped",
                    f"{opposite} here",
                    _at(ast.parse(f"{ast.unparse(target)} {opposite} {value}").body[0], node),
                )
            yield (
                "accumulates-across-calls",
                "= instead of +=",
                _at(ast.parse(f"{ast.unparse(target)} = {value}").body[0], node),
            )


def _signs(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "sign-flipped", "without the minus", node.operand
    if isinstance(node, ast.BinOp):
        swap = {ast.Add: ast.Sub, ast.Sub: ast.Add}.get(type(node.op))
        if swap:
            yield "sign-flipped", "the other sign", _at(ast.BinOp(node.left, swap(), node.right), node)
        if isinstance(node.op, ast.Sub):
            yield (
                "sign-flipped",
                "the difference the other way round",
                _at(ast.BinOp(node.right, ast.Sub(), node.left), node),
            )
    if _is_value(node, statement):
        yield "sign-flipped", "a minus", _at(ast.UnaryOp(ast.USub(), cast(ast.expr, node)), node)


def _is_value(node: ast.AST, statement: ast.stmt) -> bool:
    """The whole right-hand side, or one of the results of a return."""
    value = getattr(statement, "value", None)
    return (node is value and not isinstance(node, ast.Tuple)) or (
        isinstance(value, ast.Tuple) and any(node is e for e in value.elts)
    )


def _transposes(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
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
            yield "transpose-missing", "a transpose", _expr(f"{a} @ {b}", node)
        yield "transpose-missing", "the transpose of the product", _expr(f"({left} @ {right}).T", node)
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
                yield "transpose-missing", "a transpose", _expr(f"{called}({a}, {b})", node)
        elif called.endswith(".dot") and len(node.args) == 1 and isinstance(node.func, ast.Attribute):
            left, right = ast.unparse(node.func.value), ast.unparse(node.args[0])
            for a, b in ((f"({left}).T", right), (left, f"({right}).T"), (right, left)):
                yield "transpose-missing", "a transpose", _expr(f"({a}).dot({b})", node)
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
        yield "transpose-missing", f"-> {swapped}", _expr(f"{called}({ins + '->' + swapped!r}, {rest})", node)
    parts = ins.split(",")
    for k, part in enumerate(parts):
        for i in range(len(part) - 1):
            other = part[:i] + part[i + 1] + part[i] + part[i + 2 :]
            joined = ",".join(other if j == k else p for j, p in enumerate(parts)) + "->" + out
            yield "transpose-missing", joined, _expr(f"{called}({joined!r}, {rest})", node)
    letters = sorted(set(ins.replace(",", "").strip()) - set(out))
    for letter in letters:
        yield (
            "transpose-missing",
            "another index kept",
            _expr(f"{called}({ins + '->' + out.replace(out[0], letter, 1)!r}, {rest})", node)
            if out
            else None,
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
                    _expr(f"{ast.unparse(function)}({', '.join(map(str, order))})", node),
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
            _expr(f"({base}).swapaxes{pairs}.reshape({arguments})", node),
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
                    _expr(f"({base}).reshape({shuffled}).transpose({back})", node),
                )
    yield "transpose-missing", "a transpose instead of the reshape", _expr(f"({base}).T", node)


def _axes(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
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
                    _expr(f"({ast.unparse(node)}).{kind}({axis}, keepdims=True)", node),
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
            _expr(text.replace(f".{called}(", f".{other}(", 1), node),
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
                        _expr(new, node),
                    )
    for keyword in node.keywords:
        if keyword.arg == "axis" and called not in ("sum", "mean"):
            for axis in ("0", "1", "-1"):
                yield (
                    "softmax-axis-wrong",
                    f"axis={axis}",
                    _expr(re.sub(r"axis=[^,)]+", f"axis={axis}", text), node),
                )


def _names(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    """Another variable of the same shape: a stale or exchanged one; another time step."""
    if not isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) or not isinstance(node.ctx, ast.Load):
        return
    text = ast.unparse(node)
    shape = pool.shapes.get(text)
    whole = ast.unparse(statement)
    derivative = bool(re.search(r"1(\.0)? ?-|> ?0|\*\* ?2|sech|cosh", whole))
    if shape is not None:
        for other in pool.arrays:
            if other != text and pool.shapes.get(other) == shape:
                code = "activation-derivative-misplaced" if derivative else "gradient-mismatch"
                if other in pool.upstream and text in pool.upstream:
                    code = "unchained-upstream"
                yield code, f"{other} instead of {text}", _expr(other, node)
    if isinstance(node, ast.Subscript):
        code = "hidden-gradient-dropped" if UPSTREAMS.match(_name_of(node)) else "time-step-misaligned"
        code = "activation-derivative-misplaced" if derivative else code
        base = ast.unparse(node.value)
        for index in ast.walk(node.slice):
            if isinstance(index, ast.Name):
                for shift in (" - 1", " + 1"):
                    new = re.sub(rf"\b{index.id}\b(?! [-+] 1)", index.id + shift, ast.unparse(node.slice))
                    yield code, f"`{base}[{new}]` instead of `{text}`", _expr(f"{base}[{new}]", node)
                plain = re.sub(rf"\b{index.id} [-+] 1\b", index.id, ast.unparse(node.slice))
                yield code, f"`{base}[{plain}]` instead of `{text}`", _expr(f"{base}[{plain}]", node)


def _name_of(node: ast.expr) -> str:
    """hs for self.hs[t][0]"""
    while isinstance(node, ast.Subscript):
        node = node.value
    return ast.unparse(node).rpartition(".")[2]


def _windows(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
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
    new = _parse(f"a[{index}]")
    assert isinstance(new, ast.Subscript)
    return _at(ast.Subscript(node.value, new.slice, node.ctx), node)


def _flips(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    if isinstance(node, ast.Subscript) and "::-1" in ast.unparse(node.slice):
        yield "kernel-not-flipped", "without the flip", node.value
    if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
        shape = pool.shapes.get(ast.unparse(node))
        if shape is not None and len(shape) >= 2:
            for index in ("[..., ::-1, ::-1]", "[..., ::-1]", "[::-1, ::-1]", "[::-1]"):
                yield "kernel-not-flipped", "flipped", _expr(ast.unparse(node) + index, node)
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("flip", "rot90")) and node.args:
        yield "kernel-not-flipped", "without the flip", node.args[0]


_DERIVATIVES: tuple[tuple[str, str], ...] = (
    ("({v} * (1 - {v}))", "sigmoid"),
    ("(1 - {v} ** 2)", "tanh"),
    ("({v} > 0)", "ReLU"),
)


def _factors(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    """A factor too few, too many, or on the wrong side of a division."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div)):
        left, right = ast.unparse(node.left), ast.unparse(node.right)
        swap = "/" if isinstance(node.op, ast.Mult) else "*"
        yield factor_code(right, statement), f"{swap} {right}", _expr(f"({left}) {swap} ({right})", node)
        yield factor_code(right, statement), f"without the factor {right}", node.left
        if isinstance(node.op, ast.Mult):
            yield factor_code(left, statement), f"without the factor {left}", node.right
    if (
        not _is_value(node, statement)
        and not (isinstance(node, ast.BinOp) and isinstance(node.op, (ast.MatMult, ast.Mult)))
        and not isinstance(node, ast.Name)
    ):
        return
    if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        return
    text = ast.unparse(node)
    for factor in [*pool.scalars, *pool.arrays]:
        if factor != text:
            yield factor_code(factor, statement), f"a factor {factor}", _expr(f"({text}) * {factor}", node)
            if factor in pool.scalars or re.search(r"std|sigma|scale|norm|keep|temp|sqrt", factor):
                yield (
                    factor_code(factor, statement),
                    f"divided by {factor}",
                    _expr(f"({text}) / {factor}", node),
                )
    for factor in pool.scalars:
        yield (
            "attention-scale-missing",
            f"divided by the root of {factor}",
            _expr(f"({text}) / ({factor}) ** 0.5", node),
        )
        yield (
            "attention-scale-missing",
            f"times the root of {factor}",
            _expr(f"({text}) * ({factor}) ** 0.5", node),
        )
    for value in pool.arrays:
        for template, name in _DERIVATIVES:
            yield (
                "activation-derivative-missing",
                f"the derivative of {name} at {value}",
                _expr(f"({text}) * {template.format(v=value)}", node),
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


def _terms(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    """A term too few."""
    if not _is_value(node, statement):
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
            yield code, f"{sign} {term}", _expr(f"({text}) {sign} {term}", node)


def _constants(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        old: Any = node.value
        kind: Any = type(old)
        for value in sorted({old + 1, old - 1, -old, old * 2, old / 2, 0, 1, 2} - {old}, key=abs):
            if kind is float or float(value).is_integer():
                yield "mean-sum-mismatch", f"{value} instead of {old}", _expr(repr(kind(value)), node)


def _drops(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
    """A term or a call too many."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        yield "constant-offset", f"without {ast.unparse(node.right)}", node.left
        yield "constant-offset", f"without {ast.unparse(node.left)}", node.right
    if (
        isinstance(node, ast.Call)
        and len(node.args) >= 1
        and ast.unparse(node.func).endswith(("clip", "abs", "sign", "maximum", "minimum"))
    ):
        yield "nonlinear-backward", f"without {ast.unparse(node.func)}", node.args[0]
