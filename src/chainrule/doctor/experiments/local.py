"""One step of the chain rule, seen from outside: from the gradient g of what comes out to the gradient a of
what goes in, with the numerical Jacobian J between the two. The right answer is J.T g.

The same questions are asked of a whole layer (J from its input to its output) and of a single line inside of
one (J from one intermediate to the next).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from ..case import close
from .counts import ratio
from .step import Step, Verdict
from .windows import copies, in_time, windows

NEARLY = 0.02  # what a norm's eps may change in its scale


def explain(step: Step) -> Iterator[Verdict]:
    """Every structural cause that predicts `a` from J and g, or n from a."""
    if step.a.shape != step.x.shape or not np.all(np.isfinite(step.a)) or not np.any(step.a):
        return
    for hypothesis in (_diagonal, _elementwise, _statistics, in_time, windows, copies):
        yield from hypothesis(step)


def transposed(step: Step) -> Iterator[Verdict]:
    """J g, where J.T g is meant: a rotation that is done once more instead of undone, x @ W for dy @ W.T."""
    if step.x.size != step.y.size or step.x.size < 3 or step.is_parameter or close(step.a, step.n):
        return
    if not close(step.a.ravel(), step.jacobian @ step.g):
        return
    if _has_a_scale(step.jacobian):
        yield (
            "norm-scale-dropped",
            {},
            "the step is a symmetric one times a scale, and the scale is multiplied behind it, too; backward "
            "needs it before the means, on the gradient that arrives",
        )
    else:
        yield (
            "transpose-missing",
            {},
            "it is the Jacobian of forward's step times what arrives, J g; backward needs the transpose, "
            "J.T g (of a rotation: the opposite angle)",
        )


def _has_a_scale(jacobian: np.ndarray) -> bool:
    """Whether J is diag(s) times a symmetric matrix, as a norm's with its gain is, and s is no constant."""
    s = np.ones(len(jacobian))
    for group in _groups(jacobian):
        part = jacobian[np.ix_(group, group)]
        first = int(np.argmax(np.abs(part).min(1)))
        if not np.all(part[first]) or not np.all(part[:, first]):
            return False
        s[group] = part[:, first] / part[first]
    symmetric = jacobian / s[:, None]
    return close(symmetric, symmetric.T) and float(np.ptp(np.abs(s))) > 1e-6


def _diagonal(step: Step) -> Iterator[Verdict]:
    """Only the diagonal of the Jacobian was used; or, of a softmax, only its first term."""
    if step.x.size != step.y.size or step.x.size < 3 or step.is_parameter:
        return
    diagonal = np.diag(step.jacobian)
    rest = step.jacobian - np.diag(diagonal)
    if np.abs(rest).max() < 1e-6 * np.abs(diagonal).max():
        return
    if _causal(rest):
        return  # what is left out comes from later steps: that is time, and no softmax
    if close(step.a.ravel(), diagonal * step.g):
        yield (
            "softmax-diagonal-only",
            {"off-diagonal, largest": float(np.abs(rest).max())},
            "the gradient equals the diagonal of the Jacobian times the gradient from above; the "
            f"off-diagonal entries, up to {np.abs(rest).max():.3g}, are left out",
        )
    elif _is_softmax(step, diagonal) and close(step.a.ravel(), step.y.ravel() * step.g):
        yield (
            "softmax-diagonal-only",
            {"off-diagonal, largest": float(np.abs(rest).max())},
            "the gradient equals p times the gradient from above; the sum of p dp, which is subtracted "
            "from it because what one wins the others lose, is left out",
        )


def _is_softmax(step: Step, diagonal: np.ndarray) -> bool:
    """Positive, with the slopes p (1 - p), and nothing changes in sum."""
    p = step.y.ravel()
    return bool(p.min() >= 0) and close(diagonal, p * (1 - p)) and close(step.jacobian.sum(0), 0 * p, 1.0)


def _causal(rest: np.ndarray) -> bool:
    tiny = 1e-9 * np.abs(rest).max()
    return bool(np.abs(np.triu(rest, 1)).max() < tiny or np.abs(np.tril(rest, -1)).max() < tiny)


def is_elementwise(step: Step) -> bool:
    if step.x.size != step.y.size:
        return False
    diagonal = np.diag(step.jacobian)
    return float(np.abs(step.jacobian - np.diag(diagonal)).max(initial=0)) < 1e-6 * max(
        float(np.abs(diagonal).max(initial=0)), 1e-12
    )


def is_mask(step: Step) -> bool:
    """Whether numbers are let through or not, and not by their own sign (as in a ReLU)."""
    slope = np.diag(step.jacobian)
    return bool(np.all(np.minimum(np.abs(slope), np.abs(slope - 1)) < 1e-6)) and not np.array_equal(
        slope > 0.5, step.x.ravel() > 0
    )


def kept_scale(step: Step) -> float | None:
    """The number by which all that is let through is multiplied, if nothing else is, and it is not 1."""
    slope = np.diag(step.jacobian)
    c = float(slope.max())
    if c <= 0 or abs(c - 1) < 1e-6 or not np.all(np.minimum(np.abs(slope), np.abs(slope - c)) < 1e-6 * c):
        return None
    return None if np.array_equal(slope > 0.5 * c, step.x.ravel() > 0) or slope.min() > 0.5 * c else c


def of_features(step: Step, slope: np.ndarray) -> bool:
    """One factor, not 0, for all numbers of a feature or a channel: those of different samples, too."""
    factors = slope.reshape(step.x.shape)
    for axis in range(1, step.x.ndim):
        others = tuple(i for i in range(step.x.ndim) if i != axis)
        spread = float(np.ptp(factors, others).max())
        if step.x.size > step.x.shape[axis] and spread < 1e-4 * np.abs(slope).max():
            return bool(np.abs(slope).min() > 1e-6)
    return False


def _elementwise(step: Step) -> Iterator[Verdict]:
    if not is_elementwise(step) or step.x.size < 3:
        return
    slope = np.diag(step.jacobian)
    if close(slope, np.full_like(slope, slope.flat[0]), tolerance=1e-6):
        return  # a constant factor: `scaled` speaks of that
    if close(step.a.ravel(), step.g) and of_features(step, slope):
        yield (
            "norm-scale-dropped",
            {"scale, from / to": [float(slope.min()), float(slope.max())]},
            "what arrives is passed on unchanged; the numerical gradient is a constant times it, another one "
            "for each feature: its scale",
        )
    elif close(step.a.ravel(), step.g) and (c := kept_scale(step)) is not None:
        yield (
            "dropout-scale-missing",
            {"scale of what is kept": c},
            f"what forward keeps, it multiplies by {c:.6g}; what arrives is passed on without that factor",
        )
    elif close(step.a.ravel(), step.g):
        yield (
            "activation-derivative-missing",
            {"f'(z), from / to": [float(slope.min()), float(slope.max())]},
            "what arrives is passed on unchanged; the numerical gradient is f'(z) times it, element by "
            "element",
        )


DERIVATIVES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "a * (1 - a)": lambda a: a * (1 - a),
    "1 - a**2": lambda a: 1 - a**2,
    "a > 0": lambda a: (a > 0).astype(float),
    "sigmoid'(a)": lambda a: 0.25 / np.cosh(np.clip(a, -300, 300) / 2) ** 2,
    "tanh'(a)": lambda a: 1 / np.cosh(np.clip(a, -300, 300)) ** 2,
    "1": np.ones_like,
    "1 - tanh(a)": lambda a: 1 - np.tanh(a),
    "a": lambda a: a,
}


# of what stands in front of it, where forward is a function of that alone
OF_INPUT: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "cos(x)": np.cos,
    "-sin(x)": lambda x: -np.sin(x),
    "1 - tanh(x)**2": lambda x: 1 - np.tanh(x) ** 2,
    "sigmoid(x) * (1 - sigmoid(x))": DERIVATIVES["sigmoid'(a)"],
    "exp(x)": np.exp,
    "1 / x": lambda x: 1 / x,
    "2 * x": lambda x: 2 * x,
    "x > 0": lambda x: (x > 0).astype(float),
}


def _statistics(step: Step) -> Iterator[Verdict]:
    """a - n lies in the span of {1, x} within each group of inputs that are normalized together."""
    if step.is_parameter or step.x.size != step.y.size:
        return
    groups = _groups(step.jacobian)
    if not groups or min(map(len, groups)) < 4 or len(groups) < 1:
        return
    x, a, n = step.x.ravel(), step.a.ravel(), step.n.ravel()
    if close(a, n):
        return
    yield from _inner_scale(groups, x, a, n)
    for group in groups:
        basis = np.stack([np.ones(len(group)), x[group]], 1)
        difference = (a - n)[group]
        fit = basis @ np.linalg.lstsq(basis, difference, rcond=None)[0]
        if not close(fit, difference, float(np.abs(n[group]).max()), 1e-6):
            return
    yield (
        "statistics-treated-constant",
        {"groups": len(groups), "values in each": len(groups[0])},
        "what is missing lies, in each normalized group, in the span of {1, x-hat}: the terms that "
        "come from the mean and the variance",
    )


def _inner_scale(groups: list[np.ndarray], x: np.ndarray, a: np.ndarray, n: np.ndarray) -> Iterator[Verdict]:
    """n is a times a constant of each group, the same multiple of 1 / std (or of 1 / rms) in each."""
    factors = [ratio(a[group], n[group]) for group in groups]
    if len(groups) < 2 or any(c is None for c in factors):
        return
    for what, size in (("std", np.std), ("rms", lambda v: np.sqrt(np.mean(v**2)))):
        scales = np.array([c * size(x[group]) for c, group in zip(factors, groups, strict=True) if c])
        if np.ptp(scales) < NEARLY * np.abs(scales).max() < NEARLY * 2 and scales.min() > 1 - NEARLY:
            yield (
                "norm-scale-dropped",
                {"groups": len(groups), f"n / a times {what}": [float(scales.min()), float(scales.max())]},
                f"in each normalized group, the gradient is off by one factor, which is 1 / {what} of the "
                "group: the scale of the norm is left out",
            )
            return


def _groups(jacobian: np.ndarray) -> list[np.ndarray]:
    """Sets of inputs that share outputs: the connected components of the Jacobian's pattern."""
    pattern = np.abs(jacobian) > 1e-7 * np.abs(jacobian).max(initial=1e-300)
    together = (pattern.T.astype(float) @ pattern.astype(float)) > 0
    left = set(range(jacobian.shape[1]))
    groups = []
    while left:
        group = np.zeros(jacobian.shape[1], bool)
        group[min(left)] = True
        while True:
            wider = group | together[group].any(0)
            if np.array_equal(wider, group):
                break
            group = wider
        groups.append(np.flatnonzero(group))
        left -= set(groups[-1])
    return groups
