"""Losses beside models: what a model of the file gives tells what its loss is handed.

def chi2(pred, truth): return 0.5 * np.mean((pred - truth) ** 2)
def chi2_grad(pred, truth): return (pred - truth) / len(pred)

The two agree where each sample has one number, and only there. That a loss was tried with rows is a guess; a
model in the same file that gives one number for each sample is none.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..quiet import quietly
from ..report import Report
from ..subject import Subject
from .found import Found
from .opinions_on_losses import narrowed_to_one


def excuse_losses(results: Sequence[tuple[Found, Report | str]], seed: int) -> None:
    """Removes what was found of a loss that is right for what the models of its file give."""
    accused = [
        (found, report)
        for found, report in results
        if not isinstance(report, str)
        and found.kind == "loss"
        and [f.code for f in report.findings] == ["mean-sum-mismatch"]
    ]
    if not accused or not any(_gives_one_number(found) for found, _ in results):
        return
    for found, report in accused:
        one = narrowed_to_one(found, report, seed)
        if one is not None:
            report.findings.clear()
            report.assumed = one.assumed


def _gives_one_number(found: Found) -> bool:
    """Whether it makes one number of each sample: (batch,) or (batch, 1) of more than that."""
    if found.kind not in ("class", "instance"):
        return False
    try:
        with quietly():
            face = Subject(found.subject, found.inputs, dict(found.kwargs))
            outputs = list(face.forward(found.inputs).leaves.values())
            given = found.inputs[0].shape
    except Exception:  # then it tells nothing
        return False
    samples = given[:1]
    is_one = len(outputs) == 1 and outputs[0].shape in (samples, (*samples, 1))
    return is_one and outputs[0].size < np.prod(given)
