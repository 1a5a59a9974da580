"""What became of a write into an array that is not one's own: were it made in a copy, which wrong gradients
would be right?

    d = dout                          d = np.array(dout)
    d[z <= 0] = 0             or      dout = np.array(dout) at the beginning
    return f(d) + dout                or the later statement gets what was there before

These gradients are consequences of the write, and no faults of their own.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator
from typing import NamedTuple

from ..case import Case, close
from ..errors import SubjectError
from ..source.compiling import compiled, without_ornaments
from ..source.edited import Edited
from ..source.edits.syntax import at, parse
from ..source.reach import holders, instead, reached
from ..source.read import source_tree

KEPT = "_as_it_was"


class Undone(NamedTuple):
    """The gradients that a copy makes right, and the lines as they should be."""

    healed: list[str]
    diff: str


def undone(case: Case, place: tuple[str, int] | None, which: str) -> Undone | None:
    """The copy that heals most. place: of the write. which: "forward_function" or "backward_function"."""
    if place is None or not case.doubtful:
        return None
    root = getattr(case.probe.subject, which)
    best = None
    for function in reached(root, case.probe.subject.owner, abroad=True):
        if function.__code__.co_filename != place[0]:
            continue
        for tree, diff in _with_copies(function, place[1]):
            healed = (
                _healed_by_forward(case, function, tree)
                if which == "forward_function"
                else _healed_by_backward(case, function, tree)
            )
            if len(healed) > len(best.healed if best else []):
                best = Undone(healed, diff)
            if len(healed) == len(case.doubtful):
                return best
    return best


def _healed_by_backward(case: Case, function: types.FunctionType, tree: ast.FunctionDef) -> list[str]:
    edited = Edited(case, function, tree)
    healed = edited.healed()
    return healed if healed and edited.again(healed) else []


def _healed_by_forward(case: Case, function: types.FunctionType, tree: ast.FunctionDef) -> list[str]:
    """Forward's outputs must stay what they are."""
    new = compiled(function, tree)
    subject = case.probe.subject
    if new is None:
        return []
    called = reached(subject.forward_function, subject.owner, abroad=True)
    places = holders(function, subject.owner, called, subject.forward_function)
    try:
        with instead(subject, "forward_function", function, new, places):
            run = case.probe.run()
    except SubjectError:
        return []
    if any(not close(run.outputs.get(n, 0), y, tolerance=1e-9) for n, y in case.outputs.items()):
        return []
    if any(not case.same(run.gradients[n], case.a(n)) for n in case.right):
        return []
    return case.repaired(run.gradients)


def _with_copies(function: types.FunctionType, line: int) -> Iterator[tuple[ast.FunctionDef, str]]:
    """The function with a copy made of what a statement writes into, in all ways; and what is changed."""
    tree = source_tree(function)
    written = _written(tree, line) if tree is not None else ""
    if not written:
        return
    for make in (_aliases, _at_the_beginning, _later_uses):
        number = 0
        while True:
            tree = source_tree(function)
            assert tree is not None
            without_ornaments(tree)
            diff = make(tree, written, line, number)
            if diff is None:
                break
            yield tree, diff.replace("__import__('numpy')", "np")
            number += 1


def _statements(tree: ast.FunctionDef) -> list[ast.stmt]:
    simple = (ast.Assign, ast.AugAssign, ast.Return, ast.Expr, ast.AnnAssign)
    found = [n for n in ast.walk(tree) if isinstance(n, simple)]
    return sorted(found, key=lambda s: s.lineno)


def _written(tree: ast.FunctionDef, line: int) -> str:
    """What the statement in a line writes into: dout, of `dout[mask] = 0`, `dout *= mask`, `f(out=dout)`."""
    for statement in _statements(tree):
        if not statement.lineno <= line <= (statement.end_lineno or 0):
            continue
        target: ast.expr | None = None
        if isinstance(statement, ast.AugAssign):
            target = statement.target
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Subscript):
            target = statement.targets[0]
        else:
            calls = [n for n in ast.walk(statement) if isinstance(n, ast.Call)]
            target = next((k.value for c in calls for k in c.keywords if k.arg == "out"), None)
            methods = [c.func.value for c in calls if isinstance(c.func, ast.Attribute)]
            first = [c.args[0] for c in calls if c.args]
            if target is None and isinstance(statement, ast.Expr):
                target = next(iter(first if "np." in ast.unparse(statement) else methods), None)
        while isinstance(target, ast.Subscript):
            target = target.value
        if isinstance(target, (ast.Name, ast.Attribute)):
            return ast.unparse(target)
    return ""


def _copy(text: str) -> str:
    return f"__import__('numpy').array({text})"


def _aliases(tree: ast.FunctionDef, written: str, line: int, number: int) -> str | None:
    """d = dout, dh = dhs[:, t]: another name for the array that is written into, or the array itself kept."""
    views = [
        s
        for s in _statements(tree)
        if isinstance(s, ast.Assign)
        and isinstance(s.targets[0], (ast.Name, ast.Attribute))
        and (ast.unparse(s.targets[0]) == written or ast.unparse(s.value) == written)
        and not isinstance(s.value, (ast.BinOp, ast.UnaryOp, ast.Constant, ast.Tuple))
    ]
    if number >= len(views):
        return None
    before = ast.unparse(views[number])
    views[number].value = at(parse(_copy(ast.unparse(views[number].value))), views[number].value)  # type: ignore[assignment]
    return f"- {before}\n+ {ast.unparse(views[number])}"


def _at_the_beginning(tree: ast.FunctionDef, written: str, line: int, number: int) -> str | None:
    """A helper copies what it is handed."""
    if number or not any(a.arg == written for a in tree.args.args):
        return None
    copy = at(ast.parse(f"{written} = {_copy(written)}").body[0], tree.body[0])
    assert isinstance(copy, ast.stmt)
    tree.body.insert(0, copy)
    return f"+ {ast.unparse(copy)}"


def _later_uses(tree: ast.FunctionDef, written: str, line: int, number: int) -> str | None:
    """The last statements that read it get what was there before the write: one, two, ..."""
    here = next(
        (s for s in _statements(tree) if s.lineno <= line <= (s.end_lineno or 0)),
        None,
    )
    readers = [s for s in _statements(tree) if here is not None and s.lineno > line and _reads(s, written)]
    body = _body_of(tree, here) if here is not None else None
    if here is None or body is None or number >= 2 * len(readers):
        return None
    count, one = number // 2 + 1, number % 2
    chosen = readers[-count:] if not one else readers[-count:][:1]
    keep = at(ast.parse(f"{KEPT} = {_copy(written)}").body[0], here)
    assert isinstance(keep, ast.stmt)
    lines = [f"+ {ast.unparse(keep)}"]
    for statement in chosen:
        lines.append(f"- {ast.unparse(statement)}")
        _Renamed(written).visit(statement)
        lines.append(f"+ {ast.unparse(statement)}")
    body.insert(body.index(here), keep)
    return "\n".join(lines)


def _reads(statement: ast.stmt, name: str) -> bool:
    return any(
        isinstance(n, (ast.Name, ast.Attribute)) and isinstance(n.ctx, ast.Load) and ast.unparse(n) == name
        for n in ast.walk(statement)
    )


def _body_of(tree: ast.FunctionDef, statement: ast.stmt) -> list[ast.stmt] | None:
    for node in ast.walk(tree):
        for _, value in ast.iter_fields(node):
            if isinstance(value, list) and any(s is statement for s in value):
                return value
    return None


class _Renamed(ast.NodeTransformer):
    def __init__(self, name: str) -> None:
        self.name = name

    def generic_visit(self, node: ast.AST) -> ast.AST:
        if (
            isinstance(node, (ast.Name, ast.Attribute))
            and isinstance(node.ctx, ast.Load)
            and ast.unparse(node) == self.name
        ):
            return ast.copy_location(ast.Name(KEPT, ast.Load()), node)
        return super().generic_visit(node)


__all__ = ["Undone", "undone"]
