"""Section A: does backward keep its contract, whatever it computes?

Each experiment changes one thing (the gradient from above, the learning rate, the random state, the number of
calls) and predicts what a sound backward would give.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..calling import positional
from ..case import TINY_RATE, Case, close
from ..errors import SubjectError
from ..objects import stored_attributes
from ..report import Finding
from ..source.changes import early_update, mutation
from ..source.missing import missing
from ..source.read import source_tree
from ..structure import as_structure, leaves
from .accumulation import accumulation
from .caches import stale_caches
from .linearity import linearity
from .mutating_helpers import mutating_helpers
from .overwritten import overwritten
from .promised import promised
from .rate_ignored import rate_ignored
from .undone import undone
from .unwritten import unwritten


def contract(case: Case) -> Iterator[Finding]:
    """All experiments of section A that concern one layer alone."""
    yield from early_updates(case)
    yield from rate_ignored(case)
    yield from mutations(case)
    yield from mutating_helpers(case)
    unfilled = list(unwritten(case))
    yield from unfilled
    if unfilled:  # then what differs from run to run is no state and no draw
        return
    if not case.probe.subject.is_loss:
        yield from linearity(case)
    adding = list(accumulation(case))
    yield from adding
    stale = [] if adding else list(stale_caches(case))
    yield from stale or redrawn_masks(case)
    yield from never_computed(case)
    yield from promised(case)


def early_updates(case: Case) -> Iterator[Finding]:
    """The gradients are right as the learning rate goes to 0, and wrong by the effect of the update else."""
    assert case.run is not None
    if not case.run.updated or not case.doubtful:
        return
    slow = case.again(rate=TINY_RATE)
    healed = case.repaired(slow)
    if not healed:
        healed = case.repaired(_compensated(case))
    if healed:
        half = case.again(rate=case.probe.rate / 2) or {}
        ratio = _error(case, half, healed[0]) / max(_error(case, case.run.gradients, healed[0]), 1e-300)
        yield case.finding(
            "updates-weights-early",
            healed,
            verified=True,
            place=early_update(case, healed),
            evidence={"updated in backward": case.run.updated, "error at half the learning rate": ratio},
            detail=f"backward changes {', '.join(case.run.updated)}; with a learning rate near 0 the "
            "gradient of "
            f"{', '.join(healed)} is right, at half the rate the error is {ratio:.2f} times as large",
        )


def _compensated(case: Case) -> dict[str, Any] | None:
    """A fixed learning rate: start backward from weights which its own update turns into the right ones."""
    probe = case.probe
    after: dict[str, np.ndarray] = {}

    def note(_: Any, __: Any) -> None:
        return None

    try:
        probe.run(between=note)
    except SubjectError:
        return None
    for parameter in probe.subject.parameters:
        after[parameter.name] = np.array(parameter.place.get(), dtype=float)
    before = {name: probe.value(name) for name in after}

    def shift(_: Any, __: Any) -> None:
        for parameter in probe.subject.parameters:
            parameter.place.set(2 * before[parameter.name] - after[parameter.name])

    return case.again(between=shift)


def _error(case: Case, gradients: dict[str, Any], name: str) -> float:
    a = gradients.get(name)
    return (
        float(np.max(np.abs(a - case.n(name))))
        if isinstance(a, np.ndarray) and a.shape == case.n(name).shape
        else np.nan
    )


def mutations(case: Case) -> Iterator[Finding]:
    """Nothing that forward or backward was handed may be another after it."""
    assert case.run is not None
    if case.run.changed:
        what = [
            "the upstream gradient" if n == "upstream" else "the cache" if n == "cache" else f"the input {n}"
            for n in case.run.changed
        ]
        yield _mutated(case, case.run.changed, " and ".join(what), "backward_function")
    elif case.run.changed_by_forward and not _says_in_place(case):
        what = [f"the input {n}" for n in case.run.changed_by_forward]
        yield _mutated(case, case.run.changed_by_forward, " and ".join(what), "forward_function")


def _mutated(case: Case, names: list[str], what: str, which: str) -> Finding:
    function = getattr(case.probe.subject, which)
    place = mutation(case, function)
    detail = f"after {getattr(function, '__name__', 'the call')}, {what} held other numbers than before"
    better = undone(case, place, which)
    more: dict[str, Any] = {"fix": better.diff} if better is not None else {}
    healed = better.healed if better is not None else []
    if healed:
        detail += f"; written into a copy, it does no harm: the gradient of {', '.join(healed[:6])} is right"
    return case.finding(
        "mutates-upstream",
        list(dict.fromkeys([*names, *healed])),
        function=function,
        verified=True,
        place=place,
        evidence={"changed in place": names},
        detail=detail,
        **more,
    )


def _says_in_place(case: Case) -> bool:
    """A switch such as PyTorch's `inplace=True`, and it is on."""
    subject = case.probe.subject
    settings = {q.name: q.default for q in positional(subject.forward_function)} | subject.kwargs
    settings |= stored_attributes(subject.owner) if subject.owner is not None else {}
    return any(
        value is True and re.search(r"in_?place|overwrite", name, re.I) for name, value in settings.items()
    )


def redrawn_masks(case: Case) -> Iterator[Finding]:
    """With the random state put back to what forward saw, is backward right?"""
    if not case.doubtful:
        return
    probe = case.probe

    def rewind_draws(_: Any, __: Any) -> None:
        probe.state.restore_random()
        from ..quiet import rewind

        rewind()

    healed = case.repaired(case.again(between=rewind_draws, draws_as_forward=True))
    if healed:
        yield case.finding(
            "mask-redrawn",
            healed,
            verified=True,
            evidence={"right with forward's random numbers": healed},
            detail="with the random generator put back to where forward began, backward draws the same "
            "mask and is right",
        )
        return
    twice = case.again(backwards=2)
    once = case.run.gradients if case.run else {}
    again = case.again(between=lambda *_: probe.advance_random())
    if again and twice:
        differing = [n for n in case.wrong if not close(again[n], once[n], tolerance=1e-9)]
        if differing:
            yield case.finding(
                "mask-redrawn",
                differing,
                verified=True,
                evidence={"differ between two calls": differing},
                detail="the same forward and the same upstream gradient, with another random state "
                "before backward, give other gradients",
            )


def never_computed(case: Case) -> Iterator[Finding]:
    """Exactly 0 for every upstream, where the numerical gradient is not."""
    rng = np.random.default_rng([13, 8_191])
    h = {n: rng.normal(size=v.shape) for n, v in case.probe.upstream.items()}
    other = (
        case.again(upstream=h) if not case.probe.subject.is_loss else (case.run.gradients if case.run else {})
    )
    if (
        case.run is not None
        and not case.wrong
        and not case.right
        and not case.misshapen
        and not _unwritten(case)
    ):
        due = [n for n in case.probe.names if np.abs(case.n(n)).max(initial=0) > 1e-7]
        unknown = [leaf for _, leaf in leaves(as_structure(case.run.returned)) if np.any(leaf)]
        if due and unknown:
            case.not_tested.append(
                f"backward returns {len(unknown)} arrays, and it could not be told whose gradients they are: "
                "return those of the inputs in their order, those of parameters in a dict under their names"
            )
        elif due:
            yield case.finding(
                "gradient-never-computed",
                due,
                verified=True,
                evidence={"returned": str(case.run.returned)[:60]},
                detail="backward runs, but neither returns nor stores a gradient (it returned "
                f"{str(case.run.returned)[:60]}), and the numerical ones are not 0",
            )
            return
    empty = [
        n
        for n in [*case.wrong, *(n for n in case.misshapen if not case.a(n).shape)]
        if not np.any(case.a(n)) and not np.any((other or {}).get(n, 1)) and np.abs(case.n(n)).max() > 1e-7
    ]
    lost = list(overwritten(case, empty)) if empty else []
    yield from lost
    explained = {n for f in lost for n in f.targets}
    empty = [n for n in empty if n not in explained]
    if empty:
        better = missing(case, empty[0])
        more: dict[str, Any] = {}
        detail = "it is exactly 0 for every gradient from above, where the numerical gradient is not"
        if better is not None:
            detail += f"; with `{better.text}` behind line {better.place[1]} it is right"
            more = {"fix": f"+ {better.text}", "place": better.place}
        yield case.finding(
            "gradient-never-computed",
            empty,
            verified=True,
            evidence={
                n: {"returned": 0.0, "numerical, largest": float(np.abs(case.n(n)).max())} for n in empty
            },
            detail=detail,
            **more,
        )


def _unwritten(case: Case) -> bool:
    """A backward that is not written yet: only a docstring, pass, or a bare return."""
    tree = source_tree(case.probe.subject.backward_function)
    if tree is None:
        return True
    body = [s for s in tree.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    return all(isinstance(s, ast.Pass) or (isinstance(s, ast.Return) and s.value is None) for s in body)
