"""Does a call leave something behind that the next one starts from?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from ...arrays_inside import Place, places
from ...errors import SubjectError
from ...naming import STATISTICS
from ...objects import find_method, stored_attributes
from ...report import Finding
from ...step_model import StepModel
from ...structure import copied
from .exchange import changed
from .names import calls, identifiers, own_names, says
from .said import finding
from .scene import Scene, as_arrays
from .spots import first_reading

RESETS = (
    "reset_state",
    "reset_states",
    "reset_hidden",
    "reset",
    "init_hidden",
    "init_state",
    "zero_state",
    "clear_state",
)
MEANT = (
    r"state_?ful|stream|(?<![a-z])online|incremental|cached_?(decod|gener)|kv_?cache|spectral|power_iter|codebook|replay|anneal"
    r"|schedule|reservoir|echo_state|spik|memory_bank|queue"
)
OTHER = re.compile(
    r"count|step|iter|epoch|temperature|anneal|usage|codebook|history|^u$|^v$|^_?t$|mean|var|momentum", re.I
)


def state_carried_over(scene: Scene, layers: list[Scene]) -> Iterator[Finding]:
    """The same input twice, without putting the state back in between; then with one attribute put back."""
    if (
        isinstance(scene.face, StepModel)
        or not scene.y.size
        or says(identifiers(scene) | own_names(scene), MEANT)
    ):
        return
    owner = scene.face.owner
    if owner is not None and stored_attributes(owner).get("stateful") is True:
        return
    first, second = _twice(scene)
    if first is None or second is None or not changed(first, second).any():
        return
    resets = [n for n in RESETS if owner is not None and find_method(owner, n) is not None]
    if resets and not calls(scene, *resets):
        _, again = _twice(scene, lambda: _reset(owner, resets[0]))
        if again is not None and not changed(first, again).any():
            return  # carrying is what it is for: one asks it to forget
    carrier = _carrier(scene, first) if owner is not None else None
    if carrier is not None and (STATISTICS.search(carrier.path) or OTHER.search(carrier.name)):
        return
    if carrier is None and owner is not None and _statistics(scene, first):
        return
    if carrier is None and not _of_the_data(scene, second):
        return  # a generator of random numbers, or a counter, that has gone on
    what = (
        f"{carrier.path}: put back, the output is the first one again"
        if carrier
        else "something outside of the object"
    )
    place = _at(scene, layers, carrier)
    yield finding(
        "state-carried-over",
        place,
        f"the same input gives another output at the second call (largest difference"
        f" {np.abs(first - second).max():.3g}); what is carried over is {what}",
        {
            "largest difference": float(np.abs(first - second).max()),
            "carried in": carrier.path if carrier else "",
        },
        target=carrier.path if carrier else "",
        spot=first_reading(place, carrier.name, asking=True) if carrier else None,
    )


def _at(scene: Scene, layers: list[Scene], carrier: Place | None) -> Scene:
    """The innermost layer that keeps what is carried over."""
    keepers = [s for s in layers if carrier is not None and carrier.path.startswith(f"{s.path}.")]
    return max(keepers, key=lambda s: len(s.path), default=scene)


def _twice(scene: Scene, between: Any = None) -> tuple[np.ndarray | None, np.ndarray | None]:
    """The first output of two calls, the second from the state that the first has left."""
    try:
        first = _first(scene.call())
        if between is not None:
            between()
        second = _first(scene.call_on())
    except SubjectError:
        return None, None
    finally:
        scene.state.restore()
    return (first, second) if first.shape == second.shape else (None, None)


def _of_the_data(scene: Scene, second: np.ndarray) -> bool:
    """Whether the second output is another one when the first call was on other values."""
    others = tuple(_other(value) for value in scene.inputs)
    try:
        scene.call(others)
        after = _first(scene.call_on())
    except SubjectError:
        return True
    finally:
        scene.state.restore()
    return after.shape != second.shape or bool(changed(after, second).any())


def _other(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    return 0.7 - 1.3 * value if value.dtype.kind == "f" else np.roll(value, 1)


def _first(outputs: Any) -> np.ndarray:
    return next(iter(as_arrays(outputs).values()), np.zeros(0))


def _reset(owner: Any, name: str) -> None:
    try:
        getattr(owner, name)()
    except Exception:
        return


def _carrier(scene: Scene, first: np.ndarray) -> Place | None:
    """The attribute that, put back alone, makes the second output the first one again."""
    owner = scene.face.owner
    scene.state.restore()
    before = {p.path: (p, copied(p.get())) for p in places(owner)}
    names = dict(stored_attributes(owner).items())
    scene.call()
    changed_places = [
        p
        for p in places(owner)
        if p.path not in before
        or not np.array_equal(np.asarray(p.get()), np.asarray(before[p.path][1]), equal_nan=True)
    ]
    for place in changed_places:
        was = before[place.path][1] if place.path in before else names.get(place.name)
        _, again = _twice(scene, lambda place=place, was=was: place.rebind(copied(was)))
        if again is not None and not changed(first, again).any():
            return place
    return None


def _statistics(scene: Scene, first: np.ndarray) -> bool:
    """Whether what is carried are statistics or counters: all of them put back, nothing differs."""
    owner = scene.face.owner
    scene.state.restore()
    before = {
        p.path: copied(p.get()) for p in places(owner) if STATISTICS.search(p.path) or OTHER.search(p.name)
    }
    numbers = {n: v for n, v in stored_attributes(owner).items() if isinstance(v, int) and OTHER.search(n)}

    def back() -> None:
        for place in places(owner):
            if place.path in before:
                place.rebind(copied(before[place.path]))
        for name, value in numbers.items():
            object.__setattr__(owner, name, value)

    _, again = _twice(scene, back)
    return again is not None and not changed(first, again).any()
