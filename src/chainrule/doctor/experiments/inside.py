"""The cause at the first wrong statement: what it gives is compared with what it should give, as for a whole
layer: a missing factor, a transpose, only the diagonal ...
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..case import Case, close
from ..report import Finding
from ..source.adjoints import Intermediates
from .algebra import algebra
from .counts import ratio
from .frontier import Frontier, Located, located
from .local import DERIVATIVES, explain, is_elementwise, is_mask, kept_scale, of_features, transposed
from .scales import is_score_scale
from .step import Step
from .structure import whole_numbers


def inside_at_once(case: Case) -> Iterator[Finding]:
    """Only where names and a few slopes lead to the statement."""
    yield from _named(case, located(case, at_once=True))


def inside(case: Case) -> Iterator[Finding]:
    """Where a longer search does."""
    if "located" not in case.kept:
        yield from _named(case, located(case))


def _named(case: Case, found: Located | None) -> Iterator[Finding]:
    if found is None:
        return
    forward, frontier, lines = found
    with forward.running():
        yield from name(case, forward, frontier, lines)


class InnerCase:
    """A case for one intermediate: the algebra of whole gradients, asked of one line."""

    def __init__(self, case: Case, label: str, a: np.ndarray, n: np.ndarray, value: np.ndarray) -> None:
        self._case, self.label, self._a, self._n, self._value = case, label, a, n, value
        self.wrong = self.doubtful = [label]
        self.misshapen: list[str] = []
        self.probe = _InnerProbe(case.probe, value)
        self.numeric = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._case, name)

    def a(self, _: str) -> np.ndarray:
        return self._a

    def n(self, _: str) -> np.ndarray:
        return self._n

    def smooth(self, _: str) -> np.ndarray:
        return np.ones(self._n.shape, bool)

    def same(self, a: Any, b: Any) -> bool:
        return close(a, b, 0.0, 2e-5)

    def explains(self, _: str, prediction: Any) -> bool:
        return np.shape(prediction) == self._n.shape and close(prediction, self._n, 0.0, 2e-5)


class _InnerProbe:
    def __init__(self, probe: Any, value: np.ndarray) -> None:
        self._probe, self._value = probe, value

    def __getattr__(self, name: str) -> Any:
        return getattr(self._probe, name)

    def is_parameter(self, _: str) -> bool:
        return False

    def value(self, _: str) -> np.ndarray:
        return self._value


def name(case: Case, forward: Intermediates, frontier: Frontier, lines: list[str]) -> Iterator[Finding]:
    """The cause at the first wrong statement."""
    site, source = frontier.moment.site, forward.site(frontier.key)
    label = source.text if site.kind == "return" else site.text
    found: list[tuple[str, dict[str, Any], str]] = []
    ways = list(_steps(case, forward, frontier, label))
    steps = [step for _, step in ways]
    for key, step in ways:
        found += explain(step)
        found += transposed(step)
        found += _derivative(step, forward, frontier) or _slope_elsewhere(step, forward, frontier, key)
    inner: Any = InnerCase(case, label, frontier.a, frontier.n, forward.values[frontier.key])
    c = ratio(frontier.a, frontier.n)
    if c is not None and c > 0 and _scales_scores(c, forward):
        found.append(
            (
                "attention-scale-missing",
                {"n / a": c},
                f"it is off by {c:.6g} = {_root_of(case, forward, c)}, the factor by which forward scales "
                "the scores",
            )
        )
    if not found:
        found += [
            (f.code, f.evidence, f.detail)
            for f in algebra(inner)
            if f.verified or f.code != "mean-sum-mismatch"
        ]
    if not found and c is None and steps and any(_is_activation(s) for s in steps[:1]):
        yield _inner_finding(
            case,
            "activation-derivative-misplaced",
            frontier,
            lines,
            {},
            "the step is element by element, and its factor is not the activation's derivative there",
            False,
        )
        return
    if not found:
        yield _inner_finding(
            case, "gradient-mismatch", frontier, lines, {}, "this is where the gradient goes wrong", False
        )
        return
    for code, evidence, proof in found[:2]:
        yield _inner_finding(case, code, frontier, lines, evidence, proof, True)


def _inner_finding(
    case: Case,
    code: str,
    frontier: Frontier,
    lines: list[str],
    evidence: dict[str, Any],
    proof: str,
    verified: bool,
) -> Finding:
    site = frontier.moment.site
    what = (
        f"`{site.text}` in line {site.made_at}: {proof}. With it overruled by the numerical "
        f"gradient, {', '.join(frontier.healed[:6])} {'is' if len(frontier.healed) == 1 else 'are'} right"
    )
    finding = case.finding(
        code,
        frontier.healed,
        verified=verified,
        evidence=evidence,
        detail=what,
        line=site.made_at,
        file=site.file,
        trail=lines,
    )
    return finding


def _constant(slope: np.ndarray) -> bool:
    return close(slope, np.full_like(slope, slope.flat[0]), tolerance=1e-6)


def _steps(
    case: Case, forward: Intermediates, frontier: Frontier, label: str
) -> Iterator[tuple[tuple[int, int], Step]]:
    """From the intermediate to the values computed from it next, with right gradients; and where they are."""
    start = forward.order.index(frontier.key)
    met = [forward.values[frontier.key]]  # a value that goes on under another name is no step
    for key in forward.order[start + 1 :]:
        site = forward.site(key)
        made = site.kind in ("assign", "call", "return", "arg", "product") or site.stored is not None
        value = forward.values[key]
        if not made or key[0] == frontier.key[0] or any(np.array_equal(value, v) for v in met):
            continue
        j = forward.jacobian(frontier.key, key)
        g = forward.adjoint(key) if j is not None and np.abs(j).max(initial=0) > 1e-9 else None
        if j is None or g is None:
            continue
        x, y = forward.values[frontier.key], forward.values[key]
        step = Step(label, j, g.ravel(), frontier.a, x, y, ids=whole_numbers(case))
        if close(step.n, frontier.n, 0.0, 1e-4):  # all of its influence goes that way
            yield key, step
            met.append(value)
            if len(met) > 4:
                return


def _derivative(
    step: Step, forward: Intermediates, frontier: Frontier
) -> list[tuple[str, dict[str, Any], str]]:
    """The derivative of the activation, at the wrong place: a / g is a known derivative of another value."""
    factor, good = _factor(step)
    if not good.any():
        return []
    if close(factor[good], np.ones(int(good.sum()))) and kept_scale(step) is None:
        proof = "what arrives is passed on unchanged, without the activation's derivative"
        return [("activation-derivative-missing", {"factor used": 1.0}, proof)]
    for what, value in _as_large(step, forward).items():
        for formula, f in DERIVATIVES.items():
            if (
                formula != "1"
                and not _constant(f(value.ravel())[good])
                and close(f(value.ravel())[good], factor[good], tolerance=1e-6)
            ):
                proof = (
                    f"the factor is {formula} with a = `{what}`, and not the activation's derivative "
                    "at this place"
                )
                return [("activation-derivative-misplaced", {"factor used": formula, "a": what}, proof)]
    return []


def _slope_elsewhere(
    step: Step, forward: Intermediates, frontier: Frontier, watch: tuple[int, int]
) -> list[tuple[str, dict[str, Any], str]]:
    """The slope of this very activation, whichever it is, numerically, at other values of the program."""
    factor, good = _factor(step)
    if not good.any():
        return []
    for what, value in _as_large(step, forward).items():
        slope = forward.slope_at(frontier.key, value.reshape(step.x.shape), watch)
        if slope is None or slope.size != factor.size or _constant(slope.ravel()[good]):
            continue
        if close(slope.ravel()[good], factor[good], tolerance=1e-5):
            proof = (
                f"the factor is the activation's derivative at `{what}`; what goes into it here is "
                f"`{forward.site(frontier.key).text}`"
            )
            return [("activation-derivative-misplaced", {"derivative at": what}, proof)]
    return []


def _is_activation(step: Step) -> bool:
    """Element by element, with a slope that varies, and is neither a mask nor a scale."""
    slope = np.diag(step.jacobian)
    return is_elementwise(step) and not (_constant(slope) or is_mask(step) or of_features(step, slope))


def _factor(step: Step) -> tuple[np.ndarray, np.ndarray]:
    """What the gradient was multiplied with, and where that can be told: nowhere if this is no activation."""
    if not _is_activation(step):
        return np.zeros(0), np.zeros(0, bool)
    with np.errstate(all="ignore"):
        factor = step.a.ravel() / step.g
    if ratio(step.a, step.n) is not None:
        return factor, np.zeros(0, bool)  # the right derivative, times a constant
    return factor, np.isfinite(factor) & (np.abs(step.g) > 1e-9)


def _as_large(step: Step, forward: Intermediates) -> dict[str, np.ndarray]:
    """The program's values of this size, by what they are called: variables first, then expressions."""
    found = {
        forward.site(k).text + (f" of execution {k[1]}" if k[1] else ""): forward.values[k]
        for k in forward.order
        if forward.values[k].size == step.a.size
    }
    return dict(sorted(found.items(), key=lambda item: "(" in item[0] or " " in item[0]))


def _root_of(case: Case, forward: Intermediates, c: float) -> str:
    square = c * c if c > 1 else 1 / (c * c)
    return f"sqrt({square:.0f})" if c > 1 else f"1 / sqrt({square:.0f})"


def _scales_scores(c: float, forward: Intermediates) -> bool:
    """The same as of a whole layer, with the lengths of all intermediates."""
    lengths = {n for v in forward.values.values() for n in v.shape if n > 1}
    return is_score_scale(c, lengths, " ".join(s.statement for s in forward.taps.sites.values()))


__all__ = ["inside", "inside_at_once"]
