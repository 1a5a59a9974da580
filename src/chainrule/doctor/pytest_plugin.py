"""For pytest: a failing `assert chainrule.check(layer, x).ok` shows the whole report.

pytest cuts what it shows of an object to a few hundred characters on one line. The report is found among the
values that the failing assertion has computed, and stands below the traceback.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from types import TracebackType
from typing import Any

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Adds a section to the report of a failed test."""
    outcome = yield
    if call.excinfo is not None and "chainrule.doctor.report" in sys.modules:
        for text in _reports(call.excinfo.tb):
            outcome.sections.append(("chainrule.check", text))
    return outcome


def _reports(trace: TracebackType | None) -> list[str]:
    """What the failed reports say that the last frame with any of them knows."""
    from .report import Report

    found: list[str] = []
    while trace is not None:
        values: list[Any] = list(trace.tb_frame.f_locals.values())
        failed = {id(v): v for v in values if isinstance(v, Report) and not v.ok}
        found = [str(v) for v in failed.values()] or found
        trace = trace.tb_next
    return found
