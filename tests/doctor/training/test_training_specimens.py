"""Every specimen of section F: its fault is named by an accepted code, its correct twin raises no alarm."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import chainrule
from chainrule.doctor.report import Report

MUSEUM = Path(chainrule.__file__).parent / "doctor" / "museum" / "training"
NAMES = sorted(module.name for module in pkgutil.iter_modules([str(MUSEUM)]))


def load(name: str) -> ModuleType:
    return importlib.import_module(f"chainrule.doctor.museum.training.{name}")


def check(setup: dict[str, Any]) -> Report:
    arguments = {k: v for k, v in setup.items() if k not in ("training_check", "subject")}
    return chainrule.check_training(setup["subject"], **arguments)


@pytest.mark.parametrize("name", NAMES)
def test_the_fault_is_named_and_placed(name: str) -> None:
    specimen = load(name)
    report = check(specimen.faulty())
    assert report.findings
    assert report.findings[0].code in specimen.CODES
    assert report.findings[0].verified
    assert {report.findings[0].where, *report.findings[0].targets, ""} & set(specimen.PLACES)


@pytest.mark.parametrize("name", NAMES)
def test_the_correct_twin_raises_no_alarm(name: str) -> None:
    assert [(f.code, f.detail) for f in check(load(name).correct()).findings] == []
