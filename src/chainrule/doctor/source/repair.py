"""Repairs: backward is edited, one small edit at a time, until every gradient is right.

What comes out is a counterfactual proof of the cause, its line, and the repair in the user's own code. A
mistake that was made several times is put right in all of its places.
"""

from __future__ import annotations

import ast
import inspect
import types
from collections.abc import Iterator
from dataclasses import dataclass

from ..allowance import Allowance
from ..case import Case, Line
from .edited import Edited, editable
from .edits import FEW, MANY, Edit, Pool, Proposing, edits, in_words
from .mentioned import mentioned
from .reach import reached
from .together import Kinds, note, together

SECONDS = 1.5
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
        best = nearby(case, seconds)
        if best is not None and set(best.healed) == set(case.doubtful):
            return best
    allowance = Allowance(seconds)
    searches = list(_searches(case, at, allowance, seconds * SHARE))
    for families in (FEW, MANY):  # a function of many lines does not take the others' turn
        for search in searches:
            best = search.best(best, families)
            if best is not None and set(best.healed) == set(case.doubtful):
                return best
    for search in searches:
        best = search.of_one_kind(best)
        if best is not None and set(best.healed) == set(case.doubtful):
            break
    return best


def nearby(case: Case, seconds: float) -> Repair | None:
    """An edit of a statement that may be the first wrong one; looked for once."""
    if "nearby" not in case.kept:
        case.kept["nearby"] = repairs(case, case.suspects, seconds)
    kept: Repair | None = case.kept["nearby"]
    return kept


def _searches(
    case: Case, at: list[Line] | None, allowance: Allowance, seconds_together: float
) -> Iterator[_Search]:
    """One for each function that may be edited."""
    pool = mentioned(case)
    for function in _functions(case):
        lines = None if at is None else [line for file, line in at if file == function.__code__.co_filename]
        tree = None if lines == [] else editable(function)
        inside = tree is not None and (lines is None or any(_has(tree, line) for line in lines))
        if tree is not None and inside:
            yield _Search(Edited(case, function, tree), pool, lines, allowance, seconds_together, {})


@dataclass
class _Search:
    """The edits of one function: those of its lines, if they are given."""

    edited: Edited
    pool: Pool
    lines: list[int] | None
    allowance: Allowance
    seconds_together: float
    tried: Kinds

    def best(self, best: Repair | None, families: tuple[Proposing, ...]) -> Repair | None:
        """The best repair of this function, if it is better than what there is."""
        edited, wrong = self.edited, set(self.edited.case.doubtful)
        for edit in edits(edited.tree, self.pool, self.lines, families):
            if self.allowance.spent():
                break
            note(self.tried, edit)
            healed = edited.healed()
            if len(healed) <= len(best.healed if best else []) or not edited.again(healed):
                continue
            best = _repair(edited, [edit], healed)
            if set(healed) == wrong:
                return best
            # the same mistake in further lines: with all of them put right, more may be
            same: Kinds = {}
            for other in edits(edited.tree, self.pool, families=(edit.family,)):
                if other.kind == edit.kind and other.edited is not edit.edited:
                    note(same, other)
            found = together(edited, same, healed, Allowance(self.seconds_together))
            if found is not None:
                best = _repair(edited, [edit, *found[0]], found[1])
                if set(best.healed) == wrong:
                    return best
        return best

    def of_one_kind(self, best: Repair | None) -> Repair | None:
        """Edits that heal only if one kind is made in several places at once."""
        healed = best.healed if best else []
        found = together(self.edited, self.tried, healed, Allowance(self.seconds_together), least=2)
        return best if found is None else _repair(self.edited, *found)


def _has(function: ast.FunctionDef, line: int) -> bool:
    return function.lineno <= line <= (function.end_lineno or 0)


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
