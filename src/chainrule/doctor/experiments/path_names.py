"""What kind of use of what kind of value is the path that backward forgets? Its code."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from ..case import Case, close
from ..source.freeze import Freezer, Frozen
from ..source.sites import Site
from ..structure import is_array
from .counts import ratio
from .path_in_time import always_the_same, at_every_step, is_carried, looped, state_of
from .path_used_often import attended, held_often, is_memory, over_layers, used_often, weights
from .repaired import elementwise
from .structure import is_scale, normalizes

_SKIP = r"skip|shortcut|residual|identity"
_STATISTIC = re.compile(r"(mean|var|std|sigma|^mu|rms|norm|deviation|^s2|inv|avg)", re.I)
STATISTIC = "statistics-treated-constant"


def name_of(case: Case, freezer: Freezer, frozen: Frozen, names: list[str]) -> str:
    """The code for a forgotten path."""
    site = frozen.sites[0]
    value = freezer.values[site.id][0]
    own = _own_parameter(case, value, names)
    if own and not any(attended(freezer, n) for n in names):
        if frozen.kept is not None or (frozen.executions > 1 and site.loop):
            return "last-step-only"
        return "tied-weight-lost"
    if frozen.kept is None and len(names) == 1 and _looked_up(case, value, names[0]):
        return "tied-weight-lost"  # the table's other use has its gradient
    layered = over_layers(case, freezer, site)
    only_weights = set(case.wrong) <= set(weights(case))
    if (
        only_weights
        and site.loop
        and not layered
        and any(n in case.right for n in case.probe.names if n not in weights(case))
    ):
        return "last-step-only"  # what comes back to the inputs is right: no state was dropped
    if all(_is_statistic(s, freezer, case) for s in frozen.sites) or (
        all(_into_statistic(s) for s in frozen.sites) and any(normalizes(case, n) for n in names)
    ):
        return STATISTIC
    if any(_is_normalizer(s) for s in frozen.sites):
        return "softmax-diagonal-only"
    if is_memory(case, freezer, site, names):
        return "memory-gradient-lost"
    carried = is_carried(freezer, site) and not _keeps_weights_right(case, names)
    if carried and not layered and at_every_step(case, freezer, site):
        return state_of(site, freezer)
    if frozen.kept is not None and site.loop and not site.carried and always_the_same(freezer, site):
        return "memory-gradient-lost"
    if (
        set(names) <= set(weights(case))
        and set(names) == set(case.wrong)
        and (used_often(case, freezer, names) or all(held_often(case, n) for n in names))
    ):
        return "last-step-only" if looped(freezer, site) else "tied-weight-lost"
    if frozen.kept is not None and site.loop and not layered:
        return "last-step-only"
    formula = _is_one_formula(case, names)
    if any(_is_skip(s, case, freezer) for s in (site, *_inside_of_call(freezer, site))):
        arrives = next(iter(case.probe.upstream.values()))
        if not formula or ratio(arrives, case.n(names[0]) - case.a(names[0])) is not None:
            return "residual-gradient-missing"
    if formula:
        return "activation-derivative-misplaced"
    if layered and site.carried and "+" in site.statement:
        return "unchained-upstream"  # only the skip connections carry the top gradient down
    return "branch-overwritten"


def _keeps_weights_right(case: Case, names: list[str]) -> bool:
    """A state that is not carried back takes something from the weights of all steps before: where these are
    right, and the sequence's own gradient is wrong, no state was dropped.
    """
    all_right = bool(weights(case)) and set(weights(case)) <= set(case.right)
    return all_right and case.probe.subject.input_names[0] in names


def _is_one_formula(case: Case, names: list[str]) -> bool:
    """An activation, however it is written down: its output is bent, and each number depends on one number of
    each of these. What is left out of its derivative is a part of a formula, and no way of the network.
    """
    outputs = list(case.outputs)
    return (
        len(outputs) == 1
        and set(names) <= set(elementwise(case))
        and not any(is_scale(case, n, outputs[0]) for n in names)
    )


def _own_parameter(case: Case, value: Any, names: list[str]) -> bool:
    """Whether what was frozen is the very parameter whose gradient is wrong."""
    for name in names:
        if case.probe.is_parameter(name) or (case.probe.subject.owner is None and name in weights(case)):
            parameter = case.probe.value(name)
            if (
                np.size(value) == parameter.size
                and parameter.size > 1
                and close(np.sort(np.ravel(np.asarray(value))), np.sort(parameter.ravel()), tolerance=1e-12)
            ):
                return len(names) == 1 or case.probe.is_parameter(name)
    return False


def _looked_up(case: Case, value: Any, name: str) -> bool:
    """Whether a value is made of rows of a table: E[ids]."""
    table, rows = case.probe.value(name), np.asarray(value)
    if not case.probe.is_parameter(name) and name not in weights(case):
        return False
    if (
        table.ndim != 2
        or rows.size == table.size
        or rows.ndim not in (1, 2, 3)
        or rows.shape[-1] != table.shape[1]
    ):
        return False
    rows = rows.reshape(-1, table.shape[1])
    return bool(np.any(case.a(name))) and all(np.any(np.all(table == row, axis=1)) for row in rows)


def _is_statistic(site: Site, freezer: Freezer, case: Case) -> bool:
    value = freezer.values[site.id][0]
    named = bool(_STATISTIC.search(site.name)) or bool(_STATISTIC.search(site.text))
    largest = max((v.size for v in case.outputs.values()), default=0)
    return named and np.size(value) < largest


def feeds_a_gate(case: Case, freezer: Freezer, cut: dict[str, list[Frozen]]) -> bool:
    """Whether the same gradient is lost behind the mean, where a weight matrix has made something else of it:
    squeeze and excite, a context. Of a norm nothing but the statistics themselves explains it.
    """
    if STATISTIC not in cut:
        return False
    sites = {s.id for several in cut.values() for frozen in several for s in frozen.sites}
    matrices = [n for n in weights(case) if case.probe.value(n).squeeze().ndim > 1]
    return any(sites & moved and sites - moved for moved in map(freezer.moved_by, matrices))


def _into_statistic(site: Site) -> bool:
    """A use from which a mean or a variance is computed: var = np.mean(centered ** 2)."""
    becomes = re.match(r"[\w.\[\], ]+(?= =)", site.statement)  # of an assignment, not `axis=`
    return (
        becomes is not None
        and bool(_STATISTIC.search(becomes.group()))
        and bool(re.search(r"mean|sum|var|std", site.statement))
    )


def _is_normalizer(site: Site) -> bool:
    divided = bool(re.search(r"\bexp", site.statement)) and "Div" in site.parents[:2] and "sum" in site.text
    return "softmax" in site.function.lower() or divided


def _inside_of_call(freezer: Freezer, site: Site) -> list[Site]:
    """What the user's own function does with a value that it is handed and that is used elsewhere, too:
    add(x, z) with x + z in it.
    """
    called = site.parents[0].rpartition(":")[2].rpartition(".")[2] if site.parents else ""
    value = freezer.values[site.id][0]
    same = [
        s
        for s in freezer.taps.sites.values()
        if s.kind == "use" and any(np.array_equal(v, value) for v in freezer.values.get(s.id, []))
    ]
    forked = any(s.function == site.function and s is not site for s in same)
    return [s for s in same if s.function == called != site.function] if forked else []


def _forks(site: Site, freezer: Freezer) -> bool:
    """Whether the same value is used elsewhere, too."""
    values = freezer.values[site.id]
    return any(
        other.kind == "use"
        and other is not site
        and any(np.array_equal(v, w) for v in values for w in freezer.values.get(other.id, []))
        for other in freezer.taps.sites.values()
    )


def _is_skip(site: Site, case: Case, freezer: Freezer) -> bool:
    """A bare operand of an addition whose other operand does something: y = x + f(x)."""
    becomes = site.statement.split("=")[0] if "=" in site.statement else ""
    if re.search(_SKIP, f"{site.text} {site.parents} {becomes}", re.I):
        return True
    if not site.parents or site.parents[0] != "Add" or not site.other or re.search(_SKIP, site.other, re.I):
        return False  # (beside the skip connection, it is what that goes around)
    if not re.search(r"[a-z_]", site.other, re.I):  # 1 + exp(-z) is no sum of two ways
        return False
    if not _forks(site, freezer):
        return False  # two heads that are added up
    added = [
        value
        for other in freezer.taps.sites.values()
        if (other.text, other.function, other.line) == (site.other, site.function, site.line)
        for value in freezer.values.get(other.id, [])
    ]
    inputs = [v for v in case.probe.inputs if is_array(v)]
    if any(np.array_equal(v, x) for v in added for x in inputs) and not any(
        np.array_equal(v, x) for v in freezer.values[site.id] for x in inputs
    ):
        return False  # f(x) of f(x) + x
    fixed = [case.probe.value(name) for name in weights(case)]
    return not any(np.array_equal(v, w) for v in added for w in fixed)  # x @ W + bias is none either
