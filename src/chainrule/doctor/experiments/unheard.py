"""A part of backward that does not hear of the gradient from above: a factor that carries it was left out.

backward(0) is not 0 then, as with a constant that was added; but what is missing beside it is missing for
every g. The two are told apart so: a(g) - a(0), which is linear in g, is right where a constant was added,
and wrong where a path lost its g. The proof is an edit: a statement times a value of backward that depends
on g, and every gradient is right.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from ..allowance import Allowance
from ..case import Case, close
from ..probe import Arrays
from ..report import Finding
from ..source.adjoints import BackwardTrace
from ..source.edited import Edited, editable
from ..source.edits import Edit, Pool, edits
from ..source.edits.syntax import Family, expr
from ..source.reach import reached
from ..source.sites import Site
from ..source.taps import focused
from .frontier import located

SECONDS = 1.5
MOST_HEARING, MOST_OTHERS = 8, 8  # values that one expression is multiplied with


def unheard(case: Case, names: list[str], other: Arrays) -> Finding | None:
    """Of gradients that are an offset and something linear, and wrong without the offset, too. other: another
    gradient from above than the probe's.
    """
    return _by_edit(case, names, other) or _by_overruling(case, names, other)


def _by_edit(case: Case, names: list[str], other: Arrays) -> Finding | None:
    """With a factor that depends on g in one statement, all of these gradients are right."""
    trace = BackwardTrace(case)
    if not trace.available or trace.one_step:
        return None
    allowance = Allowance(SECONDS)
    functions = {
        (f.__code__.co_filename, f.__name__): f
        for f in reached(case.probe.subject.backward_function, case.probe.subject.owner, abroad=True)
    }
    known = _values_of_backward(case, trace, other)
    for twice in (False, True):
        for site in _not_zero(case, trace):
            function = functions.get((site.file, site.function))
            tree = editable(function) if function is not None else None
            if function is None or tree is None:
                continue
            edited = Edited(case, function, tree)
            for edit in _factors(tree, site.line, known[site.file, site.function], twice):
                if allowance.spent():
                    return None
                healed = edited.healed()
                if set(names) <= set(healed) and edited.again(healed):
                    return _found(case, healed, edit, site.file)
    return None


def _found(case: Case, healed: list[str], edit: Edit, file: str) -> Finding:
    return case.finding(
        "ignores-upstream",
        healed,
        verified=True,
        place=(file, edit.line),
        evidence={"edit": edit.what},
        fix=f"- {edit.before}\n+ {edit.after}",
        detail=f"a part of backward is the same whatever arrives: backward(0) is not 0, and without that "
        f"constant the gradient is still wrong. With {edit.what} in line {edit.line}, the gradient of "
        f"{', '.join(healed[:6])} is right",
    )


def _factors(tree: ast.FunctionDef, line: int, known: Known, twice: bool) -> Iterator[Edit]:
    """Every expression of a line without g in it, times one value that depends on g; or times another factor,
    too.
    """
    arguments = [a.arg for a in tree.args.args if a.arg not in known.still]
    depend = [
        *arguments,
        *(text for text, at in known.depend.items() if at <= line and text not in arguments),
    ]
    near = sorted(known.still, key=lambda text: known.still[text] > line)  # those met before this line first
    others = near[:MOST_OTHERS] if twice else [""]

    def factors(node: ast.AST, statement: ast.stmt, pool: Pool) -> Family:
        if _is_still(node, [*known.depend, *arguments]):
            text = ast.unparse(node)
            for g in depend[:MOST_HEARING]:
                for v in others:
                    if v and v != text:
                        yield (
                            "ignores-upstream",
                            f"the factors {g} and {v}",
                            expr(f"({text}) * {g} * {v}", node),
                        )
                    elif not v:
                        yield "ignores-upstream", f"the factor {g}", expr(f"({text}) * {g}", node)

    yield from edits(tree, Pool([], [], [], {}), [line], (factors,))


def _is_still(node: ast.AST, depend: list[str]) -> bool:
    """A value in which nothing stands that depends on g."""
    if not isinstance(node, (ast.BinOp, ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.UnaryOp)):
        return False
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return False
    return not any(ast.unparse(n) in depend for n in ast.walk(node) if isinstance(n, ast.expr))


class Known(NamedTuple):
    """The arrays of one function of backward by their texts, and the first line in which each is met: those
    that depend on g, and those that do not.
    """

    depend: dict[str, int]
    still: dict[str, int]


def _values_of_backward(case: Case, trace: BackwardTrace, other: Arrays) -> dict[tuple[str, str], Known]:
    """By file and function."""
    runs: list[dict[tuple[int, int], np.ndarray]] = []
    for upstream in (case.probe.upstream, other):
        seen: dict[tuple[int, int], np.ndarray] = {}

        def note(site: Site, execution: int, value: Any, seen: Any = seen) -> Any:
            named = site.kind in ("use", "assign") and len(site.text) < 40 and "(" not in site.text
            if named and isinstance(value, np.ndarray) and value.ndim:
                seen[site.id, execution] = value.copy()
            return value

        with trace.running():
            trace.observed(note, upstream)
        runs.append(seen)
    found: dict[tuple[str, str], Known] = {}
    for key, value in runs[0].items():
        site = trace.taps.sites[key[0]]
        known = found.setdefault((site.file, site.function), Known({}, {}))
        moved = key in runs[1] and not np.array_equal(value, runs[1][key])
        (known.depend if moved else known.still).setdefault(site.text, site.line)
    for known in found.values():
        for text in known.depend:
            known.still.pop(text, None)
    return found


def _not_zero(case: Case, trace: BackwardTrace) -> list[Site]:
    """The statements that give something where nothing arrives, in the order in which they run."""
    found: dict[tuple[str, int], Site] = {}

    def note(site: Site, execution: int, value: Any) -> Any:
        if site.kind in ("assign", "return", "augment") and isinstance(value, np.ndarray) and np.any(value):
            found.setdefault((site.file, site.line), site)
        return value

    with trace.running():
        trace.observed(note, {n: np.zeros_like(g) for n, g in case.probe.upstream.items()})
    return list(found.values())


def _by_overruling(case: Case, names: list[str], other: Arrays) -> Finding | None:
    """A statement that is the same for every g, and with the numerical gradient in its place all is right."""
    place = located(case)
    if place is None or not set(names) <= set(place[1].healed):
        return None
    _, frontier, lines = place
    site = frontier.moment.site
    trace = BackwardTrace(case)
    if trace.one_step or not np.any(frontier.a):
        return None
    values: list[np.ndarray] = []

    def note(where: Site, execution: int, value: Any) -> Any:
        if execution == frontier.moment.execution and isinstance(value, np.ndarray):
            values.append(value.copy())
        return value

    with focused({site.id}), trace.running():
        trace.observed(note, other)
    if not values or not close(values[0], frontier.a, tolerance=1e-9):
        return None
    return case.finding(
        "ignores-upstream",
        frontier.healed,
        verified=True,
        place=(site.file, site.made_at),
        trail=lines,
        detail=f"`{site.text}` in line {site.made_at} is the same whatever arrives. With the numerical "
        f"gradient in its place, {', '.join(frontier.healed[:6])} "
        f"{'is' if len(frontier.healed) == 1 else 'are'} right",
    )


__all__ = ["unheard"]
