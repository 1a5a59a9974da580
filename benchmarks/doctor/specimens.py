"""Loads files of subjects, and calls the doctor as each of them asks."""

from __future__ import annotations

import functools
import importlib.util
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from chainrule.doctor.check import check

HERE = Path(__file__).resolve().parent
MUSEUM = HERE.parents[1] / "src" / "chainrule" / "doctor" / "museum"
CORRECT = HERE / "correct"


def museum_files(only: str = "") -> list[Path]:
    files = sorted(MUSEUM.glob("*/*.py"))
    return [f for f in files if not f.name.startswith("_") and only in f"{f.parent.name}/{f.name}"]


def load(path: Path) -> ModuleType:
    name = f"subject_{path.parent.name}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@functools.cache
def training_checker() -> tuple[Callable[..., Any] | None, str]:
    """check_training, or why there is none."""
    try:
        from chainrule.doctor.training import check_training
    except ImportError as error:
        return None, f"check_training cannot be imported: {error}"
    return check_training, ""


def examine(arguments: dict[str, Any]) -> Any:
    """The doctor's report on what faulty(), correct() or case_NAME() describes."""
    given = dict(arguments)
    keywords = given.pop("forward_kwargs", None) or {}
    subject, inputs = given.pop("subject"), given.pop("inputs", ())
    if not given.pop("training_check", False):
        return check(subject, *inputs, **given, **keywords)
    checker, problem = training_checker()
    if checker is None:
        raise ImportError(problem)
    return checker(subject, given.pop("x", None), given.pop("target", None), **given, **keywords)


def plain(place: str) -> str:
    """layers[0].kernel and params['W'] as layers.0.kernel and params.W"""
    return re.sub(r"\[['\"]?([^]'\"]+)['\"]?\]", r".\1", place).strip(".")


def fault_lines(path: Path) -> list[int]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [number for number, line in enumerate(lines, start=1) if "# FAULT" in line]
