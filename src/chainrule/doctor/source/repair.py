"""Repairs: backward is edited, one small edit at a time, until every gradient is right.

What comes out is a counterfactual proof of the cause, its line, and the repair in the user's own code. A
mistake that was made several times is put right in all of its places.
"""

from __future__ import annotations

import inspect
import types
from dataclasses import dataclass

from ..allowance import Allowance
from ..case import Case, Line
from .edited import Edited, editable
from .edits import Edit, Pool, edits, in_words
from .mentioned import mentioned
from .reach import reached
from .together import Kinds, note, together

SECONDS = 2.5
SHARE = 0.25  # of the time, for edits in several places


@dataclass(frozen=True)
class Repair:
    code: str
    what: str
    before: str  # the first edited statement
    lines: tuple[int, ...]
    function: str
    file: str
    healed: list[str]
    diff: str  # of all edited statements

    @property
    def how(self) -> str:
        return in_words(self.what)

    @property
    def line(self) -> int:
        return self.lines[0]


def repairs(case: Case, at: list[Line] | None = None, seconds: float = SECONDS) -> Repair | None:
    """The first edit that makes all wrong gradients right; else the one that heals most, if any. at: only
    edits that begin in one of these lines.
    """
    best: Repair | None = None
    if at is None and case.suspects:
        seconds /= 2
        best = repairs(case, case.suspects, seconds)
        if best is not None and set(best.healed) == set(case.doubtful):
            return best
    pool = mentioned(case)
    allowance = Allowance(seconds)
    for function in _functions(case):
        tree = editable(function)
        lines = None if at is None else {line for file, line in at if file == function.__code__.co_filename}
        if tree is None or lines == set():
            continue
        best = _search(Edited(case, function, tree), pool, lines, best, allowance, seconds * SHARE)
        if best is not None and set(best.healed) == set(case.doubtful):
            break
    return best


def _search(
    edited: Edited,
    pool: Pool,
    lines: set[int] | None,
    best: Repair | None,
    allowance: Allowance,
    seconds_together: float,
) -> Repair | None:
    """The best repair of one function, if it is better than what there is."""
    wrong = set(edited.case.doubtful)
    tried: Kinds = {}
    for edit in edits(edited.tree, pool, lines):
        if allowance.spent():
            break
        note(tried, edit)
        healed = edited.healed()
        if len(healed) <= len(best.healed if best else []) or not edited.again(healed):
            continue
        best = _repair(edited, [edit], healed)
        if set(healed) == wrong:
            return best
        # the same mistake in further lines: with all of them put right, more may be
        same: Kinds = {}
        for other in edits(edited.tree, pool, families=(edit.family,)):
            if other.kind == edit.kind and other.edited is not edit.edited:
                note(same, other)
        found = together(edited, same, healed, Allowance(seconds_together))
        if found is not None:
            best = _repair(edited, [edit, *found[0]], found[1])
            if set(best.healed) == wrong:
                return best
    found = together(edited, tried, best.healed if best else [], Allowance(seconds_together), least=2)
    return best if found is None else _repair(edited, *found)


def _repair(edited: Edited, made: list[Edit], healed: list[str]) -> Repair:
    made = sorted(made, key=lambda edit: edit.line)
    code = edited.function.__code__
    return Repair(
        made[0].code,
        made[0].what,
        made[0].before,
        tuple(edit.line for edit in made),
        code.co_name,
        code.co_filename,
        healed,
        "\n".join(f"- {edit.before}\n+ {edit.after}" for edit in made).replace("__import__('numpy')", "np"),
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
    called = reached(subject.backward_function, subject.owner, abroad=True)
    return [root, *[f for f in called if f not in used and f is not root]]
