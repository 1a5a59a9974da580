"""A backward that is handed the labels, and starts the gradient itself:

    def backward(self, Y):
        delta = (self.A - Y) / Y.shape[1]

It is no function of a gradient from above; it is the gradient of a loss that it does not mention. Which one,
is read off: from the model's own `compute_loss(X, Y)`, or by trying the usual ones. What backward gives must
be a known multiple of one of them, for one gradient at least: then the others are compared with the same.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .calling import positional, required
from .errors import NotASubject, SubjectError
from .label_losses import SQUARED, LabelLoss, readings
from .naming import TARGETS
from .objects import find_method
from .probe import Probe
from .structure import copied, is_array
from .subject import Subject

LABELS = re.compile(
    r"^((y|t)s?|(y|t)_?(true|batch|train|real|onehot|one_hot|hot|oh|enc|data|target|label)s?|tags|classes|answers?|desired\w*"
    r"|(expected|actual|true|correct)(_?(ys?|labels?|values?|class(es)?|outputs?|targets?))?|(target|label)\w*|(batch|train)_?(y|labels?|targets?))$",
    re.I,
)
LOSSES = re.compile(r"loss|cost|cross_?entropy|(^|_)(bce|mse|nll|criterion|objective)", re.I)
NO_LOSSES = re.compile(r"grad|deriv|prime|delta|backward|^d_?(loss|cost)|history|plot|^_*$", re.I)
SAME = 1e-5
STEP = 1e-4


@dataclass
class Meant:
    """What a subject with such a backward is to be checked as."""

    face: Subject | None = None  # None: it could not be told which loss is meant
    said: str = ""
    surely: bool = False  # whether the code itself says which loss


def meant(face: Subject, seed: int = 0) -> Meant | None:
    """The subject with its loss; None where backward takes what every backward takes."""
    name = _labels_of(face)
    if name is None:
        return None
    base = _outputs(face, seed)
    if base is None:
        return None
    y, inputs = base
    given = np.asarray(face.target) if is_array(face.target) else None
    method = getattr(face.backward_function, "__name__", "backward")
    said = f"{method}({name}) takes labels and starts the gradient itself"
    best: tuple[Fit, np.ndarray] | None = None
    ran = False
    for labels, losses in readings(y, given):
        fit = _fitting(_with(face, inputs, losses[0], labels), y, losses, seed)
        ran = ran or fit is not None
        if fit is None or fit.loss is None:
            continue
        if best is None or fit.worth > best[0].worth:
            best = fit, labels
        if fit.whole or fit.own is not None:
            break
    if not ran:
        return None
    if best is None:
        return Meant(
            None,
            f"{said}, and of none of the usual losses is what it gives the gradient, not even of one "
            "parameter: hand in loss= and target=",
        )
    fit, labels = best
    assert fit.loss is not None
    said += f": that of {fit.loss.says(y)}"
    if fit.own is not None:
        same = fit.own == fit.loss
        said += ", as the code's own loss" if same else f" (the code's own loss is {fit.own.says(y)})"
    return Meant(_with(face, inputs, fit.loss, labels), said, fit.own is not None)


def _labels_of(face: Subject) -> str | None:
    """The name of backward's labels, if it has any by their name, and they are all that arrives."""
    if face.loss is not None or type(face) is not Subject:
        return None
    names = [p.name for p in positional(face.backward_function)]
    found = [n for n in names if (LABELS.match(n) or TARGETS.match(n)) and n not in face.input_names]
    return found[0] if len(found) == 1 else None


def _outputs(face: Subject, seed: int) -> tuple[np.ndarray, tuple[Any, ...]] | None:
    """The prediction at the point, and the inputs there; None where a gradient of 0 from above gives 0: then
    it is an ordinary gradient under another name.
    """
    try:
        probe = Probe(face, seed=seed)
    except SubjectError:
        return None
    try:
        upstreams = [name for role, name in face.call.roles if role == "upstream"]
        outputs = probe.outputs()
        if len(outputs) != 1 or len(upstreams) != 1 or not LABELS.match(upstreams[0]):
            return None
        (y,) = outputs.values()
        try:
            gradients = probe.run(upstream={n: np.zeros_like(v) for n, v in outputs.items()}).gradients
        except SubjectError:
            return (y, probe.inputs) if y.ndim > 1 else None  # class numbers may be wanted
        if not any(is_array(g) and np.any(g) for g in gradients.values()):
            return None
        return y, probe.inputs
    finally:
        probe.close()


def _with(face: Subject, inputs: tuple[Any, ...], loss: LabelLoss, labels: np.ndarray) -> Subject:
    subject = face.owner if face.owner is not None else (face.forward_function, face.backward_function)
    return Subject(subject, inputs, dict(face.kwargs), name=face.name, loss=loss, target=labels)


@dataclass
class Fit:
    """How what backward gives for some labels fits the losses that they may stand for."""

    loss: LabelLoss | None = None  # what to compare with
    worth: tuple[int, int, int] = (0, 0, 0)
    whole: bool = False  # whether all gradients are right
    own: LabelLoss | None = None  # what the code itself says


def _fitting(face: Subject, y: np.ndarray, losses: list[LabelLoss], seed: int) -> Fit | None:
    """None where backward does not run with these labels."""
    try:
        probe = Probe(face, seed=seed)
    except (SubjectError, NotASubject):
        return None
    try:
        gradients = probe.run().gradients
        face.loss = None  # from here on the prediction itself
        due = [n for n in probe.names if is_array(gradients.get(n))]
        due = [n for n in due if gradients[n].shape == probe.value(n).shape]
        factors = _factors(probe, due, gradients, losses, face.target)
        own = _own_loss(probe, losses)
        added = _are_added(face)
        stepped = any(p.gradient is None for p in face.parameters)  # by backward itself
    except (SubjectError, NotASubject):
        return None
    finally:
        probe.close()
    best = Fit(own=own)
    for loss, known in zip(losses, factors, strict=True):
        for variant in loss.variants(y):
            count = variant.factor / np.prod([y.shape[a] for a in variant.counted])
            for sign in (1, -1):
                right = [n for n, c in known.items() if c is not None and abs(c * count * sign - 1) < SAME]
                worth = len(right), sum(gradients[n].size for n in right), sign
                if right and worth > best.worth:
                    meant_sign = sign if added or (own is None and not stepped) else 1
                    signed = replace(variant, factor=variant.factor * meant_sign)
                    best = Fit(signed, worth, len(right) == len(known), own)
    if own is not None and not _stands(best, own):
        best.loss = own
    return best


def _stands(fit: Fit, own: LabelLoss) -> bool:
    """Whether backward is compared with what it fits, though the code's own loss is another one: all of it is
    right for a loss of another kind (the own one is only looked at), or it is the squared error, of which
    everybody leaves away the 2 and the counts.
    """
    if fit.loss is None:
        return False
    return fit.whole if fit.loss.kind != own.kind else own.kind == SQUARED


def _are_added(face: Subject) -> bool:
    """Whether gradients that are stored are added to the parameters: W += rate * dW, with y - prediction."""
    try:
        place = type(face.owner) if face.owner is not None else inspect.getmodule(face.backward_function)
        text = inspect.getsource(place) if place is not None else ""
    except (OSError, TypeError):
        return False
    parts = [[part for part in p.name.split(".") if not part.isdigit()] for p in face.parameters]
    names = "|".join(re.escape(part[-1]) for part in parts if part) or r"\w*(weight|bias|[wb])s?\d?"
    return bool(re.search(rf"\b({names})(\[[^\]]*\])*\s*(\+=|=\s*[\w.]*\b\1(\[[^\]]*\])*\s*\+)", text))


def _factors(
    probe: Probe,
    names: list[str],
    gradients: dict[str, np.ndarray],
    losses: list[LabelLoss],
    labels: np.ndarray,
) -> list[dict[str, float | None]]:
    """For each loss and gradient the c in n = c a, None where there is no such number."""
    found: list[dict[str, float | None]] = [{} for _ in losses]
    for name in names:
        value, a = probe.value(name), gradients[name]
        ratios: list[list[float]] = [[] for _ in losses]
        for i in range(2):
            direction = np.random.default_rng([7 + i, 8_191]).normal(size=value.shape)
            h = STEP * max(1e-3, float(np.sqrt(np.mean(value**2))))
            at = {
                k: next(iter(probe.outputs({name: value + k * h * direction}).values()))
                for k in (-2, -1, 1, 2)
            }
            along = float(np.vdot(a, direction))
            for loss, several in zip(losses, ratios, strict=True):
                v = {k: loss.loss(y, labels) for k, y in at.items()}
                slope = (8 * (v[1] - v[-1]) - (v[2] - v[-2])) / (12 * h)
                if abs(along) + abs(slope) > 1e-9:
                    several.append(slope / along if along else np.inf)
        for known, several in zip(found, ratios, strict=True):
            if several:
                same = np.isfinite(several[0]) and abs(several[0] - several[-1]) <= SAME * abs(several[0])
                known[name] = several[0] if same else None
    return found


def _own_loss(probe: Probe, losses: list[LabelLoss]) -> LabelLoss | None:
    """Which of these losses, and divided by what, is the number that the code's own loss gives?"""
    face = probe.subject
    forward = probe.forward(probe.inputs)
    (y,) = (np.array(v, dtype=float) for v in forward.leaves.values())
    known = [(v, v.loss(y, face.target)) for loss in losses for v in loss.variants(y)]
    for function in _loss_functions(face):
        for arguments in _arguments(function, probe.inputs, y, face.target):
            try:
                with np.errstate(all="ignore"):
                    value = np.asarray(function(*(copied(v) for v in arguments)), dtype=float)
            except Exception:  # foreign code, called on a guess
                continue
            if value.size != 1 or not np.all(np.isfinite(value)):
                continue
            number = float(value.ravel()[0])
            for variant, expected in known:
                if abs(number - expected) <= SAME * abs(expected):
                    return variant
    return None


def _loss_functions(face: Subject) -> Iterator[Callable[..., Any]]:
    """The methods of a model, or the functions beside a pair, that are called a loss."""
    if face.owner is not None:
        names = [n for n in dir(type(face.owner)) if not n.startswith("__")]
    else:
        names = list(getattr(face.backward_function, "__globals__", {}))
    for name in names:
        if not LOSSES.search(name) or NO_LOSSES.search(name):
            continue
        if face.owner is not None:
            function = find_method(face.owner, name)
            function = getattr(face.owner, name) if function is not None else None
        else:
            function = face.backward_function.__globals__[name]
        if callable(function) and not isinstance(function, type):
            yield function


def _arguments(
    function: Callable[..., Any], inputs: tuple[Any, ...], y: np.ndarray, labels: np.ndarray
) -> Iterator[tuple[Any, ...]]:
    """(X, labels), (prediction, labels), (labels, prediction), (labels,)"""
    wanted = len(required(function))
    if wanted == 1:
        yield (labels,)
    elif wanted == 2 and len(inputs) == 1:
        yield from ((y, labels), (labels, y), (inputs[0], labels))
    elif wanted == 2:
        yield from ((y, labels), (labels, y))


__all__ = ["meant"]
