"""gradient-explodes, gradient-vanishes: gradients that change by one factor from layer to layer, or from time
step to time step.

Backward quantities are told from forward ones by an experiment: one training step is watched twice, line by
line, the second time with other targets; only what changed belongs to backward. What one line makes again and
again there (a loop over layers or time), what is numbered (dz3, dz2, dz1), and what is handed from layer to
layer is a chain; its norms are fitted by a * r^k.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ...recorder import Recording
from ...report import Finding
from ..batches import arrays_of, converted
from ..moments import Moment, watch
from ..stages import paths_of
from ..study import Study

SHORTEST = 4
GROWTH, EXPLODES = 1.3, 50.0  # per link, and over the whole chain
SHRINK, VANISHES = 0.5, 1e-3
FIT = 0.85  # the share of the variance of the logarithm that r^k explains


@dataclass(frozen=True)
class Chain:
    """Norms in the order of backward. rate: the factor per link; total: last over first."""

    name: str
    norms: np.ndarray
    rate: float
    fit: float
    file: str = ""
    line: int = 0
    where: str = ""

    @property
    def total(self) -> float:
        return float(self.norms[-1] / self.norms[0])


def chains(study: Study) -> list[Finding]:
    study.trainee.restore()
    found = backward_chains(study)
    study.trainee.restore()
    exploding = [c for c in found if c.rate > GROWTH and c.total > EXPLODES and c.fit > FIT]
    vanishing = [c for c in found if c.rate < SHRINK and c.total < VANISHES and c.fit > FIT]
    radii = spectral_radii(study)
    if exploding:
        chain = max(exploding, key=lambda c: c.total)
        return [_finding(study, "gradient-explodes", chain, radii)]
    if vanishing and _is_felt(study):
        chain = min(vanishing, key=lambda c: c.total)
        return [_finding(study, "gradient-vanishes", chain, radii)]
    return []


def _finding(study: Study, code: str, chain: Chain, radii: dict[str, float]) -> Finding:
    verb = "grows" if code == "gradient-explodes" else "shrinks"
    recurrent = {n: r for n, r in radii.items() if (r > 1) == (code == "gradient-explodes")}
    words = f"{chain.name}: the norm {verb} by {chain.rate:.3g} per link, "
    words += f"over {len(chain.norms)} links by {chain.total:.2g}"
    if recurrent:
        words += "; spectral radius " + ", ".join(f"{n} {r:.3g}" for n, r in list(recurrent.items())[:3])
    return study.finding(
        code,
        list(recurrent)[:1],
        verified=True,
        where=chain.where,
        detail=words,
        evidence={
            "r": chain.rate,
            "links": len(chain.norms),
            "total": chain.total,
            "norms": [float(f"{n:.4g}") for n in chain.norms],
            **{f"spectral radius of {n}": r for n, r in recurrent.items()},
        },
        **({"file": chain.file, "line": chain.line} if chain.file else {}),
    )


def _is_felt(study: Study) -> bool:
    """Does training suffer? A gradient that fades on a path that nobody needs is no fault."""
    course = study.course
    accuracy = study.accuracy(study.last_output)
    labels = study.labels
    if labels is not None and accuracy is not None:
        return accuracy < 0.9 and accuracy < float(labels.shares.max()) + 0.5 * (
            1 - float(labels.shares.max())
        )
    return course.fall() < 0.5


# ------------------------------------------------------------ finding chains


def backward_chains(study: Study) -> list[Chain]:
    trainee = study.trainee
    batch = study.few
    paths = paths_of(trainee.subject)
    runs = []
    for target in (batch[1], _other_targets(batch[1])):
        trainee.restore()
        with Recording(trainee.subject, copy=True) as recording:
            result = trainee.try_(watch, partial(trainee.step, batch[0], target), paths)
        if isinstance(result, Exception):
            return []
        runs.append((result[1], recording.calls))
    moments = _changed(_new_ones(runs[0][0], study), runs[1][0])
    groups: dict[Any, list[tuple[float, Moment]]] = defaultdict(list)
    for moment in moments:
        size = float(np.linalg.norm(moment.value))
        groups[moment.spot].append((size, moment))
        if re.search(r"\d", moment.name):
            groups[re.sub(r"\d+", "#", moment.name), moment.file, 0].append((size, moment))
    found = []
    for (name, file, line), members in groups.items():
        values = _once_each(members) if line == 0 else members
        chain = fit_chain(
            name, [size for size, _ in values], file, line or values[0][1].line, values[0][1].owner
        )
        if chain is not None:
            found.append(chain)
    return found + _layer_chains(runs[0][1])


def _new_ones(moments: list[Moment], study: Study) -> list[Moment]:
    """Without new names for old arrays, and without what has the shape of a weight (its gradient, the
    optimizer's memory): a loop that updates may run in another order than backward.
    """
    shapes = {_plain(w.get()) for w in (*study.trainee.weights, *study.trainee.unmoved)}
    kept: list[Moment] = []
    met: dict[tuple[Any, str], list[np.ndarray]] = defaultdict(list)
    for moment in moments:
        if moment.value.dtype.kind != "f" or moment.value.ndim < 2 or _plain(moment.value) in shapes:
            continue
        key = moment.value.shape, str(moment.value.sum())
        if any(np.array_equal(moment.value, old) for old in met[key]):
            continue
        met[key].append(moment.value)
        kept.append(moment)
    return kept


def _plain(array: np.ndarray) -> tuple[int, ...]:
    return tuple(sorted(n for n in np.shape(array) if n > 1))


def _once_each(members: list[tuple[float, Moment]]) -> list[tuple[float, Moment]]:
    """Of numbered variables, the last value of each."""
    last: dict[str, tuple[float, Moment]] = {}
    for size, moment in members:
        last[moment.name] = size, moment
    return list(last.values())


def _changed(one: list[Moment], two: list[Moment]) -> list[Moment]:
    """The moments whose arrays differ between two runs; matched by line and by how often it was met."""
    twins: dict[Any, list[Moment]] = defaultdict(list)
    for moment in two:
        twins[moment.spot].append(moment)
    met: dict[Any, int] = defaultdict(int)
    found = []
    for moment in one:
        number = met[moment.spot]
        met[moment.spot] += 1
        others = twins[moment.spot]
        if number >= len(others) or moment.value.dtype.kind != "f":
            continue
        other = others[number].value
        if other.shape == moment.value.shape and not np.array_equal(other, moment.value, equal_nan=True):
            found.append(moment)
    return found


def _layer_chains(calls: list[Any]) -> list[Chain]:
    """What is handed from layer to layer."""
    by_depth: dict[tuple[int, Any], list[Any]] = defaultdict(list)
    for call in calls:
        if call.phase == "backward" and call.path and call.error is None:
            by_depth[call.depth, call.parent].append(call)
    found = []
    for members in by_depth.values():
        arrays = [next((a for a in arrays_of(call.inputs) if a.dtype.kind == "f"), None) for call in members]
        norms = [float(np.linalg.norm(a)) for a in arrays if a is not None]
        chain = fit_chain(
            "what arrives at " + ", ".join(c.path for c in members[-3:]), norms, where=members[-1].path
        )
        if chain is not None:
            found.append(chain)
    return found


def fit_chain(name: str, norms: list[float], file: str = "", line: int = 0, where: str = "") -> Chain | None:
    """The chain of these norms, None where it is too short. Leading zeros (an empty carry) are left out."""
    values = np.array(norms)
    if len(values) and not np.all(np.isfinite(values)):
        values = values[: int(np.argmin(np.isfinite(values)))]
    while len(values) and values[0] == 0:
        values = values[1:]
    if len(values) and np.any(values == 0):
        values = values[: int(np.argmax(values == 0))]
    if len(values) < SHORTEST:
        return None
    logs = np.log(values)
    k = np.arange(len(values))
    slope, start = np.polyfit(k, logs, 1)
    spread = float(np.var(logs))
    fit = 1 - float(np.var(logs - start - slope * k)) / spread if spread else 0.0
    return Chain(name, values, float(np.exp(slope)), fit, file, line, where)


def _other_targets(target: Any) -> Any:
    def rolled(array: np.ndarray) -> np.ndarray:
        for shift in range(1, max(2, len(array))):
            moved = np.roll(array, shift, axis=0)
            if not np.array_equal(moved, array):
                return moved
        if array.dtype.kind in "iu":
            return np.where(array > array.min(), array.min(), array) if array.max() > array.min() else array
        return array * 1.5 + 0.1 if array.dtype.kind == "f" else array

    return converted(target, rolled)


def spectral_radii(study: Study) -> dict[str, float]:
    """Of square weights: the largest absolute eigenvalue."""
    found = {}
    for weight in study.trainee.weights:
        value = study.course.start[weight.name]
        if value.ndim == 2 and value.shape[0] == value.shape[1] > 1 and np.all(np.isfinite(value)):
            found[weight.name] = float(np.abs(np.linalg.eigvals(value)).max())
    return found
