"""Arrays that forward depends on as on parameters, and for which no gradient was recognized.

A gradient under a name of its own (`g_bv` for `bias_vec`) is found by its shape and by its letters. What is
left over without any is said: silence would read as "right".
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from .arrays_inside import Place, places, step
from .errors import SubjectError
from .naming import CELLS, HIDDEN, MASKS, STATISTICS, TARGETS, gradient_stems, plain
from .parameters import Parameter, is_gradient_place
from .structure import is_array

if TYPE_CHECKING:
    from .probe import Probe

# tables that are computed once, data, settings
CONSTANTS = re.compile(
    r"(^pe$|^pos|_pos|encod|sinus|sine|freq|theta_i|angle|^cos|^sin|tril|triu|causal|eye|ident|eps|basis|window"
    r"|hamming|template|grid|anchor|^x$|^x_|inputs?$|data|batch|cache|mean|std|var|_hat$|target|label|one_?hot"
    r"|^z\d*$|^a\d*$|^y$|^y_|output|result|activation|loss|noise|drop|rates?$|prob|alpha_bar|buffer|fixed|frozen"
    r"|laplacian|adjacen|^adj|^a_hat|edge|degree|norm_adj|prior|class_weight|count|history|lengthscale)",
    re.I,
)


def adopt(probe: Probe, before: Mapping[str, np.ndarray], after_forward: Mapping[str, np.ndarray]) -> None:
    """Called where backward has just run, with what stood at each path before forward and before backward.

    Parameters whose gradients go by another name are added to the subject's; `probe.subject.overlooked`
    names the others, with what may be their gradient.
    """
    subject = probe.subject
    everything = places(subject.owner)
    left = [p for p in everything if _like_a_parameter(p, before, after_forward)]
    left = _without_known(left, [p.place.get() for p in subject.parameters])
    left = [p for p in left if p.path not in subject.overlooked]
    if not left:
        return
    taken = {p.gradient.path for p in subject.parameters if p.gradient is not None}
    written = [p for p in everything if p.path not in taken and _written(p, after_forward)]
    gradients = {p.path: _gradient_of(p, left, written) for p in left}
    perhaps = {p.path: _perhaps(p, written) for p in left}
    with contextlib.suppress(SubjectError):
        probe.run()  # what is returned is recognized now
    left = _without_known(left, [p.place.get() for p in subject.parameters])
    for place in left:
        parameter = Parameter(place.path, place, gradients[place.path])
        if not _moves_the_output(probe, parameter):
            continue
        if parameter.gradient is not None:
            subject.parameters.append(parameter)
        else:
            subject.overlooked[place.path] = perhaps[place.path]


def needs_none(name: str, value: np.ndarray, of_a_loss: bool) -> bool:
    """Whether nobody expects a gradient for an input: a setting, running statistics, the labels of a loss."""
    last = name.rpartition(".")[2]
    return (
        np.ndim(value) == 0
        or STATISTICS.search(last) is not None
        or (of_a_loss and TARGETS.match(last) is not None)
    )


def _like_a_parameter(
    place: Place, before: Mapping[str, np.ndarray], after_forward: Mapping[str, np.ndarray]
) -> bool:
    """An array that was there before forward, and that neither forward nor backward has changed."""
    value = place.get()
    if not is_array(value) or not value.ndim or not value.size or place.path not in before:
        return False
    names = _attributes(place)
    kinds = (STATISTICS, MASKS, TARGETS, CONSTANTS)
    if is_gradient_place(place) or any(words.search(name) for words in kinds for name in names):
        return False
    if not np.any(value) and any(words.search(name) for words in (HIDDEN, CELLS) for name in names):
        return False  # where a sequence begins
    if value.ndim > 1 and np.any(value == 0) and len(np.unique(value)) == 2:
        return False  # a mask, by whatever name
    was, then = before[place.path], after_forward.get(place.path)
    return then is not None and np.array_equal(was, then) and np.array_equal(was, value)


def _attributes(place: Place) -> list[str]:
    """The names on the way, without the keys of dicts: in biases = {"z": ..., "h": ...} these are gates."""
    owner, names = place.root, []
    for key in place.keys:
        if not isinstance(owner, (dict, list, tuple)):
            names.append(str(key))
        owner = step(owner, key)
    return names


def _without_known(left: list[Place], known: list[object]) -> list[Place]:
    """Each array once, and none that shares its memory with a parameter."""
    kept: list[Place] = []
    arrays = [a for a in known if is_array(a)]
    for place in left:
        value = place.get()
        if is_array(value) and not any(np.may_share_memory(value, a) for a in arrays):
            kept.append(place)
            arrays.append(value)
    return kept


def _written(place: Place, after_forward: Mapping[str, np.ndarray]) -> bool:
    value = place.get()
    if not is_array(value):
        return False
    was = after_forward.get(place.path)
    return was is None or not np.array_equal(was, value, equal_nan=True)


def _gradient_of(place: Place, left: list[Place], written: list[Place]) -> Place | None:
    """What backward has written beside it in its shape, under a name that abbreviates its own: the only one
    of this kind, and for no other parameter.
    """
    fits = [w for w in written if _abbreviates(w, place)]
    if len(fits) != 1 or any(_abbreviates(fits[0], other) for other in left if other is not place):
        return None
    return fits[0]


def _perhaps(place: Place, written: list[Place]) -> str:
    """The only array of its shape that backward has written beside it."""
    fits = [w for w in written if w.container == place.container and w.get().shape == place.get().shape]
    return fits[0].path if len(fits) == 1 else ""


def _abbreviates(slot: Place, place: Place) -> bool:
    """g_bv for bias_vec: its letters in their order, the first one first."""
    beside = slot.container == place.container or slot.container.rpartition(".")[0] == place.container
    if not beside or np.shape(slot.get()) != np.shape(place.get()):
        return False
    name = plain(place.name)
    return any(stem[0] == name[0] and _in_order(stem, name) for stem in gradient_stems(slot.name))


def _in_order(letters: str, word: str) -> bool:
    rest = iter(word)
    return all(letter in rest for letter in letters)


def _moves_the_output(probe: Probe, parameter: Parameter) -> bool:
    value = parameter.place.get()
    noise = 0.1 * (np.abs(value).mean() + 0.1) * np.random.default_rng([29, 8_191]).normal(size=value.shape)
    try:
        base = probe.outputs()
        probe.subject.parameters.append(parameter)
        moved = probe.outputs({parameter.name: value + noise})
    except SubjectError:
        return False
    finally:
        if parameter in probe.subject.parameters:
            probe.subject.parameters.remove(parameter)
    return any(not np.array_equal(moved[n], base[n]) for n in base)


def told(path: str, perhaps: str) -> str:
    """What is said of one of them."""
    container, _, name = path.rpartition(".")
    beside = f"{container}." if container else ""
    looked = ", ".join(f"{beside}{n}" for n in (f"d{name}", f"grad_{name}", f"{name}_grad"))
    advice = (
        f'if {perhaps} is its gradient, say params={{"{path}": "{perhaps}"}}'
        if perhaps
        else f'if backward computes it, say params={{"{path}": "NAME OF ITS GRADIENT"}}'
    )
    return f"{path}: forward depends on it; no gradient found (looked for {looked} ...); {advice}"
