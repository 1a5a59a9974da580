"""Backward adds up what forward overwrites: then it is forward that is wrong.

    out[:, a : a + k] = window @ weight       # where windows overlap, the last one wins

Forward is edited, `=` to `+=` at one statement. If every gradient that backward gives is then right, backward
is that of the edited forward.
"""

from __future__ import annotations

import ast
import re
import types
from collections.abc import Iterator

from ..case import Case
from ..report import Finding
from ..source.compiling import compiled, without_ornaments
from ..source.edits import Edit, Pool, edits
from ..source.edits.statements import assignments
from ..source.reach import holders, instead, reached
from ..source.read import source_tree

OVERWRITTEN = ("overlap-overwritten", "duplicate-index-lost")


def forward_stores(case: Case) -> Iterator[Finding]:
    """One statement of forward, proved by all gradients at once."""
    subject = case.probe.subject
    for function in reached(subject.forward_function, subject.owner, abroad=True):
        tree = source_tree(function)
        if tree is None:
            continue
        without_ornaments(tree)
        for edit in edits(tree, Pool([], [], [], {}), families=(assignments,)):
            if edit.code in OVERWRITTEN and _begins_at_zero(tree, edit) and _right_with(case, function, tree):
                after = edit.after.replace("__import__('numpy')", "np")
                yield case.finding(
                    edit.code,
                    list(case.doubtful),
                    place=(function.__code__.co_filename, edit.line),
                    verified=True,
                    evidence={"line of forward": edit.line},
                    detail=f"forward overwrites in line {edit.line} what backward adds up: with `{after}` "
                    f"there, the gradients of {', '.join(case.doubtful[:6])} are right as they are",
                    fix=f"- {edit.before}\n+ {after}",
                )
                return


def _right_with(case: Case, function: types.FunctionType, tree: ast.FunctionDef) -> bool:
    new = compiled(function, tree)
    if new is None:
        return False
    subject = case.probe.subject
    forward = subject.forward_function
    places = holders(function, subject.owner, reached(forward, subject.owner, abroad=True), forward)
    with instead(subject, "forward_function", function, new, places):
        try:
            other = Case(case.probe, case.path)
        except Exception:  # an edited forward can fail in any way
            return False
        calm = other.error is None and other.looseness <= case.looseness
        return calm and not other.doubtful and set(case.doubtful) <= set(other.right)


def _begins_at_zero(tree: ast.FunctionDef, edit: Edit) -> bool:
    """Whether what is written into was made of zeros: only then can it add up."""
    written = re.split(r"[\[(]", edit.before.replace("np.add.at(", ""))[0].strip()
    made = [
        ast.unparse(n.value)
        for n in ast.walk(tree)
        if isinstance(n, ast.Assign) and any(ast.unparse(t) == written for t in n.targets)
    ]
    return bool(made) and all("zeros" in text for text in made)
