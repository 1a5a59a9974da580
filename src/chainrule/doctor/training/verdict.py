"""What is a cause and what a consequence: one fault is reported once, independent ones all."""

from __future__ import annotations

from ..catalogue import RANK
from ..report import Finding

# with the first of these proved, the others are what it looks like
_CAUSES: dict[str, frozenset[str]] = {
    "dtype-hazard": frozenset(
        {
            "update-disagrees",
            "parameter-not-updated",
            "rows-not-updated",
            "symmetric-units",
            "gradient-explodes",
            "gradient-vanishes",
            "single-class-collapse",
            "dead-units",
            "initial-loss-off",
            "update-ratio-off",
            "input-unused",
            "labels-misaligned",
        }
    ),
    "adam-bias-correction-wrong": frozenset(
        {"update-disagrees", "update-ratio-off", "dead-units", "single-class-collapse"}
    ),
    "labels-misaligned": frozenset({"single-class-collapse", "gradient-vanishes", "update-ratio-off"}),
    "input-unused": frozenset(
        {"single-class-collapse", "gradient-vanishes", "dead-units", "update-ratio-off", "symmetric-units"}
    ),
    "sign-flipped": frozenset(
        {"single-class-collapse", "dead-units", "update-ratio-off", "update-disagrees"}
    ),
    "update-disagrees": frozenset(
        {
            "parameter-not-updated",
            "single-class-collapse",
            "dead-units",
            "update-ratio-off",
            "gradient-vanishes",
            "rows-not-updated",
        }
    ),
    "parameter-not-updated": frozenset({"single-class-collapse", "gradient-vanishes", "update-ratio-off"}),
    "rows-not-updated": frozenset({"single-class-collapse", "gradient-vanishes", "update-ratio-off"}),
    "symmetric-units": frozenset(
        {"single-class-collapse", "gradient-vanishes", "dead-units", "update-ratio-off", "initial-loss-off"}
    ),
    "gradient-explodes": frozenset(
        {
            "gradient-vanishes",
            "single-class-collapse",
            "dead-units",
            "initial-loss-off",
            "update-ratio-off",
        }
    ),
    "gradient-vanishes": frozenset({"single-class-collapse", "update-ratio-off"}),
    "single-class-collapse": frozenset({"update-ratio-off"}),
    "dead-units": frozenset({"single-class-collapse", "update-ratio-off"}),
    "initial-loss-off": frozenset({"update-ratio-off"}),
}


def verdict(found: list[Finding]) -> list[Finding]:
    """Drops the consequences of what was proved; most certain first, then the most specific."""
    found = _collapse_by_first_weights(_dead_by_biases(_dead_by_rate(found)))
    if any(f.code == "dead-units" for f in found):  # what feeds dead units only is unused
        found = [f for f in found if f.code != "input-unused" or "unused" not in f.evidence]
    kept: list[Finding] = []
    order = {code: i for i, code in enumerate(_CAUSES)}
    for finding in sorted(found, key=lambda f: (not f.verified, order.get(f.code, len(order)))):
        explained = {c for k in kept if k.verified for c in _CAUSES.get(k.code, ())}
        if finding.code not in explained:
            kept.append(finding)
    return sorted(kept, key=lambda f: (not f.verified, RANK[f.code]))


def _dead_by_rate(found: list[Finding]) -> list[Finding]:
    """Units that died of the learning rate and one class for the same reason: the collapse says both."""
    collapsed = next(
        (
            f
            for f in found
            if f.code == "single-class-collapse" and f.evidence.get("cause") == "learning rate"
        ),
        None,
    )
    dead = next((f for f in found if f.code == "dead-units"), None)
    if (
        collapsed is not None
        and dead is not None
        and dead.evidence["dead at the start"] < 0.5 * dead.evidence["dead"]
    ):
        collapsed.detail += f"; {dead.detail}"
        return [f for f in found if f is not dead]
    return found


def _dead_by_biases(found: list[Finding]) -> list[Finding]:
    """Units that the first biases keep at 0, and one class for that reason: the units say both."""
    collapsed = next(
        (f for f in found if f.code == "single-class-collapse" and f.evidence.get("cause") == "biases"), None
    )
    dead = next((f for f in found if f.code == "dead-units" and f.verified), None)
    if collapsed is None or dead is None or dead.evidence["dead at the start"] < 0.5 * dead.evidence["dead"]:
        return found
    dead.detail += f"; {collapsed.detail}"
    return [f for f in found if f is not collapsed]


def _collapse_by_first_weights(found: list[Finding]) -> list[Finding]:
    """Small first weights make answers equal and gradients fade: for a classifier, the collapse says both."""
    collapsed = next((f for f in found if f.code == "single-class-collapse" and f.where and f.verified), None)
    if collapsed is not None and any(f.code == "gradient-vanishes" and not f.target for f in found):
        return [f for f in found if f.code != "gradient-vanishes"]
    return found
