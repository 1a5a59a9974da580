"""The museum, one specimen per code, and a part of the corpus of correct code. All of both: `python
benchmarks/doctor`.
"""

import importlib.util
import sys
from pathlib import Path

import pytest

import chainrule
from chainrule.doctor.catalogue import CATALOGUE

ROOT = Path(__file__).parents[2]
MUSEUM = ROOT / "src" / "chainrule" / "doctor" / "museum"
CORRECT = ROOT / "benchmarks" / "doctor" / "correct"


def loaded(path: Path):
    name = f"specimen_{path.parent.name}_{path.stem}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


def checked(case: dict):
    case = dict(case)
    more = case.pop("forward_kwargs", None) or {}
    if case.pop("training_check", False):
        return chainrule.check_training(
            case.pop("subject"), case.pop("x", None), case.pop("target", None), **case
        )
    return chainrule.check(case.pop("subject"), *case.pop("inputs", ()), **case, **more)


def first_of_each_code() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(MUSEUM.glob("*/*.py")):
        code = next((c for c in CATALOGUE if path.stem.startswith(c.replace("-", "_"))), None)
        if code:
            found.setdefault(code, path)
    return found


SPECIMENS = first_of_each_code()
SUBJECTS = [
    pytest.param(path, name, id=f"{path.stem}-{name}")
    for path in sorted(CORRECT.glob("*.py"))
    for name in [
        line[4 : line.index("(")] for line in path.read_text().splitlines() if line.startswith("def case_")
    ][::4]
]


def test_every_code_has_a_specimen():
    assert set(CATALOGUE) - set(SPECIMENS) == {"gradient-mismatch", "reference-mismatch"}


@pytest.mark.parametrize("code", SPECIMENS)
def test_the_fault_is_named_and_its_twin_is_not(code):
    specimen = loaded(SPECIMENS[code])
    report = checked(specimen.faulty())
    assert report.findings, "nothing found"
    assert report.findings[0].code in specimen.CODES, report
    assert checked(specimen.correct()).ok


@pytest.mark.parametrize(("path", "name"), SUBJECTS)
def test_correct_code_raises_no_alarm(path, name):
    report = checked(getattr(loaded(path), name)())
    assert report.ok, report
