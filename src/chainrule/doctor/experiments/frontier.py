"""Inside a layer: the last right and the first wrong line of backward.

Each statement of backward is overruled in turn with the numerical gradient of an intermediate of forward that
has its shape. The first statement at which that puts everything right is the first wrong one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..allowance import Allowance
from ..case import Case
from ..naming import belongs
from ..source.adjoints import MAX_EVALUATIONS, BackwardTrace, Intermediates, Moment, equal
from .suspects import feeds, suspects

SECONDS = 1.5
SECONDS_WHEN_NAMED = 0.5  # then only the line is looked for
SECONDS_AT_ONCE = 0.4  # for the statements that names and slopes point to
SECONDS_BEFORE = 0.8  # for statements before one that is known to heal everything
MOST_SITES, MOST_TRUTHS = 30, 12  # that are tried in the place of one statement


@dataclass
class Frontier:
    """The first wrong statement: what it gives (a), what it should give (n), of which intermediate."""

    moment: Moment
    key: tuple[int, int]  # the intermediate of forward
    n: np.ndarray
    healed: list[str]

    @property
    def a(self) -> np.ndarray:
        return self.moment.value


Located = tuple[Intermediates, Frontier, list[str]]


def located(case: Case, at_once: bool = False) -> Located | None:
    """Only the place: the first wrong statement and the trail to it. Found once for a case.

    at_once: only where names and a few slopes tell it.
    """
    if "located" not in case.kept:
        found = _located(case, at_once)
        if found is None and at_once:
            return None
        case.kept["located"] = found
    kept: Located | None = case.kept["located"]
    return kept


def _located(case: Case, at_once: bool) -> Located | None:
    forward, backward = Intermediates(case), BackwardTrace(case)
    if not forward.available or not backward.available or not case.wrong:
        return None
    with backward.running():
        moments = backward.record()
        if at_once or case.kept.get("proved"):
            forward.limit(SECONDS_WHEN_NAMED)
        with forward.running():
            frontier = first_wrong(case, forward, backward, moments, at_once)
            if frontier is None:
                return None
            if not case.kept.get("proved"):
                forward.most = MAX_EVALUATIONS  # the cause may take longer than the place
            line = frontier.moment.site.place
            case.suspects = [line, *[other for other in case.suspects if other != line]]
            return forward, frontier, trail(case, forward, moments, frontier)


def first_wrong(
    case: Case,
    forward: Intermediates,
    backward: BackwardTrace,
    moments: list[Moment],
    at_once: bool = False,
) -> Frontier | None:
    """The earliest statement that, overruled, heals most. If it gives the right gradient of another value, a
    step is left out behind it: then the last one to which that goes on unchanged, under other names.
    """
    best: Frontier | None = None
    named = case.kept.get("proved")
    allowance = Allowance(SECONDS_AT_ONCE if at_once else SECONDS_WHEN_NAMED if named else SECONDS)
    statements: dict[int, list[Moment]] = {}
    for moment in moments:
        if moment.site.kind != "augment":
            statements.setdefault(moment.site.id, []).append(moment)
    near, before = suspects(forward, moments, case.scale)
    sites = {moment.site.id: moment.site for moment in moments}
    case.suspects = case.suspects or list(dict.fromkeys(sites[i].place for i in near))
    hit = _best(
        case, forward, backward, [statements[i] for i in [*near, *before] if i in statements], allowance
    )
    whole = hit is not None and len(hit.healed) == len(case.wrong)
    if at_once and (hit is None or not whole or _gives_another(forward, hit.moment, case.scale)):
        return None
    if whole:
        return hit
    hit, last = _named(case, forward, backward, list(statements.values()), allowance)
    if hit is not None:
        allowance.shorten(SECONDS_BEFORE)
    passed_on = False  # the best one's value is the right gradient of something else
    for mine in list(statements.values())[: last + 1]:
        if allowance.spent():
            break
        goes_on = passed_on and best is not None and any(equal(best.a, m.value, case.scale) for m in mine)
        if best is not None and len(best.healed) == len(case.wrong) and not goes_on:
            break
        found = _overruled(case, forward, backward, mine, allowance)
        if found is not None and (
            best is None
            or len(found.healed) > len(best.healed)
            or (len(found.healed) == len(best.healed) and goes_on)
        ):
            best = found
            passed_on = passed_on or _gives_another(forward, found.moment, case.scale)
    return hit if hit is not None and (best is None or len(hit.healed) > len(best.healed)) else best


def _best(
    case: Case,
    forward: Intermediates,
    backward: BackwardTrace,
    statements: list[list[Moment]],
    allowance: Allowance,
) -> Frontier | None:
    """Which of some statements heals most, the first of equals; and of those that it reads, one that heals as
    much.
    """
    best: Frontier | None = None
    for mine in statements:
        if best is not None and len(best.healed) == len(case.wrong) and not feeds(mine[0], best.moment):
            continue
        found = _overruled(case, forward, backward, mine, allowance)
        if found is not None and (
            best is None
            or len(found.healed) > len(best.healed)
            or (len(found.healed) == len(best.healed) and found.moment.order < best.moment.order)
        ):
            best = found
    return best


def _named(
    case: Case,
    forward: Intermediates,
    backward: BackwardTrace,
    statements: list[list[Moment]],
    allowance: Allowance,
) -> tuple[Frontier | None, int]:
    """The first statement that heals everything, and its number, by names alone: dscores gets the gradient of
    scores. Cheap; what comes before it is still to be asked, what comes after it is not.
    """
    for number, mine in enumerate(statements):
        if allowance.spent():
            break
        found = _overruled(case, forward, backward, mine, allowance, by_name=True)
        if found is not None and len(found.healed) == len(case.wrong):
            return found, number
    return None, len(statements)


def _gives_another(forward: Intermediates, moment: Moment, scale: float) -> bool:
    """Whether a statement's value is the right gradient of some value of forward, all of its uses counted."""
    return bool(np.any(moment.value)) and any(
        forward.values[key].shape == moment.value.shape
        and forward.site(key).kind != "use"
        and forward.agrees(key, moment.value, 1e-3 * scale)
        for key in forward.order
    )


def _overruled(
    case: Case,
    forward: Intermediates,
    backward: BackwardTrace,
    mine: list[Moment],
    allowance: Allowance,
    by_name: bool = False,
) -> Frontier | None:
    """One statement, at all of its executions, with the right gradients of what heals most."""
    first = mine[0]
    shaped = [key for key in forward.order if forward.values[key].shape == first.value.shape]
    sites = list(dict.fromkeys(site for site, _ in shaped))
    sites.sort(key=lambda s: -belongs(first.site.name, forward.taps.sites[s].name))
    named = [s for s in sites if belongs(first.site.name, forward.taps.sites[s].name)]
    if named and all(_agrees(forward, mine, site, case.scale) for site in named):
        return None  # this statement gives what its name says
    best: Frontier | None = None
    tried: set[tuple[tuple[int, int], ...]] = set()  # equal gradients are one array
    for site in named if by_name else sites[:MOST_SITES]:
        for truths in _alignments(forward, mine, site):
            if allowance.spent() or len(tried) > MOST_TRUTHS:
                return best
            wrong = next(
                (
                    m
                    for m in mine
                    if m.execution in truths and not equal(m.value, truths[m.execution][1], case.scale)
                ),
                None,
            )
            same = tuple((execution, id(n)) for execution, (_, n) in truths.items())
            if wrong is None or same in tried:
                continue
            tried.add(same)
            healed = case.repaired(
                backward.overruled(site=first.site.id, truths={e: n for e, (_, n) in truths.items()})
            )
            if healed and (best is None or len(healed) > len(best.healed)):
                key, n = truths[wrong.execution]
                best = Frontier(wrong, key, n, healed)
                if len(healed) == len(case.wrong):
                    return best
    return best


def _meetings(
    forward: Intermediates, mine: list[Moment], site: int
) -> list[list[tuple[Moment, tuple[int, int]]]]:
    """Which execution of backward's statement belongs to which of forward's:
    backward in time, or in the same order.
    """
    keys = [k for k in forward.order if k[0] == site]
    orders = [keys] if len(mine) == 1 else [list(reversed(keys)), keys]
    if len(mine) == 1 and len(keys) > 1:
        orders = [[keys[-1]], [keys[0]]]
    return [list(zip(mine, order, strict=False)) for order in orders]


def _alignments(
    forward: Intermediates, mine: list[Moment], site: int
) -> Iterator[dict[int, tuple[tuple[int, int], np.ndarray]]]:
    """The true gradients of a statement's executions, in each way in which they may belong together."""
    for met in _meetings(forward, mine, site):
        truths = {}
        for moment, key in met:
            n = forward.adjoint(key)
            if n is None or n.shape != moment.value.shape:
                break
            truths[moment.execution] = (key, n)
        if len(truths) == len(met) and truths:
            yield truths


def _agrees(forward: Intermediates, mine: list[Moment], site: int, scale: float) -> bool:
    """Whether a statement gives the gradients of what was made at a site, along random directions."""
    return any(
        all(
            moment.value.shape == forward.values[key].shape
            and forward.agrees(key, moment.value, 1e-3 * scale)
            for moment, key in met
        )
        for met in _meetings(forward, mine, site)
    )


def trail(case: Case, forward: Intermediates, moments: list[Moment], frontier: Frontier) -> list[str]:
    """The last right statement before, and the first wrong one."""
    lines = []
    for moment in reversed(
        [m for m in moments if m.order < frontier.moment.order and m.site.kind != "augment"]
    ):
        if not np.any(moment.value):
            continue  # a buffer that is still empty is right only in front of what is never used
        if (moment.site.text, moment.site.line) == (frontier.moment.site.text, frontier.moment.site.line):
            continue  # the same statement, in a loop: right once, and wrong the next time
        keys = [k for k in forward.order if forward.values[k].shape == moment.value.shape]
        named = [k for k in keys if belongs(moment.site.name, forward.site(k).name)] or keys[:4]
        right = next((k for k in named if forward.agrees(k, moment.value, 1e-3 * case.scale)), None)
        if right is not None:
            lines.append(
                f"`{moment.site.text}` is right (line {moment.site.line}): the gradient of "
                f"`{forward.site(right).text}`"
            )
            break
    site = frontier.moment.site
    what = f"return {site.text}" if site.kind == "return" else site.text
    whole = "" if site.made_by == what else f": `{site.made_by}`"
    lines.append(f"`{what}` is wrong (line {site.made_at}){whole}")
    return lines
