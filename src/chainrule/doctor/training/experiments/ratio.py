"""update-ratio-off: steps far too small or too large for the weights; control: another learning rate."""

from __future__ import annotations

import numpy as np

from ...report import Finding
from ..study import Study

SMALL, LARGE = 2e-6, 0.1


def ratio(study: Study) -> list[Finding]:
    """The median over the second half of the run, of weights that are no biases."""
    trainee, course = study.trainee, study.course
    medians = {}
    for weight in trainee.weights:
        value = course.start[weight.name]
        late = [r for r in course.ratios[weight.name][len(course.losses) // 2 :] if np.isfinite(r)]
        if not np.any(value):  # against the size that Glorot's rule would have given it
            usual = np.sqrt(2 * value.size / max(sum(value.shape[:2]), 1))
            late = [c / usual for c in course.changes[weight.name][len(course.losses) // 2 :]]
            late = late if late and max(late) < SMALL else []
        if late and (value.ndim >= 2 or (value.size > 1 and len(trainee.weights) <= 2)):
            medians[weight.name] = float(np.median(late))
    if not medians:
        return []
    typical = float(np.median(list(medians.values())))
    leap = typical <= LARGE and _leaps(study, list(medians))
    if leap:
        medians = {n: float(np.nanmax(course.ratios[n][:3])) for n in medians}
        typical = float(np.median(list(medians.values())))
    largest = max(medians.values())
    if SMALL <= typical <= LARGE:
        return []
    # towards 1e-3; steps of nothing at all are another fault
    wanted = (1e-3, 1e-2, 1e-4) if typical < SMALL else (0.05, 0.01, 1e-3)
    factors = [float(np.clip(size / max(typical, 1e-15), 1e-4, 1e12)) for size in wanted]
    if not trainee.can_change_rate or not trainee.rate:
        if 1e-8 < typical < 0.5:
            study.not_tested.append(
                f"steps are {typical:.2g} of the weights; no learning rate was found to try another"
            )
            return []
        return [_finding(study, medians, typical, largest, "", False)]
    if typical < SMALL and _warms_up(course.changes[next(iter(medians))]):
        return []
    better = None
    for scale in factors:
        other, _ = study.again(rate=trainee.rate * scale)
        if other.finite and _much_better(course.first_loss, course.mean_loss(), other.mean_loss(), leap):
            better = scale, other.mean_loss()
            break
    if better is None:
        return []
    words = (
        f"with {better[0]:.2g} times the learning rate the loss goes from {course.first_loss:.4g} "
        f"to {better[1]:.4g} in "
        f"as many steps, with this one to {course.mean_loss():.4g}"
    )
    return [_finding(study, medians, typical, largest, words, True)]


def _leaps(study: Study, names: list[str]) -> bool:
    """The first steps are as large as the weights, and the loss leaps up."""
    course = study.course
    first = [max((r for r in course.ratios[n][:3] if np.isfinite(r)), default=0.0) for n in names]
    return float(np.median(first)) > 0.5 and max(course.losses[1:6], default=0.0) > 1.3 * abs(
        course.first_loss
    )


def _finding(
    study: Study, medians: dict[str, float], typical: float, largest: float, words: str, verified: bool
) -> Finding:
    return study.finding(
        "update-ratio-off",
        list(medians),
        verified=verified,
        evidence={
            "median of |step| / |weight|": typical,
            "largest": largest,
            "learning rate": study.trainee.rate,
            **medians,
        },
        detail=f"|step| / |weight| is {typical:.2g} (near 1e-3 is usual)" + (f"; {words}" if words else ""),
    )


def _much_better(first: float, now: float, other: float, leap: bool) -> bool:
    """At least a tenth of the first loss lower; after a leap, clearly lower."""
    if not np.isfinite(other) or not np.isfinite(now):
        return bool(np.isfinite(other))
    return now - other > 0.1 * abs(first) or (leap and other < 0.6 * now)


def _warms_up(ratios: list[float]) -> bool:
    """Steps that grow steadily: a schedule that begins small."""
    known = [r for r in ratios if np.isfinite(r)]
    return len(known) > 4 and known[-1] > 1.4 * known[len(known) // 2] > 0
