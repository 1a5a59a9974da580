"""Which paths does backward forget? Every use of every value is held fixed in turn."""

from __future__ import annotations

from collections.abc import Iterator

from ..case import Case
from ..catalogue import RANK
from ..report import Finding
from ..source.freeze import Freezer, Frozen
from ..source.sites import Site
from .path_names import STATISTIC, feeds_a_gate, name_of


def near_paths(case: Case) -> Iterator[Finding]:
    """The paths through a single use of a value; cheap, and nearly always it is one of these."""
    yield from _paths(case, near=True)


def far_paths(case: Case) -> Iterator[Finding]:
    """Pairs of uses, and what explains only some of the gradients."""
    yield from _paths(case, near=False)


def _paths(case: Case, near: bool) -> Iterator[Finding]:
    """Every proved forgotten path, the most telling first."""
    if not case.wrong:  # of a gradient of another shape, no part can be missing
        return
    freezer = case.kept.get("freezer") or Freezer(case)
    case.kept["freezer"] = freezer
    found: list[tuple[int, tuple[bool, int], Finding]] = []
    cut: dict[str, list[Frozen]] = {}
    for frozen, names in freezer.forgotten(case.wrong, near):
        code = name_of(case, freezer, frozen, names)
        site = frozen.sites[0]
        cut.setdefault(code, []).append(frozen)
        rank = code == "branch-overwritten", RANK[code]  # the least specific name for a lost path
        found.append((-len(names), rank, _finding(case, code, frozen, names, site)))
        if len(found) > 40:
            break
    if feeds_a_gate(case, freezer, cut):
        for _, _, finding in found:
            finding.rename("branch-overwritten" if finding.code == STATISTIC else finding.code)
    if not found:
        return
    most = min(f[0] for f in found)
    best = sorted((f for f in found if f[0] <= most * 0.5), key=lambda f: (f[0], f[1]))
    explained: set[str] = set()
    for _, _, finding in best:
        if not set(finding.targets) <= explained:
            explained |= set(finding.targets)
            yield finding


def _finding(case: Case, code: str, frozen: Frozen, names: list[str], site: Site) -> Finding:
    texts = list(dict.fromkeys(f"`{s.text}`" for s in frozen.sites))
    lines = sorted({s.line for s in frozen.sites})
    where = (
        f"{' and '.join(texts)} in line{'s' if len(lines) > 1 else ''} "
        f"{', '.join(map(str, lines))} of forward (`{site.statement}`)"
    )
    part = ""
    if frozen.kept is not None:
        part = f", but for its {'first' if frozen.kept == 0 else 'last'} of {frozen.executions} executions"
    return case.finding(
        code,
        names,
        verified=True,
        evidence={"line in forward": site.line},
        detail=f"backward treats {where} as a constant{part}: the numerical gradient with just that "
        "held fixed equals what backward returns",
    )


__all__ = ["far_paths", "near_paths"]
