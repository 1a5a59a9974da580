"""Gradients that are stopped or turned round on purpose, by the code's own words.

A target network's value, a codebook, a gradient reversal layer (Ganin et al. 2016): backward differs from the
derivative of forward, and is meant to. Without a word of that it is a fault.
"""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

import numpy as np

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
    r"stop[ _-]?grad|detach|\bno[ _-]?grad\b|(no|without( a| any)?) gradient|block\w* (the )?gradient"
    r"|gradients? (is|are|does|do|must|should|may)(n't| not)|gradients? (is|are) (stopped|blocked|cut)"
    r"|(treat|regard|held|hold|kept|keep)\w* (it |this |that |the \w+ )?(as )?(a )?(constant|fixed)"
    r"|not (to be )?(differentiated|back-?propagated)|semi-gradient",
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
        word = _said(REVERSED, _text(case))
        return f"{', '.join(names)}: the gradient is reversed on purpose (`{word}`)" if word else ""
    stopped = not any(np.any(case.a(n)) for n in names)
    line = finding.evidence.get("line in forward")
    if not stopped and not isinstance(line, int):
        return ""
    word = _said(STOPPED, _text(case, line if isinstance(line, int) and not stopped else None))
    return f"{', '.join(names)}: a gradient is stopped on purpose (`{word}`)" if word else ""


def _said(words: re.Pattern[str], text: str) -> str:
    """The line with the word, shortened."""
    found = words.search(text)
    if found is None:
        return ""
    start, end = text.rfind("\n", 0, found.start()) + 1, text.find("\n", found.end())
    line = text[start : end if end >= 0 else None].strip()
    return line if len(line) <= 60 else found.group()


def _text(case: Case, line: int | None = None) -> str:
    """The subject's name, its docstrings and backward with its comments; of forward the lines around one, or
    all.
    """
    subject = case.probe.subject
    kind = type(subject.owner) if subject.owner is not None else None
    texts = [subject.name, inspect.getdoc(kind) or "" if kind is not None else ""]
    for ahead, function in ((True, subject.forward_function), (False, subject.backward_function)):
        for part in reached(function, subject.owner):
            try:
                lines, first = inspect.getsourcelines(part)
            except (OSError, TypeError):
                continue
            texts.append(f"{part.__name__}\n{inspect.getdoc(part) or ''}")
            if ahead and line is not None:
                at = line - first
                lines = lines[max(at - NEAR, 0) : at + NEAR + 1] if 0 <= at < len(lines) else []
            texts.append("".join(lines))
    return "\n".join(texts)


__all__ = ["on_purpose"]
