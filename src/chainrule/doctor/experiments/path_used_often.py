"""Is it something that several steps or layers use: a weight, a memory, what a loop over layers hands on?"""

from __future__ import annotations

import re

import numpy as np

from ..case import Case
from ..naming import CELLS, HIDDEN
from ..objects import is_layer, layers_of, stored_attributes
from ..source.freeze import Freezer
from ..source.sites import Site
from .scales import function_text

_MEMORY = re.compile(r"(memory|enc|context|ctx|source|src|keys?$|values?$)", re.I)


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
            or other.kind != "use"
            or _is_product(freezer, other)
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


def _is_product(freezer: Freezer, site: Site) -> bool:
    """Whether a use reads what a matrix product has made: with a row of zeros and a one that is a part of
    the matrix, too.
    """
    text = site.text + "".join(
        s.statement.partition("=")[2]
        for s in freezer.taps.sites.values()
        if s.kind == "assign" and s.statement.startswith(f"{site.name} =") and s.function == site.function
    )
    return bool(re.search(r"@|\b(dot|matmul|einsum)\(", text))


def _cut_out(value: np.ndarray, parameters: list[np.ndarray]) -> bool:
    """Whether an array is one of the parameters, or a part of one (W[k]). This is asked of every execution:
    at the first, where the state is still 0, W h + b is a bias.
    """
    return any(p.size >= value.size and bool(np.isin(value, p).all()) for p in parameters)


def used_often(case: Case, freezer: Freezer, names: list[str]) -> bool:
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


def held_often(case: Case, name: str) -> bool:
    """Whether several layers hold one parameter: the array itself, or an object with the array in it."""
    owner = case.probe.subject.owner
    place = next((p.place for p in case.probe.subject.parameters if p.name == name), None)
    if owner is None or place is None:
        return False
    shared = place.get() if is_layer(place.owner) else place.owner
    layers = layers_of(owner).values()
    return sum(any(v is shared for v in stored_attributes(layer).values()) for layer in layers) > 1


def is_memory(case: Case, freezer: Freezer, site: Site, names: list[str]) -> bool:
    """The gradient of another input than the first is concerned, and it plays the memory's part."""
    inputs = case.probe.subject.input_names
    concerned = [n for n in names if not case.probe.is_parameter(n)]
    others = [n for n in concerned if n.split(".")[0] in inputs[1:]]
    if others and all(_MEMORY.search(n) for n in others) and inputs[0] not in concerned:
        return True
    if concerned and inputs[0] not in concerned and all(attended(freezer, n) for n in concerned):
        return True
    if concerned and inputs[0] not in concerned and _gives_keys_and_values(case):
        return True
    if not _MEMORY.search(site.name) or site.carried or not re.search(r"softmax|exp\(", function_text(case)):
        return False
    # of self-attention, whose first input gives the queries, too, this is one branch of three
    return site.name not in inputs[:1] or (concerned == inputs[:1] and _products(freezer, site) == 2)


def _products(freezer: Freezer, site: Site) -> int:
    """With how many things the value of a site is multiplied."""
    value = freezer.values[site.id][0]
    return sum(
        other.kind == "use"
        and "MatMult" in other.parents[:1]
        and any(np.array_equal(v, value) for v in freezer.values.get(other.id, []))
        for other in freezer.taps.sites.values()
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


def attended(freezer: Freezer, name: str) -> bool:
    """Whether attention weights (positive, adding up to 1) are multiplied with it."""
    for site in freezer.taps.sites.values():
        values = freezer.values.get(site.id)
        if site.other == name and "MatMult" in site.parents[:1] and values and np.ndim(values[0]) >= 2:
            p = np.asarray(values[0])
            if p.min() >= 0 and np.allclose(p.sum(-1), 1):
                return True
    return False
