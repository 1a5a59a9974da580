"""Which small change of a line of the subject's forward makes the output the reference's?"""

from __future__ import annotations

import ast
import contextlib
import copy
import itertools
import re
import types
from collections.abc import Iterator
from typing import Any

from ..source.compiling import compiled
from ..source.reach import holders, instead, reached
from ..source.read import source_tree
from .constants import EPS
from .explanation import Explanation
from .meeting import Meeting

_REDUCTIONS = (
    "sum",
    "mean",
    "max",
    "amax",
    "softmax",
    "var",
    "std",
    "cumsum",
    "norm",
    "log_softmax",
    "logsumexp",
    "concatenate",
    "stack",
    "flip",
    "argmax",
)
Rewrite = tuple[str, str, ast.AST, ast.AST]  # code, words, the node, what stands in its place


def of_source(meeting: Meeting) -> Iterator[Explanation]:
    """One small change of forward's own text at a time."""
    subject = meeting.case.probe.subject
    functions = reached(subject.forward_function, subject.owner)
    trees = {f: source_tree(f) for f in functions}
    for family in (_axes, _variances, _numbers, _operands, _orders):
        for function, tree in trees.items():
            if tree is None:
                continue
            tree.decorator_list, tree.returns = [], None
            for code, words, node, new in list(family(tree, meeting)):
                if meeting.allowance.spent():
                    return
                clone, before, after = _edited(tree, node, new)
                with _running(meeting, function, clone) as runs:
                    fits = runs and meeting.holds(lambda point: meeting.ours(None, point))
                if fits:
                    line = getattr(node, "lineno", 0)
                    yield Explanation(
                        code,
                        f"with {words} in line {line} of {function.__name__}, the output equals "
                        "the reference's",
                        {"edit": words},
                        fix=f"- {before}\n+ {after}",
                        file=function.__code__.co_filename,
                        line=line,
                    )
                    return


def _edited(tree: ast.FunctionDef, node: ast.AST, new: ast.AST) -> tuple[ast.FunctionDef, str, str]:
    for part in ast.walk(new):
        if isinstance(part, (ast.expr, ast.keyword)):
            ast.copy_location(part, node)
    clone = copy.deepcopy(tree, {id(node): new})
    ast.fix_missing_locations(clone)
    return clone, _statement(tree, node), _statement(clone, new)


def _statement(tree: ast.FunctionDef, node: ast.AST) -> str:
    inside = [
        s
        for s in ast.walk(tree)
        if isinstance(s, ast.stmt) and s is not tree and any(n is node for n in ast.walk(s))
    ]
    return ast.unparse(inside[-1]).partition("\n")[0] if inside else ""


@contextlib.contextmanager
def _running(meeting: Meeting, function: types.FunctionType, tree: ast.FunctionDef) -> Iterator[bool]:
    """The edited function in the place of the original. False where it does not compile."""
    new = compiled(function, tree)
    if new is None:
        yield False
        return
    subject = meeting.case.probe.subject
    with instead(subject, "forward_function", function, new, holders(function, subject.owner, [])):
        yield True


# ---------------------------------------------------------------- families


def _axes(tree: ast.FunctionDef, meeting: Meeting) -> Iterator[Rewrite]:
    """Reductions over another axis."""
    for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call)):
        called = ast.unparse(call.func).rpartition(".")[2]
        if not any(
            called == r or called.endswith(f"_{r}") or (r == "softmax" and r in called) for r in _REDUCTIONS
        ):
            continue
        soft = bool(re.search("exp|softmax", ast.unparse(tree)))
        places = [k.value for k in call.keywords if k.arg in ("axis", "dim")] + call.args
        for node in places:
            old = _integer(node)
            for axis in (-1, -2, 0, 1, 2, 3) if old is not None else ():
                if axis != old:
                    yield (
                        "softmax-axis-wrong" if soft else "reference-mismatch",
                        f"axis {axis} instead of {old}",
                        node,
                        _number(axis),
                    )


def _variances(tree: ast.FunctionDef, meeting: Meeting) -> Iterator[Rewrite]:
    for call in (n for n in ast.walk(tree) if isinstance(n, ast.Call)):
        if ast.unparse(call.func).rpartition(".")[2] in ("var", "std"):
            given = next((k for k in call.keywords if k.arg in ("ddof", "correction")), None)
            new = copy.deepcopy(call)
            new.keywords = [k for k in new.keywords if k.arg not in ("ddof", "correction")]
            if given is None:
                new.keywords.append(ast.keyword("ddof", ast.Constant(1)))
            words = (
                "the biased variance (divided by n)" if given else "the unbiased variance (divided by n - 1)"
            )
            yield "reference-mismatch", words, call, new


def _numbers(tree: ast.FunctionDef, meeting: Meeting) -> Iterator[Rewrite]:
    """Another eps, slope or offset."""
    known = list(dict.fromkeys(meeting.reference.numbers.values()))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float):
            old: Any = node.value
            others: list[Any] = (
                [*known, *(EPS if abs(old) < 0.01 else ()), 1 - old]
                if type(old) is float
                else [old + 1, old - 1, -old]
            )
            for value in dict.fromkeys(others):
                if value != old:
                    yield "reference-mismatch", f"{value} instead of {old}", node, _number(value)


def _operands(tree: ast.FunctionDef, meeting: Meeting) -> Iterator[Rewrite]:
    """A factor or a term too many, or of the other sign."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.BinOp) or isinstance(node.op, (ast.MatMult, ast.FloorDiv, ast.Mod)):
            continue
        right = ast.unparse(node.right)
        scale = isinstance(node.op, (ast.Mult, ast.Div)) and re.search(
            r"sqrt|\*\* ?-?\(?-?0?\.5|scale", right
        )
        yield (
            "attention-scale-missing" if scale else "reference-mismatch",
            f"no `{right}`",
            node,
            copy.deepcopy(node.left),
        )
        if isinstance(node.op, (ast.Add, ast.Mult)):
            yield "reference-mismatch", f"no `{ast.unparse(node.left)}`", node, copy.deepcopy(node.right)
        swap = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}.get(type(node.op))
        if swap is not None:
            code = "sign-flipped" if swap in (ast.Add, ast.Sub) else "reference-mismatch"
            new = ast.BinOp(copy.deepcopy(node.left), swap(), copy.deepcopy(node.right))
            yield code, f"`{ast.unparse(new)}`", node, new


def _orders(tree: ast.FunctionDef, meeting: Meeting) -> Iterator[Rewrite]:
    """Axes in another order, and transposes left out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("T", "mT"):
            yield "transpose-missing", "no transpose", node, copy.deepcopy(node.value)
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in ("transpose", "swapaxes")
        ):
            values = [_integer(a) for a in node.args]
            if None not in values and 2 <= len(values) <= 5 and node.func.attr == "transpose":
                for order in itertools.permutations(values):
                    new = copy.deepcopy(node)
                    new.args = [_number(v) for v in order]
                    if list(order) != values:
                        yield "transpose-missing", f"axes {order}", node, new
            if ast.unparse(node.func.value) not in ("np", "numpy"):
                yield "transpose-missing", "no exchange of axes", node, copy.deepcopy(node.func.value)


def _integer(node: ast.AST) -> int | None:
    try:
        value = ast.literal_eval(ast.unparse(node))
    except (ValueError, SyntaxError, TypeError):
        return None
    return value if type(value) is int else None


def _number(value: Any) -> ast.expr:
    return ast.parse(repr(value), mode="eval").body
