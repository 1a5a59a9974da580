"""What a model itself does between its layers: `h = np.tanh(self.first.forward(x))`. Its own backward has to
apply that activation's derivative before it hands the gradient to the layer below.

Which layer feeds which through an activation is read off the recorded calls: the one's input equals the
other's output, or tanh, ReLU, ... of it. Backward is then run with each layer handed what its successor
returned, times the slope.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..case import Case, Line, close
from ..probe import Arrays
from ..recorder import Call, Recording
from ..report import Finding
from .activations import ACTIVATIONS, Activation
from .counts import ratio
from .skipped import first


@dataclass(frozen=True)
class Link:
    """What one layer returns goes through an activation into another layer, or out of the model ("")."""

    before: str
    after: str
    activation: Activation
    slope: np.ndarray


def between(case: Case) -> Iterator[Finding]:
    """Is everything right with each layer handed its successor's gradient times the slope between them?"""
    with Recording(case.probe.subject.owner, copy=True) as recording:
        if case.again() is None:
            return
    links = _links(recording.calls)
    if all(link.activation.name == "identity" for link in links):
        return
    healed, changed = _linked(case, links)
    wrong = [link for link in reversed(links) if link.before in changed]  # as backward comes to them
    if set(healed) != set(case.doubtful) or any(link.activation.name == "identity" for link in wrong):
        return
    missing = [link for link in wrong if changed[link.before].is_untouched]
    others = [link for link in wrong if link not in missing]
    if missing:
        yield _finding(case, "activation-derivative-missing", missing, healed, changed)
    if others and _by_factors(case, links, others, changed):
        yield _finding(case, "activation-derivative-misplaced", others, healed, changed)


def _finding(
    case: Case, code: str, links: list[Link], healed: list[str], changed: dict[str, Handed]
) -> Finding:
    name, derivative = links[0].activation.name, links[0].activation.derivative
    paths = [f"{case.path}.{link.before}" if case.path else link.before for link in links]
    slopes = {
        f"{link.activation.name} behind {link.before}, its slope from / to": [
            float(link.slope.min()),
            float(link.slope.max()),
        ]
        for link in links
    }
    done = "without" if code.endswith("missing") else "times something else than"
    return case.finding(
        code,
        healed,
        verified=True,
        place=changed[links[0].before].called_at,
        evidence=slopes,
        detail=f"{name} takes what {' and '.join(paths)} return{'s' * (len(paths) == 1)}, and in backward "
        f"the gradient gets there {done} its derivative; with that, the gradient of "
        f"{', '.join(healed[:6])} is right",
        fix=f"dz = da * {derivative}\n# z is what {links[0].before} returned, a = {name}(z); dz is what its "
        "backward is handed",
    )


def _linked(
    case: Case, links: list[Link], upstream: Arrays | None = None
) -> tuple[list[str], dict[str, Handed]]:
    """Which gradients are right with the links kept to, and what is handed elsewhere that breaks one."""
    with _Linked(case.probe.subject.owner, links) as linked:
        gradients = case.again(upstream=upstream)
    return case.repaired(gradients), linked.changed


def _by_factors(case: Case, links: list[Link], wrong: list[Link], changed: dict[str, Handed]) -> bool:
    """Whether what was handed is the gradient times factors that do not depend on it, and not just a number:
    that would be another fault.
    """
    rng = np.random.default_rng([53, 8_191])
    other = {n: rng.normal(size=g.shape) for n, g in case.probe.upstream.items()}
    _, then = _linked(case, links, other)
    return all(
        link.before in then
        and ratio(changed[link.before].handed, changed[link.before].right) is None
        and close(
            changed[link.before].handed * then[link.before].above,
            then[link.before].handed * changed[link.before].above,
        )
        for link in wrong
    )


def _links(calls: list[Call]) -> list[Link]:
    """In the order of forward: each layer that is used once and feeds one other, with what is between."""
    done = [c for c in calls if c.phase == "forward" and c.error is None]
    once = [c for c in done if sum(d.path == c.path for d in done) == 1]
    called_back = {c.path for c in calls if c.phase == "backward"}
    found = []
    for call in once:
        z = first(call.outputs)
        if not call.path or call.path not in called_back or z is None or z.size < 3:
            continue
        parent = next((c for c in done if c.index == call.parent), None)
        takers = [
            (taker.path, first(taker.inputs))
            for taker in once
            if taker.parent == call.parent and taker.index > call.index and taker.path in called_back
        ]
        if parent is not None:
            takers.append((parent.path, first(parent.outputs)))
        fed = [(path, f) for path, x in takers if (f := _between(z, x)) is not None]
        if len(fed) == 1:
            after, activation = fed[0]
            found.append(Link(call.path, after, activation, activation.slope(z)))
    return found


def _between(z: np.ndarray, x: np.ndarray | None) -> Activation | None:
    """The activation that makes the one of the other."""
    if x is None or x.shape != z.shape or x.dtype.kind != "f":
        return None
    with np.errstate(all="ignore"):
        return next((f for f in ACTIVATIONS if close(f.f(z), x, tolerance=1e-9)), None)


@dataclass
class Handed:
    """What a layer's backward was handed, what it should have been, and where it was called."""

    handed: np.ndarray
    above: np.ndarray  # what its successor returned
    right: np.ndarray
    called_at: Line

    @property
    def is_untouched(self) -> bool:
        return close(self.handed, self.above, tolerance=1e-12)


class _Linked(Recording):
    """In backward, hands every layer before a link what its successor has returned, times the slope."""

    def __init__(self, root: object, links: list[Link]) -> None:
        super().__init__(root)
        self.links = {link.before: link for link in links}
        self.returned: dict[str, np.ndarray] = {}  # of a composite that still runs: what it was handed
        self.changed: dict[str, Handed] = {}

    def _record(
        self, path: str, layer: Any, phase: Any, name: str, bound: Any, args: Any, kwargs: Any
    ) -> Any:
        if phase == "backward" and args:
            args = (self._right(path, args[0]), *args[1:])
            given = first(args[0])
            if given is not None:
                self.returned[path] = given.copy()
        result = super()._record(path, layer, phase, name, bound, args, kwargs)
        if phase == "backward" and (returned := first(result)) is not None:
            self.returned[path] = returned.copy()
        return result

    def _right(self, path: str, handed: Any) -> Any:
        link = self.links.get(path)
        above = self.returned.get(link.after) if link is not None else None
        if (
            link is None
            or above is None
            or above.shape != link.slope.shape
            or np.shape(handed) != above.shape
        ):
            return handed
        right = above * link.slope
        if close(handed, right, tolerance=1e-7):
            return handed
        self.changed[path] = Handed(np.array(handed), above, right, _called_at())
        return right


def _called_at() -> Line:
    """The line of the user's code that called the recorded method."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("chainrule.doctor"):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


__all__ = ["between"]
