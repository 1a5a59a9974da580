"""`chainrule check`: from a file to a verdict, an exit status, JSON, and a page that turns green."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chainrule.cli import app
from chainrule.commands import watch as watch_module

GOOD = """
import numpy as np

class Dense:
    def __init__(self, n_in, n_out, rng):
        self.W, self.b = rng.normal(size=(n_in, n_out)), np.zeros(n_out)
    def forward(self, x):
        self.x = x
        return x @ self.W + self.b
    def backward(self, dy):
        self.dW, self.db = self.x.T @ dy, dy.sum(0)
        return dy @ self.W.T
"""
BAD = GOOD.replace("return dy @", "return -dy @")
LOST = """
class Lost:
    def __init__(self, connection):
        self.rows = connection.execute("select")
    def forward(self, x):
        return x
    def backward(self, dy):
        return dy
"""
runner = CliRunner()


def run(folder: Path, text: str, *options: str) -> tuple[int, str]:
    path = folder / "mine.py"
    path.write_text(text)
    result = runner.invoke(app, ["check", str(path), *options])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout


def test_right_code_ends_with_0(tmp_path: Path) -> None:
    status, out = run(tmp_path, GOOD)
    assert status == 0
    assert "assumed n_in=5, n_out=3" in out
    assert out.strip().endswith("1 checked: 1 right")


def test_a_fault_ends_with_1_and_is_named(tmp_path: Path) -> None:
    status, out = run(tmp_path, BAD)
    assert status == 1
    assert "wrong sign" in out
    assert "1 checked: 1 wrong (1 fault)" in out


def test_what_could_not_be_started_is_told_with_what_to_add(tmp_path: Path) -> None:
    status, out = run(tmp_path, GOOD + LOST)
    assert status == 0
    assert "def check_Lost():" in out
    assert "1 checked: 1 right; 1 could not be started" in out


@pytest.mark.parametrize("name", ["nothing.py", "readme.md"])
def test_a_file_that_cannot_be_used_ends_with_2(tmp_path: Path, name: str) -> None:
    (tmp_path / "readme.md").write_text("# hello")
    assert runner.invoke(app, ["check", str(tmp_path / name)]).exit_code == 2


def test_names_that_are_not_there_end_with_2(tmp_path: Path) -> None:
    assert run(tmp_path, GOOD, "Densse")[0] == 2
    assert run(tmp_path, BAD + LOST, "Dense")[0] == 1
    assert run(tmp_path, GOOD, "--hints", "everything")[0] == 2


def test_an_empty_file_says_what_is_looked_for(tmp_path: Path) -> None:
    status, out = run(tmp_path, "x = 1\n")
    assert status == 2
    assert "nothing to check" in out


def test_json_is_one_document(tmp_path: Path) -> None:
    status, out = run(tmp_path, "print('noise')\n" + BAD + LOST, "--json")
    document = json.loads(out)
    assert status == 1
    assert document["ok"] is False
    (checked,) = document["checked"]
    assert (checked["name"], checked["findings"][0]["code"]) == ("Dense", "sign-flipped")
    assert document["not_started"][0]["add"].startswith("def check_Lost")


def test_hints_are_capped(tmp_path: Path) -> None:
    _, out = run(tmp_path, BAD, "--json", "--hints", "place")
    (finding,) = json.loads(out)["checked"][0]["findings"]
    assert "code" not in finding
    assert "sign" not in run(tmp_path, BAD, "--hints", "place")[1]


def test_a_softmax_that_leaves_its_derivative_to_the_loss_is_right(tmp_path: Path) -> None:
    status, out = run(tmp_path, """
import numpy as np

class Softmax:
    def forward(self, z):
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)
    def backward(self, dz):
        return dz
""")  # fmt: skip
    assert (status, "1 right" in out) == (0, True), out


def test_a_layer_that_takes_the_mean_over_samples_is_right(tmp_path: Path) -> None:
    status, out = run(tmp_path, """
import numpy as np

def linear_forward(A, W, b):
    return np.dot(W, A) + b, (A, W, b)

def linear_backward(dZ, cache):
    A, W, b = cache
    m = A.shape[1]
    return np.dot(W.T, dZ), np.dot(dZ, A.T) / m, np.sum(dZ, axis=1, keepdims=True) / m
""")  # fmt: skip
    assert (status, "divided by the number of samples" in out) == (0, True), out


def test_a_factor_that_is_no_mean_is_found(tmp_path: Path) -> None:
    assert run(tmp_path, GOOD.replace("self.x.T @ dy, dy.sum(0)", "self.x.T @ dy / 3, dy.sum(0) / 3"))[0] == 1


def test_a_loss_that_is_started_with_1_is_right(tmp_path: Path) -> None:
    status, out = run(tmp_path, """
import numpy as np

class SoftmaxWithLoss:
    def forward(self, x, t):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        self.y, self.t = e / e.sum(axis=1, keepdims=True), t
        return -np.log(self.y[np.arange(len(t)), t]).mean()
    def backward(self, dout=1):
        dx = self.y.copy()
        dx[np.arange(len(self.t)), self.t] -= 1
        return dx / len(self.t)
""")  # fmt: skip
    assert (status, "1 right" in out) == (0, True), out


def test_watching_sees_a_change_and_ends_with_ctrl_c(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(BAD)
    rounds: list[list[Path]] = []

    def change(files: list[Path]) -> None:
        rounds.append(files)
        if len(rounds) == 2:
            raise KeyboardInterrupt
        path.write_text(GOOD)

    monkeypatch.setattr(watch_module, "wait_for_change", change)
    watch_module.watch_file(path, [], "fix", 0)
    out = capsys.readouterr().out
    before, after = out.split("Ctrl-C ends it")[1:]
    assert "✗ Dense" in before
    assert "sign-flipped" in before
    assert "✓ Dense" in after
    assert rounds[0] == [path.resolve()]


def test_waiting_ends_when_a_file_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import chainrule.commands.check as module

    path = tmp_path / "mine.py"
    path.write_text("1")
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            path.unlink()

    monkeypatch.setattr(module.time, "sleep", sleep)
    module.wait_for_change([path])
    assert len(slept) == 3
