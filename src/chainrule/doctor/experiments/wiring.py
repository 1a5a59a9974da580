"""A composite whose layers are all right alone: what is wrong between them?

Every call of a layer inside is recorded, forward and backward, and backward is run again with the suspected
mistake repaired from outside.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..case import Case
from ..errors import SubjectError
from ..objects import layers_of
from ..recorder import Call, Recording
from ..report import Finding
from .between import between
from .handed_caches import handed_caches
from .skipped import first, skipped_layers
from .used_twice import added_up


def wiring(case: Case) -> Iterator[Finding]:
    owner = case.probe.subject.owner
    if owner is None or not layers_of(owner):
        return
    yield from overwritten_caches(case)
    yield from handed_caches(case)
    yield from unchained(case)
    yield from skipped_layers(case)
    yield from between(case)


class _CacheKeeper(Recording):
    """Gives every backward of a layer that was used several times the
    attributes that its forward had left.
    """

    def __init__(self, root: object, last_first: bool) -> None:
        super().__init__(root)
        self.last_first = last_first
        self.kept: dict[int, list[dict[str, Any]]] = {}
        self.uses: dict[str, int] = {}

    def _record(
        self, path: str, layer: Any, phase: Any, name: str, bound: Any, args: Any, kwargs: Any
    ) -> Any:
        attributes = getattr(layer, "__dict__", None)
        if phase == "backward" and attributes is not None and self.kept.get(id(layer)):
            saved = self.kept[id(layer)].pop(-1 if self.last_first else 0)
            attributes.update({k: v for k, v in saved.items() if not _holds_gradients(k)})
        result = super()._record(path, layer, phase, name, bound, args, kwargs)
        if phase == "forward" and attributes is not None and path:
            self.uses[path] = self.uses.get(path, 0) + 1
            self.kept.setdefault(id(layer), []).append(
                {k: _kept(v) for k, v in attributes.items() if not callable(v)}
            )
        return result


def _kept(value: Any) -> Any:
    return list(value) if type(value) is list else value


def _holds_gradients(name: str) -> bool:
    low = name.lower()
    return (
        low.startswith(("d", "grad", "g_")) and low not in ("data", "dim", "dims", "drop", "dropout")
    ) or low.endswith(("grad", "grads", "gradient"))


def overwritten_caches(case: Case) -> Iterator[Finding]:
    """Backward is run with each use's own attributes put back: right now?"""
    owner = case.probe.subject.owner
    for last_first in (True, False):
        with _CacheKeeper(owner, last_first) as recording:
            gradients = _run_fresh(case)
        shared = [p for p, n in recording.uses.items() if n > 1]
        if not shared or gradients is None:
            return
        healed = list(case.repaired(gradients))
        if healed:
            for path in shared:
                where = f"{case.path}.{path}" if case.path else path
                finding = case.finding(
                    "cache-overwritten",
                    healed,
                    verified=True,
                    evidence={"layer": path, "uses": recording.uses[path]},
                    detail=f"{path} is used {recording.uses[path]} times in one forward; with the "
                    "attributes of each use put back before its backward, "
                    f"the gradient of {', '.join(healed)} is right",
                )
                finding.where = where
                layer = recording.layers.get(path)
                finding.subject = type(layer).__name__ if layer is not None else finding.subject
                yield finding
                return
            return
    yield from added_up(case, _CacheKeeper)


def _run_fresh(case: Case) -> dict[str, Any] | None:
    """A run whose root calls go through the recorded methods."""
    try:
        return case.probe.run().gradients
    except SubjectError:
        return None


def unchained(case: Case) -> Iterator[Finding]:
    """Layers that feed one another in forward but are handed the very same gradient in backward."""
    owner = case.probe.subject.owner
    with Recording(owner, copy=True) as recording:
        if _run_fresh(case) is None:
            return
    calls = [c for c in recording.calls if c.path and c.error is None]
    forwards = [c for c in calls if c.phase == "forward"]
    backwards = {c.path: c for c in calls if c.phase == "backward"}
    # layers side by side in one composite: what is inside of them is another chain
    for parent in dict.fromkeys(c.parent for c in forwards):
        chain = _longest_chain([c for c in forwards if c.parent == parent], backwards)
        ends = [_same_gradient(chain[:end], backwards) for end in range(2, len(chain) + 1)]
        same = max(ends, key=len, default=[])
        if len(same) < 2:
            continue
        healed = case.repaired(chained(case, [c.path for c in chain]))
        names = [f"{case.path}.{c.path}" if case.path else c.path for c in same]
        yield case.finding(
            "unchained-upstream",
            healed or case.wrong,
            verified=bool(healed),
            evidence={"handed the same gradient": names},
            detail=f"{', '.join(names)} feed one another in forward, and in backward are all handed the "
            "same gradient; "
            + (
                "with each handed what its successor returned, the gradient is right"
                if healed
                else "only the last of them is right"
            ),
        )
        return


def _same_gradient(chain: list[Call], backwards: dict[str, Call]) -> list[Call]:
    """The last of a chain, and those that are handed what it is handed, although their successor returned
    something else.
    """
    if not chain:
        return []
    top = first(backwards[chain[-1].path].inputs)
    found = [
        call
        for call, successor in itertools.pairwise(chain)
        if _equal(first(backwards[call.path].inputs), top)
        and not _equal(first(backwards[successor.path].outputs), top)
    ]
    return [*found, chain[-1]]


def _longest_chain(forwards: list[Call], backwards: dict[str, Call]) -> list[Call]:
    """Calls in which each takes as its first input what the one before has returned."""
    chains: list[list[Call]] = []
    for call in forwards:
        if call.path not in backwards:
            continue
        x = first(call.inputs)
        before = next((c for c in reversed(chains) if _equal(first(c[-1].outputs), x)), None)
        chains.append([*(before or []), call])
    return max(chains, key=len, default=[])


class _Chainer(Recording):
    """In backward, hands every layer of a chain what its successor has returned."""

    def __init__(self, root: object, chain: list[str]) -> None:
        super().__init__(root)
        self.chain = chain
        self.returned: dict[str, Any] = {}

    def _record(
        self, path: str, layer: Any, phase: Any, name: str, bound: Any, args: Any, kwargs: Any
    ) -> Any:
        if phase == "backward" and path in self.chain[:-1]:
            successor = self.chain[self.chain.index(path) + 1]
            if successor in self.returned:
                args = (self.returned[successor], *args[1:])
        result = super()._record(path, layer, phase, name, bound, args, kwargs)
        if phase == "backward" and path in self.chain:
            returned = first(result)
            self.returned[path] = None if returned is None else returned.copy()
        return result


def chained(case: Case, chain: list[str]) -> dict[str, Any] | None:
    """The gradients with each layer of a chain handed what its successor has returned."""
    with _Chainer(case.probe.subject.owner, chain):
        return _run_fresh(case)


def chain_of(forwards: list[Call], path: str) -> list[str]:
    """The layers that feed one another in forward, the one at this path among them."""
    chain = [c.path for c in _longest_chain(forwards, {c.path: c for c in forwards})]
    return chain if path in chain else []


def _equal(a: np.ndarray | None, b: np.ndarray | None) -> bool:
    return a is not None and b is not None and a.shape == b.shape and bool(np.array_equal(a, b))


__all__ = ["chain_of", "chained", "wiring"]
