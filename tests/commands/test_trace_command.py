"""`chainrule trace FILE.py` and `chainrule trace RUN`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from chainrule.cli import app
from chainrule.commands.cases import cases_in

LAYER = """
import numpy as np
import scale_of_mine

class Scale:
    def __init__(self): self.w = np.full(3, scale_of_mine.SCALE)
    def forward(self, x): self.x = x; return x * self.w
    def backward(self, dy): self.dw = (dy * self.x).sum(0); return dy * self.w
"""
FUNCTIONS = """
def trace_scale():
    return Scale(), np.ones((2, 3))

def check_mean():
    return {"subject": Scale(), "inputs": np.ones((2, 3)), "target": np.zeros((2, 3)),
            "loss": lambda y, t: float(((y - t) ** 2).mean()), "learning_rate": 0.1}

def helper(): raise AssertionError
"""


def trace(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["trace", *map(str, arguments)])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "scale_of_mine.py").write_text("SCALE = 2.0")
    path = tmp_path / "my_layers.py"
    path.write_text(LAYER + FUNCTIONS)
    return path


def test_the_functions_of_a_file_say_what_to_run(file: Path) -> None:
    before = list(sys.path)
    result = trace(file)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[:2] == ["scale", "trace of Scale: input 2×3"]
    assert "mean" in lines
    assert "trace of Scale: input 2×3, loss 4.0000" in lines
    assert sys.path == before
    assert result.output.count("Δ w gradient") == 2


def test_one_of_them_and_as_json(file: Path) -> None:
    result = trace(file, "--only", "mean", "--json", "--lr", 0.5)
    content = json.loads(result.output)
    assert list(content) == ["mean"]
    assert content["mean"]["loss"] == 4
    ratio = content["mean"]["lines"][-1]["ratio"]
    assert ratio == pytest.approx(0.5 * (4 / 3) / 2)  # d loss / d w = 2 samples · 2 · 2 / 6 numbers
    result = trace(file, "--only", "nothing")
    assert "has no 'nothing': there are scale, mean" in str(result.exception)


def test_nan_is_a_text_in_json(tmp_path: Path) -> None:
    path = tmp_path / "nan_layers.py"
    path.write_text(
        "import numpy as np\ndef trace_nan(): return (lambda x: (x, x), lambda d, c: d), np.nan\n"
    )
    content = json.loads(trace(path, "--json").output)
    assert content["nan"]["inputs"][0]["mean"] == "nan"


def test_an_error_of_the_model_is_shown_and_is_the_exit_code(tmp_path: Path) -> None:
    path = tmp_path / "broken_layers.py"
    path.write_text(
        "import numpy as np\n"
        "def forward(x): return x @ x, x\n"
        "def backward(dy, cache): return dy\n"
        "def trace_broken(): return (forward, backward), np.ones((2, 3))\n"
    )
    result = trace(path)
    assert result.exit_code == 1
    assert (
        "in forward of forward; given 2×3; broken_layers.py, line 2: def forward(x): return" in result.output
    )


def test_a_file_that_says_nothing_hears_what_to_add(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "silent_layers.py"
    path.write_text("x = 1")
    monkeypatch.setattr("chainrule.commands.cases.discovered", lambda path: [])
    result = trace(path)
    assert isinstance(result.exception, ValueError)
    assert f"nothing in {path} says what to run" in str(result.exception)
    assert "def trace_example():" in str(result.exception)


def test_what_the_doctor_discovers_is_used_where_a_file_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "found_layers.py"
    path.write_text("x = 1")
    module = ModuleType("chainrule.doctor.discovery")
    module.__spec__ = SimpleNamespace(name=module.__name__)  # type: ignore[assignment]
    module.discover = lambda path: [SimpleNamespace(name="found", subject=3, inputs=[1])]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    (case,) = cases_in(path, ("trace_",))
    assert (case.name, case.subject, case.inputs) == ("found", 3, (1,))


@pytest.mark.parametrize("returned", ["3", "(3,)", '{"inputs": 3}'])
def test_a_function_that_returns_something_else_is_told(tmp_path: Path, returned: str) -> None:
    path = tmp_path / "odd_layers.py"
    path.write_text(f"def trace_odd(): return {returned}")
    with pytest.raises(ValueError, match=r"trace_odd\(\) must return \(subject, \*inputs\)"):
        cases_in(path, ("trace_",))


def test_files_that_are_none(tmp_path: Path) -> None:
    assert "there is no file" in str(trace(tmp_path / "missing.py").exception)
    assert "is no run directory" in str(trace(tmp_path).exception)
    path = tmp_path / "image.png"
    path.write_text("")
    assert "is no Python file" in str(trace(path).exception)


def test_a_file_may_be_run_twice_and_one_that_fails_leaves_nothing(tmp_path: Path, file: Path) -> None:
    assert [case.name for case in cases_in(file, ("trace_",))] == ["scale"]
    assert [case.name for case in cases_in(file, ("trace_", "check_"))] == ["scale", "mean"]
    path = tmp_path / "failing_layers.py"
    path.write_text("1 / 0")
    with pytest.raises(ZeroDivisionError):
        cases_in(path, ("trace_",))
    assert "failing_layers" not in sys.modules


def test_a_run_takes_one_more_step(tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="the digits come with scikit-learn: pip install 'chainrule[train]'")
    pytest.importorskip("matplotlib", reason="pictures need matplotlib: pip install 'chainrule[train]'")
    run = tmp_path / "run"
    trained = CliRunner().invoke(app, ["train", "cnn", "--epochs", "1", "--run", str(run)])
    assert trained.exit_code == 0, trained.output
    before = (run / "last.safetensors").read_bytes()
    result = trace(run)
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0].startswith("trace of Sequential: input 32×1×8×8, loss ")
    assert max(len(line) for line in lines) <= 80
    assert "→ loss CrossEntropyLoss" in result.output
    content = json.loads(trace(run, "--json").output)
    last = content["lines"][-1]
    assert (last["phase"], last["path"]) == ("backward", "0")
    assert 1e-4 < last["ratio"] < 1e-1  # a step of Adam with the run's lr
    assert (run / "last.safetensors").read_bytes() == before
