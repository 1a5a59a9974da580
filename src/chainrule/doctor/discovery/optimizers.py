"""A second opinion on the optimizers of a file, which were tried on layers that the doctor has made up."""

from __future__ import annotations

import inspect
import re
from typing import Any

from ..report import Finding, Report


def of_layers_with_other_names(cls: type, report: Report) -> Report:
    """What an optimizer never speaks of tells nothing, and neither does a step that first asks what it is
    given.
    """
    code = "\n".join(source_of(kind) for kind in cls.__mro__[:-1])
    asks = re.search(r"hasattr|isinstance|getattr|__dict__", code) is not None
    idle = [f for f in report.findings if asks and f.evidence.get("applied") == 0]
    report.findings = [f for f in report.findings if f not in idle and not _is_unknown(f, code)]
    if idle and not report.findings:
        report.not_tested.append("it asks for layers of its own; check_training tries it on yours")
    return report


def _is_unknown(finding: Finding, code: str) -> bool:
    names = {target.rpartition(".")[2] for target in finding.targets}
    spoken = any(re.search(rf"\b{re.escape(name)}\b", code) for name in names)
    return finding.code == "parameter-not-updated" and not spoken


def source_of(thing: Any) -> str:
    """The text of a class or a function; "" where there is none."""
    try:
        return inspect.getsource(thing)
    except (OSError, TypeError):
        return ""
