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
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .calling import positional
from .errors import NotASubject, SubjectError
from .fitting_loss import Fit, best_fit, factors_to
from .label_losses import SQUARED, GivenLoss, LabelLoss, TakesLabels, readings
from .naming import LABELS, TARGETS
from .own_loss import own_loss
from .probe import Probe
from .structure import is_array
from .subject import Subject


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
    base = _outputs(_with(face, face.inputs, None, face.target), seed)
    if base is None:
        return None
    method = getattr(face.backward_function, "__name__", "backward")
    said = f"{method}({name}) takes labels and starts the gradient itself"
    if face.loss is not None:
        handed = _with(face, face.inputs, GivenLoss(face.loss), face.target)
        return Meant(handed, f"{said}: compared with loss=", True)
    untold = Meant(
        None,
        f"{said}, and of none of the usual losses is what it gives the gradient, not even of one "
        "parameter: hand in loss= and target=",
    )
    y, inputs = base
    if y is None:
        return untold
    fits = list(_fits(face, y, inputs, seed))
    if not fits:
        return None
    fit, labels = max(fits, key=lambda f: f[0].worth)
    if fit.loss is None:
        return untold
    said += f": that of {fit.loss.says(y)}"
    if fit.own is not None:
        same = fit.own == fit.loss
        said += ", as the code's own loss" if same else f" (the code's own loss is {fit.own.says(y)})"
    return Meant(_with(face, inputs, fit.loss, labels), said, fit.own is not None)


def _fits(
    face: Subject, y: np.ndarray, inputs: tuple[Any, ...], seed: int
) -> Iterator[tuple[Fit, np.ndarray]]:
    """How each kind of labels fits that backward runs with, up to the first that leaves no question."""
    given = np.asarray(face.target) if is_array(face.target) else None
    for labels, losses in readings(y, given):
        fit = _fitting(_with(face, inputs, losses[0], labels), y, losses, seed)
        if fit is not None:
            yield fit, labels
            if fit.whole or fit.own is not None:
                return


def _labels_of(face: Subject) -> str | None:
    """The name of backward's labels, if it has any by their name, and they are all that arrives."""
    if isinstance(face.loss, TakesLabels) or type(face) is not Subject:
        return None
    names = [p.name for p in positional(face.backward_function)]
    found = [n for n in names if (LABELS.match(n) or TARGETS.match(n)) and n not in face.input_names]
    return found[0] if len(found) == 1 else None


def _outputs(face: Subject, seed: int) -> tuple[np.ndarray | None, tuple[Any, ...]] | None:
    """The prediction at the point (None: there are several), and the inputs there; None where a gradient of 0
    from above gives 0: then it is an ordinary gradient under another name.
    """
    try:
        probe = Probe(face, seed=seed)
    except SubjectError:
        return None
    try:
        upstreams = [name for role, name in face.call.roles if role == "upstream"]
        outputs = probe.outputs()
        if len(upstreams) != 1 or not LABELS.match(upstreams[0]):
            return None
        y = next(iter(outputs.values())) if len(outputs) == 1 else None
        try:
            gradients = probe.run(upstream={n: np.zeros_like(v) for n, v in outputs.items()}).gradients
        except SubjectError:
            return (y, probe.inputs) if y is not None and y.ndim > 1 else None  # class numbers may be wanted
        if not any(is_array(g) and np.any(g) for g in gradients.values()):
            return None
        return y, probe.inputs
    finally:
        probe.close()


def _with(face: Subject, inputs: tuple[Any, ...], loss: TakesLabels | None, labels: Any) -> Subject:
    subject = face.owner if face.owner is not None else (face.forward_function, face.backward_function)
    return Subject(subject, inputs, dict(face.kwargs), name=face.name, loss=loss, target=labels)


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
        factors = factors_to(probe, due, gradients, losses, face.target)
        own, declared = own_loss(probe, losses)
        added = _are_added(face)
        stepped = any(p.gradient is None for p in face.parameters)  # by backward itself
    except (SubjectError, NotASubject):
        return None
    finally:
        probe.close()
    best = best_fit(y, losses, factors, gradients, own, upward=added or (own is None and not stepped))
    if own is not None and not _stands(best, own, declared):
        best.loss = own
        best.worth = best.worth[0] + len(due), *best.worth[1:]
    return best


def _stands(fit: Fit, own: LabelLoss, declared: bool) -> bool:
    """Whether backward is compared with what it fits, though the code's own loss is another one. All of it is
    right for a loss of another kind, and the own one is only looked at; or it is the squared error, of which
    everybody leaves away the 2 and the counts.
    """
    if fit.loss is None:
        return False
    return fit.whole and not declared if fit.loss.kind != own.kind else own.kind == SQUARED


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


__all__ = ["meant"]
