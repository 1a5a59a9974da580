"""Naming the path that backward forgets: what kind of use of what kind of value was it?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..case import Case, close
from ..catalogue import RANK
from ..naming import CELLS, HIDDEN
from ..objects import is_layer, layers_of, stored_attributes
from ..report import Finding
from ..source.freeze import Freezer, Frozen
from ..source.sites import Site
from .scales import function_text
from .structure import normalizes

_STATISTIC = re.compile(r"(mean|var|std|sigma|^mu|rms|norm|deviation|^s2|inv|avg)", re.I)
STATISTIC = "statistics-treated-constant"
_MEMORY = re.compile(r"(memory|enc|context|ctx|source|src|keys?$|values?$)", re.I)


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
    if _feeds_a_gate(case, freezer, cut):
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


def name_of(case: Case, freezer: Freezer, frozen: Frozen, names: list[str]) -> str:
    """The code for a forgotten path."""
    site = frozen.sites[0]
    value = freezer.values[site.id][0]
    own = _own_parameter(case, value, names)
    if own and not any(_attended(freezer, n) for n in names):
        if frozen.kept is not None or (frozen.executions > 1 and site.loop):
            return "last-step-only"
        return "tied-weight-lost"
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
    if _is_memory(case, freezer, site, names):
        return "memory-gradient-lost"
    carried = site.carried or _from_before(site) or _handed_on(freezer, site)
    if carried and not layered and _at_every_step(case, freezer, site):
        return _carried(site)
    if frozen.kept is not None and site.loop and not site.carried and _always_the_same(freezer, site):
        return "memory-gradient-lost"
    if (
        set(names) <= set(weights(case))
        and set(names) == set(case.wrong)
        and (_used_often(case, freezer, names) or all(_held_often(case, n) for n in names))
    ):
        return "last-step-only" if _looped(freezer, site) else "tied-weight-lost"
    if frozen.kept is not None and site.loop and not layered:
        return "last-step-only"
    if any(_is_skip(s, case, freezer) for s in (site, *_inside_of_call(freezer, site))):
        return "residual-gradient-missing"
    if layered and site.carried and "+" in site.statement:
        return "unchained-upstream"  # only the skip connections carry the top gradient down
    return "branch-overwritten"


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


def _is_statistic(site: Site, freezer: Freezer, case: Case) -> bool:
    value = freezer.values[site.id][0]
    named = bool(_STATISTIC.search(site.name)) or bool(_STATISTIC.search(site.text))
    largest = max((v.size for v in case.outputs.values()), default=0)
    return named and np.size(value) < largest


def _feeds_a_gate(case: Case, freezer: Freezer, cut: dict[str, list[Frozen]]) -> bool:
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
    becomes = site.statement.partition("=")[0]
    return bool(_STATISTIC.search(becomes.strip())) and bool(re.search(r"mean|sum|var|std", site.statement))


def _is_normalizer(site: Site) -> bool:
    divided = bool(re.search(r"\bexp", site.statement)) and "Div" in site.parents[:2] and "sum" in site.text
    return "softmax" in site.function.lower() or divided


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


def _looped(freezer: Freezer, site: Site) -> bool:
    """Whether a use stands in a loop, or in a function that is called in one."""
    calls = [s for s in freezer.taps.sites.values() if s.kind == "call" and s.name == site.function]
    return bool(site.loop) or any(s.loop for s in calls)


def _at_every_step(case: Case, freezer: Freezer, site: Site) -> bool:
    """Whether a use in a loop is executed more than once, as in a loop over time (or could not be more often
    there). A loop that walks through the operations of a graph comes by once.
    """
    times = len(freezer.values[site.id])
    lengths = {n for value in case.probe.inputs for n in np.shape(value)} if times == 1 else set()
    return times > 1 or 2 in lengths


def _carried(site: Site) -> str:
    if CELLS.search(site.name) and not re.search(r"^h", site.name, re.I):
        return "cell-gradient-dropped"
    if HIDDEN.search(site.name):
        return "hidden-gradient-dropped"
    into_product = any(
        p in ("MatMult",) or (p.startswith("Call:") and re.search(r"dot|matmul|einsum|concat|stack", p))
        for p in site.parents
    )
    return (
        "cell-gradient-dropped"
        if site.parents[:1] == ("Mult",) and not into_product
        else "hidden-gradient-dropped"
    )


def _always_the_same(freezer: Freezer, site: Site) -> bool:
    """Whether every execution reads the same value: something made once, and used by every step or layer."""
    values = freezer.values[site.id]
    return np.ndim(values[0]) >= 2 and all(
        np.shape(v) == np.shape(values[0]) and np.array_equal(v, values[0]) for v in values
    )


def weights(case: Case) -> list[str]:
    """The parameters; of a pair of functions, the inputs behind the first that are no memory and no state."""
    if not case.probe.subject.is_pair:
        return [n for n in case.probe.names if case.probe.is_parameter(n)]
    first = case.probe.subject.input_names[0]
    return [
        n
        for n in case.probe.names
        if n != first and not _MEMORY.search(n) and not HIDDEN.search(n) and not CELLS.search(n)
    ]


def over_layers(case: Case, freezer: Freezer, site: Site) -> bool:
    """Whether the loop around a site runs over layers (each with weights of its own), not over time."""
    if not site.loop:
        return False
    parameters = [case.probe.value(n) for n in weights(case)]
    for other in freezer.taps.sites.values():
        recorded = freezer.values.get(other.id, [])
        if (
            other.loop != site.loop
            or len(recorded) < 2
            or not np.ndim(recorded[0])
            or np.size(recorded[0]) < 2
        ):
            continue
        if np.ndim(recorded[0]) != 2 or np.array_equal(recorded[0], recorded[1]):
            continue
        if all(np.ndim(v) == 2 and _cut_out(v, parameters) for v in recorded):
            return True
    return False


def _cut_out(value: np.ndarray, parameters: list[np.ndarray]) -> bool:
    """Whether an array is one of the parameters, or a part of one (W[k]). This is asked of every execution:
    at the first, where the state is still 0, W h + b is a bias.
    """
    return any(p.size >= value.size and bool(np.isin(value, p).all()) for p in parameters)


def _used_often(case: Case, freezer: Freezer, names: list[str]) -> bool:
    """Whether a parameter is used several times in one forward."""
    for name in names:
        value = case.probe.value(name)
        uses = sum(
            len(freezer.values.get(s.id, []))
            for s in freezer.taps.sites.values()
            if s.kind == "use"
            and s.id in freezer.values
            and np.shape(freezer.values[s.id][0]) == value.shape
            and np.array_equal(freezer.values[s.id][0], value)
        )
        if uses > 1:
            return True
    return False


def _held_often(case: Case, name: str) -> bool:
    """Whether several layers hold one parameter: the array itself, or an object with the array in it."""
    owner = case.probe.subject.owner
    place = next((p.place for p in case.probe.subject.parameters if p.name == name), None)
    if owner is None or place is None:
        return False
    shared = place.get() if is_layer(place.owner) else place.owner
    layers = layers_of(owner).values()
    return sum(any(v is shared for v in stored_attributes(layer).values()) for layer in layers) > 1


def _is_memory(case: Case, freezer: Freezer, site: Site, names: list[str]) -> bool:
    """The gradient of another input than the first is concerned, and it plays the memory's part."""
    inputs = case.probe.subject.input_names
    concerned = [n for n in names if not case.probe.is_parameter(n)]
    others = [n for n in concerned if n.split(".")[0] in inputs[1:]]
    if others and all(_MEMORY.search(n) for n in others) and inputs[0] not in concerned:
        return True
    if concerned and inputs[0] not in concerned and all(_attended(freezer, n) for n in concerned):
        return True
    if concerned and inputs[0] not in concerned and _gives_keys_and_values(case):
        return True
    return (
        bool(_MEMORY.search(site.name))
        and site.name not in inputs[:1]
        and "softmax" in function_text(case)
        and not site.carried
    )


def _gives_keys_and_values(case: Case) -> bool:
    """Whether this is attention over something else, by the words of its code."""
    text = function_text(case)
    return bool(
        re.search(r"softmax|exp\(", text)
        and re.search(r"quer|\bq\b|wq\b", text, re.I)
        and re.search(r"key|\bk\b|wk\b", text, re.I)
        and re.search(r"val|\bv\b|wv\b", text, re.I)
    )


def _attended(freezer: Freezer, name: str) -> bool:
    """Whether attention weights (positive, adding up to 1) are multiplied with it."""
    for site in freezer.taps.sites.values():
        values = freezer.values.get(site.id)
        if site.other == name and "MatMult" in site.parents[:1] and values and np.ndim(values[0]) >= 2:
            p = np.asarray(values[0])
            if p.min() >= 0 and np.allclose(p.sum(-1), 1):
                return True
    return False


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
    return [s for s in same if s.function == called] if forked else []


def _is_skip(site: Site, case: Case, freezer: Freezer) -> bool:
    """A bare operand of an addition whose other operand does something: y = x + f(x)."""
    becomes = site.statement.split("=")[0] if "=" in site.statement else ""
    if re.search(
        r"skip|shortcut|residual|identity", f"{site.text} {site.other} {site.parents} {becomes}", re.I
    ):
        return True
    if not site.parents or site.parents[0] != "Add" or not site.other:
        return False
    if not re.search(r"[a-z_]", site.other, re.I):  # 1 + exp(-z) is no sum of two ways
        return False
    added = [
        value
        for other in freezer.taps.sites.values()
        if (other.text, other.function, other.line) == (site.other, site.function, site.line)
        for value in freezer.values.get(other.id, [])
    ]
    fixed = [case.probe.value(name) for name in weights(case)]
    return not any(np.array_equal(v, w) for v in added for w in fixed)  # x @ W + bias is none either


__all__ = ["far_paths", "near_paths"]
