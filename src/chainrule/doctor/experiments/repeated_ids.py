"""Ids that are looked up more than once: each of their gradients counts.

With ids that are all different, is backward right? And with one that comes twice, wrong again? Then what it
does with repeated ids is the fault, whichever way it adds them up.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..case import Case
from ..report import Finding
from ..structure import is_array
from .elsewhere import refilled


def repeated_ids(case: Case) -> Iterator[Finding]:
    for place, ids in enumerate(case.probe.inputs):
        if not is_array(ids) or ids.dtype.kind not in "iu" or not case.wrong:
            continue
        different = np.unique(ids)
        if not 3 <= different.size < ids.size:
            continue
        again = np.concatenate([different[:1], different[:-1]])
        if _wrong_with(case, place, different) == [] and _wrong_with(case, place, again) == case.wrong:
            yield case.finding(
                "duplicate-index-lost",
                case.wrong,
                verified=True,
                evidence={"right with": different.tolist(), "wrong with": again.tolist()},
                detail=f"with ids that are all different ({', '.join(map(str, different[:6]))} ...), the "
                f"gradient of {', '.join(case.wrong[:6])} is right; with as many, of which one comes twice, "
                "it is wrong",
            )
            return


def _wrong_with(case: Case, place: int, ids: np.ndarray) -> list[str] | None:
    """Which gradients are wrong with these ids in the place of all others; None if the code refuses."""
    given: list[Any] = [*case.probe.inputs, case.probe.subject.target]
    given[place] = ids.reshape((1,) * (given[place].ndim - 1) + (-1,))
    with refilled(case, tuple(given)) as other:
        return None if other is None else other.doubtful
