"""Does a model's own step do what its gradient asks for? Where a target comes with a model that steps, the
update is under test as much as the gradient.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from .report import Finding
from .step_model import step_of

OF_THE_UPDATE = frozenset(
    {"update-disagrees", "adam-bias-correction-wrong", "parameter-not-updated", "rows-not-updated"}
)


def with_update(subject: Any, inputs: Sequence[Any], target: Any, found: list[Finding]) -> list[Finding]:
    """The findings, with those of section F about the update in front; what they explain is not repeated."""
    from .training import check_training

    if target is None or inspect.isclass(subject) or step_of(subject) is None or len(inputs) != 1:
        return found
    try:
        report = check_training(subject, inputs[0], target)
    except Exception:  # it asks for more than a step
        return found
    of_update = [f for f in report.findings if f.code in OF_THE_UPDATE and f.verified]
    proved = {t for f in found if f.verified for t in f.targets}  # then the step is off because of it
    of_update = [f for f in of_update if f.code != "update-disagrees" or not set(f.targets) & proved]
    explained = {t for f in of_update for t in f.targets}
    rest = [f for f in found if f.verified or not set(f.targets) <= explained]
    known = {(f.code, f.where) for f in rest}
    return [*(f for f in of_update if (f.code, f.where) not in known), *rest]


__all__ = ["with_update"]
