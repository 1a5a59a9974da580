"""What tests ask of a report."""

from __future__ import annotations

from typing import Any

import chainrule
from chainrule.doctor.report import Finding


def only(subject: Any, *inputs: Any, **more: Any) -> Finding:
    """The one finding of a check."""
    (finding,) = chainrule.check(subject, *inputs, **more).findings
    return finding


def text(finding: Finding) -> str:
    """The line that a finding points at."""
    with open(finding.file, encoding="utf-8") as file:
        return file.read().splitlines()[finding.line - 1].strip()
