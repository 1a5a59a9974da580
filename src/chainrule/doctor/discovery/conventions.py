"""A second opinion on what was found in a file: code that looks wrong by itself may be right as it is meant.

Conventions of losses and of layers are asked one after the other; and a guess accuses nobody. A layer may be
wrong alone and right as a part, too: where the whole is right, nothing is said about the part.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..catalogue import CATALOGUE
from ..objects import layers_of
from ..probe import Probe
from ..quiet import quietly
from ..recorder import Recording
from ..report import Report
from ..step_model import StepModel, only_steps
from ..subject import Subject
from .found import Found
from .guess import of_the_guess
from .opinions_on_layers import at_the_input, mean_of_samples
from .opinions_on_losses import from_the_logits, of_one_column, of_one_label, without_upstream
from .opinions_on_shapes import of_the_gradients_shape
from .optimizers import of_layers_with_other_names
from .step_beside import with_step

LAYERS = ("class", "instance", "pair", "closure")
OPINIONS = (
    of_the_guess,
    from_the_logits,
    of_one_label,
    without_upstream,
    of_one_column,
    mean_of_samples,
    at_the_input,
    of_the_gradients_shape,
)


def second_opinion(found: Found, report: Report, seed: int = 0) -> Report:
    """The report, or one without findings where the code is right by a known convention; where nothing was
    found, what is wrong in the step beside it.
    """
    if found.kind == "optimizer":
        return of_layers_with_other_names(found.subject, report)
    if report.ok:
        try:
            beside = with_step(found, report, seed)
        except Exception:  # then nothing is said of its step
            return report
        return report if beside is None else beside
    if found.kind not in (*LAYERS, "loss", "whole"):
        return report
    for opinion in OPINIONS if found.kind in LAYERS else (of_the_guess, of_one_column):
        try:
            other = opinion(found, report, seed)
        except Exception:  # then it stays as it is
            continue
        if other is not None:
            other.name = report.name
            return other
    return report


def excuse_parts(results: Sequence[tuple[Found, Report | str]]) -> None:
    """Removes findings about gradients from classes whose objects are parts of something that is right, and
    whose backward that runs.
    """
    wholes = [
        found
        for found, report in results
        if not isinstance(report, str) and report.ok and found.kind in ("class", "instance", "step", "check")
    ]
    for found, report in results:
        if isinstance(report, str) or report.ok or found.kind != "class":
            continue
        # padding, too, may be what the layer before has set to 0
        if not all(CATALOGUE[f.code].section in "BC" or f.code == "padding-leak" for f in report.findings):
            continue
        kind = type(found.subject)
        owner = next((whole.name for whole in wholes if _runs_backward(whole, kind)), None)
        if owner is not None:
            report.findings.clear()
            report.assumed.append(f"right as a part of {owner}, though not alone")


def _runs_backward(whole: Found, kind: type) -> bool:
    """Whether the whole's backward calls that of a part of this class."""
    try:
        subject = whole.subject
        parts = {type(layer) for layer in layers_of(subject).values()}
    except Exception:
        return False
    if kind not in parts:
        return False
    told = dict(whole.kwargs)
    options = {name: told.pop(name, None) for name in ("training", "loss", "target")}
    try:
        with quietly(), Recording(subject) as recording:
            step = StepModel(subject, whole.inputs, options["target"]) if only_steps(subject) else None
            probe = Probe(step or Subject(subject, whole.inputs, told, **options))
            probe.run()
            probe.close()
    except Exception:  # nobody knows
        return True
    return any(call.phase == "backward" and type(call.layer) is kind for call in recording.calls)
