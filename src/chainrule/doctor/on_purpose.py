"""Gradients that are stopped or turned round on purpose, by the code's own words.

A target network's value, a codebook, a gradient reversal layer (Ganin et al. 2016): backward differs from the
derivative of forward, and is meant to. Without a word of that it is a fault.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .catalogue import CATALOGUE
from .experiments.counts import ratio
from .source.reach import reached

if TYPE_CHECKING:
    from .case import Case
    from .report import Finding

REVERSED = re.compile(
    r"(gradient|grad)s?[ _-]?revers|revers(e|es|ed|al of|ing) (the )?(sign of (the )?)?(incoming )?gradient"
    r"|\bGRL\b|rev(erse)?_?grad|adversarial domain",
    re.I,
)
STOPPED = re.compile(
    r"stop(s|ped)?[ _-]?(the[ _-])?grad|detach|\bno_grad\b|semi[ -]gradient"
    r"|straight-through|straight[ _]through[ _]estim",
    re.I,
)
# said of many things: only in a comment at the very place
STOPPED_HERE = re.compile(
    r"#.*("
    r"(no|without( a| any)?) gradient|block\w* (the )?gradient|gradients? (is|are) (stopped|blocked|cut)"
    r"|gradients? (is|are|does|do|must|should|may)(n't| not)|not (to be )?(differentiated|back-?propagated)"
    r"|(treat|regard|held|hold|kept|keep)\w* (it |this |that |the \w+ )?(as )?(a )?(constant|fixed))[^\n]*",
    re.I,
)
NEAR = 2  # lines


def on_purpose(case: Case, finding: Finding) -> str:
    """What is said of such gradients instead of a finding; "" where the code does not speak of it."""
    names = [n for n in finding.targets if n in case.wrong]
    if not names:
        return ""
    factors = [ratio(case.a(n), case.n(n)) for n in names]
    if all(f is not None and f < 0 for f in factors):
        word = _said(REVERSED, _told(case))
        return f"{', '.join(names)}: the gradient is reversed on purpose (`{word}`)" if word else ""
    line = finding.evidence.get("line in forward")
    nothing = not any(np.any(case.a(n)) for n in names)
    if not nothing and not isinstance(line, int):
        return ""
    here = _around(case, line) if isinstance(line, int) else ""
    word = _said(STOPPED_HERE, here) or _said(STOPPED, here)
    if not word and CATALOGUE[finding.code].section != "D":  # a state may be cut between batches, not inside
        word = _said(STOPPED, _told(case))
    return f"{', '.join(names)}: a gradient is stopped on purpose (`{word}`)" if word else ""


def _said(words: re.Pattern[str], text: str) -> str:
    """The line with the word, shortened."""
    found = words.search(text)
    if found is None:
        return ""
    start, end = text.rfind("\n", 0, found.start()) + 1, text.find("\n", found.end())
    line = text[start : end if end >= 0 else None].strip()
    return line if len(line) <= 60 else found.group()


def _told(case: Case) -> str:
    """The subject's name, its docstring, and its functions with their comments."""
    subject = case.probe.subject
    kind = type(subject.owner) if subject.owner is not None else None
    texts = [subject.name, inspect.getdoc(kind) or "" if kind is not None else ""]
    texts += [
        "".join(lines) for lines, _ in _sources(case, (subject.forward_function, subject.backward_function))
    ]
    return "\n".join(texts)


def _around(case: Case, line: int) -> str:
    """Forward's lines around one."""
    for lines, first in _sources(case, (case.probe.subject.forward_function,)):
        at = line - first
        if 0 <= at < len(lines):
            return "".join(lines[max(at - NEAR, 0) : at + NEAR + 1])
    return ""


def _sources(case: Case, functions: tuple[Any, ...]) -> Iterator[tuple[list[str], int]]:
    """The lines of these and of what they call, and the number of the first."""
    for function in functions:
        for part in reached(function, case.probe.subject.owner):
            try:
                yield inspect.getsourcelines(part)
            except (OSError, TypeError):
                continue


__all__ = ["on_purpose"]
