"""Is it a state that a loop carries from step to step, and which one?"""

from __future__ import annotations

import re

import numpy as np

from ..case import Case
from ..naming import CELLS, HIDDEN
from ..source.freeze import Freezer
from ..source.sites import Site


def is_carried(freezer: Freezer, site: Site) -> bool:
    """Whether a use reads what an earlier execution has made."""
    return (site.carried and _outlives(freezer, site)) or _from_before(site) or _handed_on(freezer, site)


def _outlives(freezer: Freezer, site: Site) -> bool:
    """Whether the variable is read anywhere in its loop before the loop assigns it anew. One that every pass
    makes first and reads then, as the scores of a sample, is no state.
    """
    same = [s for s in freezer.taps.sites.values() if s.name == site.name and s.function == site.function]
    made = [
        s
        for s in same
        if s.kind == "assign" and "[" not in s.text and s.loop and site.loop[: len(s.loop)] == s.loop
    ]
    outer = min((s.loop for s in made), key=len, default=())
    read = [s for s in same if s.kind == "use" and s.loop[: len(outer)] == outer]
    first = min(made, key=lambda s: s.line, default=None)
    return first is None or any(
        s.line < first.line or s.statement == first.statement or _from_before(s) for s in read
    )


def _from_before(site: Site) -> bool:
    return bool(site.loop) and bool(re.search(r"\[.*-\s*1\]|prev|last|\[-1\]", site.text))


def _handed_on(freezer: Freezer, site: Site) -> bool:
    """Whether what comes in at one execution is what another value was at the execution before: a state that
    a loop elsewhere hands from call to call.
    """
    values = freezer.values[site.id]
    if len(values) < 3 or np.ndim(values[0]) < 2:
        return False
    for other in freezer.taps.sites.values():
        made = freezer.values.get(other.id, [])
        if (
            other.id != site.id
            and other.function == site.function
            and other.kind in ("assign", "return", "call")
            and len(made) == len(values)
            and all(np.array_equal(a, b) for a, b in zip(made, values[1:], strict=False))
            and not np.array_equal(values[0], values[1])
        ):
            return True
    return False


def looped(freezer: Freezer, site: Site) -> bool:
    """Whether a use stands in a loop, or in a function that is called in one."""
    calls = [s for s in freezer.taps.sites.values() if s.kind == "call" and s.name == site.function]
    return bool(site.loop) or any(s.loop for s in calls)


def at_every_step(case: Case, freezer: Freezer, site: Site) -> bool:
    """Whether a use in a loop is executed more than once, as in a loop over time (or could not be more often
    there). A loop that walks through the operations of a graph comes by once.
    """
    times = len(freezer.values[site.id])
    lengths = {n for value in case.probe.inputs for n in np.shape(value)} if times == 1 else set()
    return times > 1 or 2 in lengths


def state_of(site: Site, freezer: Freezer) -> str:
    """The hidden state or the cell, by its name; else the cell is the one of several that is multiplied."""
    if CELLS.search(site.name) and not re.search(r"^h", site.name, re.I):
        return "cell-gradient-dropped"
    if HIDDEN.search(site.name):
        return "hidden-gradient-dropped"
    into_product = any(
        p in ("MatMult",) or (p.startswith("Call:") and re.search(r"dot|matmul|einsum|concat|stack", p))
        for p in site.parents
    )
    used = [s for s in freezer.taps.sites.values() if s.kind == "use" and s.carried and s.loop == site.loop]
    carried = {s.name for s in used}
    beside_another = len(carried) > 1
    return (
        "cell-gradient-dropped"
        if site.parents[:1] == ("Mult",) and not into_product and beside_another
        else "hidden-gradient-dropped"
    )


def always_the_same(freezer: Freezer, site: Site) -> bool:
    """Whether every execution reads the same value: something made once, and used by every step or layer."""
    values = freezer.values[site.id]
    return np.ndim(values[0]) >= 2 and all(
        np.shape(v) == np.shape(values[0]) and np.array_equal(v, values[0]) for v in values
    )
