"""From all hypotheses that came true to the few that are said: the most
specific cause of each wrong gradient.
"""

from __future__ import annotations

from .case import Case
from .catalogue import CATALOGUE, RANK
from .report import Finding, Report


def verdict(case: Case, found: list[Finding]) -> list[Finding]:
    """Keeps, for each wrong gradient, its most specific proved cause; merges
    findings of one code; reports what nothing explains.
    """
    found = sorted(_without_consequences(found), key=lambda f: _standing(case, f))
    kept: list[Finding] = []
    explained: set[str] = set()
    for finding in found:
        concerned = set(finding.targets) & set(case.doubtful)
        about_gradient = CATALOGUE[finding.code].section in "ABCD" and finding.code not in (
            "mutates-upstream",
            "accumulates-across-calls",
        )
        if (about_gradient or finding.code == "gradient-mismatch") and concerned and concerned <= explained:
            _enrich(kept, finding)
            continue
        twin = next((k for k in kept if k.code == finding.code and k.where == finding.where), None)
        explained |= concerned
        if twin is not None:
            twin.targets += [t for t in finding.targets if t not in twin.targets]
            twin.evidence |= {k: v for k, v in finding.evidence.items() if k not in twin.evidence}
        else:
            kept.append(finding)
    left = [n for n in case.doubtful if n not in explained]
    misshapen = [n for n in left if n in case.misshapen]
    if misshapen:
        kept.append(
            case.finding(
                "gradient-shape-wrong",
                misshapen,
                verified=True,
                evidence={
                    n: {"gradient": case.a(n).shape, "wanted": case.probe.value(n).shape} for n in misshapen
                },
                detail="; ".join(
                    f"{n} has shape {case.probe.value(n).shape}, its gradient {case.a(n).shape}"
                    for n in misshapen
                ),
            )
        )
    left = [n for n in left if n not in misshapen]
    proved = [k for k in kept if k.verified and set(k.targets) & set(case.doubtful)]
    if left and not proved:
        kept.append(
            case.finding("gradient-mismatch", left, detail="backward and the numerical gradient differ")
        )
    return sorted(kept, key=lambda k: _standing(case, k))


def _enrich(kept: list[Finding], other: Finding) -> None:
    """What another experiment has found: the lines, where the kept finding has none; that the count by which
    a gradient is off is that of the copies of something.
    """
    for finding in kept:
        if (
            finding.code == "mean-sum-mismatch"
            and other.code == "broadcast-not-summed"
            and other.verified
            and set(other.targets) & set(finding.targets)
        ):
            finding.rename(other.code)
            finding.detail = f"{finding.detail}; {other.detail}"
        if other.trail and not finding.trail and set(other.targets) & set(finding.targets):
            finding.trail = other.trail
            finding.line, finding.file = (
                (other.line, other.file) if not finding.fix.startswith("- ") else (finding.line, finding.file)
            )


def _standing(case: Case, finding: Finding) -> tuple[object, ...]:
    """Proved first; faults of the contract before the wrong numbers
    that they cause; then who explains most.
    """
    section = CATALOGUE[finding.code].section
    explained = len(set(finding.targets) & set(case.doubtful))
    specific = section == "A" or finding.code in (
        "clipped-in-backward",
        "regularization-in-gradient",
        "gradients-swapped",
    )
    return (
        not finding.verified,
        finding.code == "gradient-mismatch",
        not specific,
        0 if specific else -explained,
        RANK[finding.code],
    )


def _without_consequences(found: list[Finding]) -> list[Finding]:
    """A gradient that is 0 because only one step is counted is no second fault."""
    codes = {f.code for f in found}
    if codes & {"last-step-only", "hidden-gradient-dropped", "cell-gradient-dropped"}:
        return [f for f in found if f.code != "gradient-never-computed"]
    return found


def harmless_last(found: list[Finding]) -> list[Finding]:
    """What is changed in place without making a gradient wrong comes behind the faults that do, and once for
    a class.
    """
    harmless: dict[tuple[str, int], Finding] = {}
    rest = []
    for finding in found:
        if finding.harmless:
            harmless.setdefault((finding.file, finding.line), finding)
        else:
            rest.append(finding)
    return [*rest, *harmless.values()]


def without_penalties(found: list[Finding], report: Report) -> list[Finding]:
    """Where the loss was guessed from its gradient, a penalty in that may as well be one of the loss."""
    penalties = [f for f in found if f.code == "regularization-in-gradient"]
    for finding in penalties:
        names = ", ".join(finding.targets)
        report.assumed.append(f"the loss has the penalty that is in the gradient of {names}")
    return [f for f in found if f not in penalties]
