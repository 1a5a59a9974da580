"""Repairs: backward is edited, one small edit at a time, until every gradient is right.

What comes out is a counterfactual proof of the cause, its line, and the repair in the user's own code.
"""

from __future__ import annotations

import ast
import inspect
import re
import types
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..allowance import Allowance
from ..calling import source_tree
from ..case import Case
from ..objects import stored_attributes
from .adjoints import BackwardTrace
from .compiling import compiled, without_ornaments
from .edits import Pool, edits
from .reach import Called, holders, put, reached
from .sites import Site

SECONDS = 4.0


@dataclass
class Repair:
    code: str
    what: str
    before: str
    after: str
    line: int
    function: str
    file: str
    healed: list[str]

    @property
    def diff(self) -> str:
        return f"- {self.before}\n+ {self.after}"


def repairs(case: Case, at: tuple[str, int] | None = None, seconds: float = SECONDS) -> Repair | None:
    """The first edit that makes all wrong gradients right; else the one that heals most, if any. at: only
    edits in one line of one file.
    """
    if at is None and case.suspect is not None:
        nearby = repairs(case, case.suspect, seconds / 2)
        if nearby is not None and set(nearby.healed) == set(case.doubtful):
            return nearby
        seconds /= 2
    allowance = Allowance(seconds)
    best: Repair | None = None
    pool = _pool(case)
    for function in _functions(case):
        tree = source_tree(function)
        if tree is None or (at is not None and at[0] != function.__code__.co_filename):
            continue
        if any(isinstance(node, ast.While) for node in ast.walk(tree)):
            continue  # an edited while loop may never end
        without_ornaments(tree)
        places = holders(
            function, case.probe.subject.owner, _reached(case), case.probe.subject.backward_function
        )
        for edit in edits(tree, pool, None if at is None else {at[1]}):
            if allowance.spent():
                return best
            gradients = _with(case, places, function, edit.tree)
            if gradients is None:
                continue
            healed = _healed(case, gradients)
            if healed and (best is None or len(healed) > len(best.healed)):
                if not _again(case, places, function, edit.tree, healed):
                    continue
                after = edit.after.replace("__import__('numpy')", "np")
                best = Repair(
                    edit.code,
                    edit.what,
                    edit.before,
                    after,
                    edit.line,
                    function.__name__,
                    function.__code__.co_filename,
                    healed,
                )
                if set(healed) == set(case.doubtful):
                    return best
    return best


def _healed(case: Case, gradients: dict[str, Any]) -> list[str]:
    """Which wrong gradients are right now; nothing that was right may be wrong."""
    first = next(iter(case.doubtful), None)
    healed = []
    for name in case.doubtful:
        if case.explains(name, gradients.get(name, np.nan)):
            healed.append(name)
        elif name == first and len(case.doubtful) == 1:
            return []
    if healed and any(
        not isinstance(gradients.get(n), np.ndarray) or not case.same(gradients[n], case.a(n))
        for n in case.right
    ):
        return []
    return healed


def _again(case: Case, places: list[Called], function: Any, tree: ast.FunctionDef, healed: list[str]) -> bool:
    """The same for another gradient from above."""
    if case.probe.subject.is_loss:
        return True
    rng = np.random.default_rng([23, 8_191])
    g = {n: rng.normal(size=v.shape) for n, v in case.probe.upstream.items()}
    gradients = _with(case, places, function, tree, g)
    if gradients is None:
        return False
    return all(
        case.same(gradients[n], case.numeric.gradient(n, g)) for n in healed if case.numeric.smooth(n).all()
    )


def _functions(case: Case) -> list[types.FunctionType]:
    """backward, and the user's own functions that only it calls."""
    subject = case.probe.subject
    root = getattr(subject.backward_function, "__func__", subject.backward_function)
    root = inspect.unwrap(root)
    if not isinstance(root, types.FunctionType):
        return []
    forward = getattr(subject.forward_function, "__func__", subject.forward_function)
    used = reached(forward, subject.owner, abroad=True)
    return [root, *[f for f in _reached(case) if f not in used and f is not root]]


def _reached(case: Case) -> list[types.FunctionType]:
    """backward, and all functions that it calls."""
    return reached(case.probe.subject.backward_function, case.probe.subject.owner, abroad=True)


def _with(
    case: Case,
    places: list[Called],
    function: types.FunctionType,
    tree: ast.FunctionDef,
    upstream: Any = None,
) -> dict[str, Any] | None:
    """The gradients with an edited function in all the places of the original."""
    new = compiled(function, tree)
    if new is None:
        return None
    subject = case.probe.subject
    kept = subject.backward_function
    try:
        for place in places:
            put(place, new)
        if getattr(kept, "__func__", kept) is function:
            subject.backward_function = (
                types.MethodType(new, kept.__self__) if isinstance(kept, types.MethodType) else new
            )
        return case.again(upstream=upstream)
    except Exception:
        return None
    finally:
        subject.backward_function = kept
        for place in places:
            put(place, place.value)


def _pool(case: Case) -> Pool:
    """The arrays and numbers that backward's own text mentions, and those of the object."""
    trace = BackwardTrace(case)
    shapes: dict[str, tuple[int, ...]] = {}
    scalars: dict[str, None] = {}

    def note(site: Site, execution: int, value: Any) -> Any:
        text = site.text
        if site.kind == "use" and len(text) < 40 and "(" not in text:
            if isinstance(value, np.ndarray) and value.ndim:
                shapes.setdefault(text, value.shape)
            else:
                scalars.setdefault(text)
        elif site.kind == "assign" and isinstance(value, np.ndarray) and re.fullmatch(r"[\w.]+", text):
            shapes.setdefault(text, value.shape)
        return value

    with trace.running():
        trace._run(note)
    subject = case.probe.subject
    upstream = [name for role, name in subject.call.roles if role == "upstream"]
    for number in (*_settings(case), *_numbers(case)):
        scalars.setdefault(number)
    return Pool(list(shapes)[:24], list(scalars)[:20], upstream, shapes)


def _settings(case: Case) -> list[str]:
    """Numbers that the object keeps (self.heads, self.scale), and what forward computes from them."""
    owner = case.probe.subject.owner
    tree = source_tree(case.probe.subject.forward_function)
    if owner is None or tree is None or not tree.args.args:
        return []
    me = tree.args.args[0].arg
    found = [
        f"{me}.{k}"
        for k, v in stored_attributes(owner).items()
        if type(v) in (int, float) and k.isidentifier()
    ]
    for node in ast.walk(tree):
        text = ast.unparse(node) if isinstance(node, (ast.BinOp, ast.Call)) else ""
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        if text and names <= {me, "np", "math"} and re.search(r"sqrt|\*\* ?-?0?\.5", text) and len(text) < 40:
            found.append(f"({text})")
    return found


def _numbers(case: Case) -> list[str]:
    """Counts that a gradient may have to be divided by."""
    subject = case.probe.subject
    up = next((name for role, name in subject.call.roles if role == "upstream"), None)
    if up is None or up == "*":
        return []
    g = next(iter(case.probe.upstream.values()))
    return [f"{up}.shape[{i}]" for i in range(np.ndim(g))] + ([f"{up}.size"] if np.ndim(g) else [])
