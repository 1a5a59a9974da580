"""Factors that one of the two leaves out: 1 / sqrt(d), a count, a sign."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from .arrays import changed, weights_first
from .explanation import Explanation, number, scaling
from .meeting import Meeting
from .sights import text_of
from .sources import without


def factors(meeting: Meeting) -> dict[float, str]:
    """Factors that people forget: roots and counts of the axes' lengths."""
    shapes = [np.shape(v) for v in meeting.case.probe.inputs]
    shapes += [meeting.value(n, 0).shape for n in meeting.case.probe.names]
    lengths = sorted({k for s in shapes for k in s if k > 1})
    lengths += sorted(
        {k // h for k in lengths for h in range(2, 9) if k % h == 0 and k // h > 1} - set(lengths)
    )
    found: dict[float, str] = {}
    for n in lengths:
        found.setdefault(1 / np.sqrt(n), f"divided by sqrt({n})")
        found.setdefault(np.sqrt(n), f"times sqrt({n})")
    for n in lengths:
        found.setdefault(1 / n, f"divided by {n}")
        found.setdefault(float(n), f"times {n}")
    return found | {-1.0: "with the other sign", 2.0: "times 2", 0.5: "divided by 2"}


def factor_code(meeting: Meeting, factor: float, words: str) -> str:
    if factor == -1:
        return "sign-flipped"
    text = text_of(meeting.case)
    attends = (
        "exp" in text or "softmax" in text or any(re.search(r"q", n, re.I) for n in meeting.case.probe.names)
    )
    if "sqrt" in words and attends:
        return "attention-scale-missing"
    return "mean-sum-mismatch" if factor != 2 and "sqrt" not in words else "reference-mismatch"


def of_factors(meeting: Meeting) -> Iterator[Explanation]:
    """A factor that one of them leaves out, of an array, or of a gate's (a query's) weights and bias
    together.
    """
    single = [(n,) for n in weights_first(meeting)]
    for names in [*_together(meeting), *single]:
        for factor, words in factors(meeting).items():
            if changed(meeting, {n: scaling(factor) for n in names}):
                code = factor_code(meeting, factor, words)
                attends = code == "attention-scale-missing"
                listed = ", ".join(f"`{n}`" for n in names)
                more = ": the attention scores are scaled otherwise" if attends else ""
                if factor == -1 and len(names) > 1:
                    code, more = (
                        "reference-mismatch",
                        ": the one has g where the other has 1 - g for this gate",
                    )
                yield Explanation(
                    code,
                    f"with {listed} {words}, the output equals the reference's{more}",
                    {"parameters": names, "factor": float(number(factor))},
                    fix="scores = q @ k.T / np.sqrt(d)    # d: the size of one head"
                    if attends
                    else f"{listed} {words}",
                )
                return


def _together(meeting: Meeting) -> list[tuple[str, ...]]:
    """Weights and bias of one gate, or of the query: Wq, bq."""
    names = [n for n in meeting.case.probe.names if n not in meeting.case.probe.subject.input_names[:1]]
    groups = [tuple(n for n in names if without(n, letter) is not None) for letter in ("q", "k", *"ifgocrzn")]
    return [g for g in dict.fromkeys(groups) if 1 < len(g) < len(names)]
