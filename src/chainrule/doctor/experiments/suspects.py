"""Which statements of backward may be the first wrong one, as far as names and a few slopes tell.

`dscores` is to be the gradient of `scores`: whether it is, two random directions tell, much sooner than its
whole numerical gradient. So the search begins between the last right statement and the first wrong one.
"""

from __future__ import annotations

import ast

import numpy as np

from ..naming import belongs
from ..source.adjoints import Intermediates, Moment


def suspects(forward: Intermediates, moments: list[Moment], scale: float) -> tuple[list[int], list[int]]:
    """The sites of statements: from the last right one, behind which a step may be missing, to the first
    wrong one, in their order; and, the nearest first, those before them of which nothing is known.
    """
    since: dict[int, None] = {}
    before: dict[int, None] = {}
    right: set[int] = set()
    for moment in moments:
        since[moment.site.id] = None
        if moment.site.kind == "augment":  # only what is added is seen
            continue
        named, others = _counterparts(forward, moment)
        if not named:
            continue
        if any(forward.agrees(k, moment.value, 1e-3 * scale) for k in named):
            right.add(moment.site.id)
            before |= since
            since = {moment.site.id: None}
        elif not any(forward.agrees(k, moment.value, 1e-3 * scale) for k in others):
            break
    return [*since], [i for i in reversed(before) if i not in since and i not in right]


def _counterparts(
    forward: Intermediates, moment: Moment
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """The values of forward whose gradient a statement gives by its name, and all others of that shape."""
    keys = [k for k in reversed(forward.order) if forward.values[k].shape == moment.value.shape]
    named = [k for k in keys if belongs(moment.site.name, forward.site(k).name)]
    # of a variable all uses count, where one of them alone would be right by another's mistake
    made = [k for k in named if forward.site(k).kind == "assign"] or named
    known = made if np.any(moment.value) else []  # a buffer that is still empty says nothing
    return known, [k for k in keys if k not in made]


def feeds(earlier: Moment, later: Moment) -> bool:
    """Whether a statement gives what a later one reads, as far as its text tells."""
    if earlier.order >= later.order:
        return False
    try:
        tree = ast.parse(later.site.made_by.strip())
    except SyntaxError:
        return True
    read = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    read |= {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    site = earlier.site
    return (site.function in read) if site.kind == "return" else (site.name in read)
