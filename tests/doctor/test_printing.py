"""What the doctor prints: read by a person at 2 a.m., by pytest and by a notebook."""

import os
import subprocess
import sys
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from chainrule.doctor.printing import as_html, as_line, as_text, fitting, print_report
from chainrule.doctor.report import Finding, Report

SOURCE = """\
import numpy as np


class Attention:
    def forward(self, x):
        return x

    def backward(self, dy):
        dprobs = dy @ self.v.T
        inner = (dprobs * self.probs).sum(-1, keepdims=True)
        dscores = self.probs * (dprobs - inner)
        dkey = dscores.T @ self.q
        self.dk = dkey

        dquery = dscores @ self.k
        return dquery


def short(dy):
\treturn dy < "&"
"""
TRAIL = ["`dscores` is right (line 11)", "`dquery` is wrong (line 15): misses the factor 1/sqrt(8)"]


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "attention.py"
    path.write_text(SOURCE)
    return str(path)


def scale(file: str, **more: object) -> Finding:
    options = {"file": file, "line": 15, "trail": TRAIL, "verified": True} | more
    return Finding(
        "attention-scale-missing",
        target="q",
        where="decoder.layers.1.cross_attention",
        subject="Attention",
        evidence={"n / a": 0.35355339059327373, "gradients": ["q", "k"]},
        detail="divided by sqrt(8), the gradients of q and k are right",
        **options,  # type: ignore[arg-type]
    )


def guess(**more: object) -> Finding:
    candidates = [("norm-scale-dropped", 0.81), ("statistics-treated-constant", 0.3)]
    return Finding(
        "gradient-mismatch",
        target="gamma",
        detail="backward and the numerical gradient differ",
        evidence={"largest error": 1.23456789, "candidates": candidates},
        **more,  # type: ignore[arg-type]
    )


def report(*findings: Finding, **more: object) -> Report:
    options = {"tested": ["x", "W", "b"], "seconds": 0.123} | more
    return Report("Attention", list(findings), **options)  # type: ignore[arg-type]


def text(*findings: Finding, width: int = 80, **more: object) -> str:
    return as_text(report(*findings, **more), color=False, width=width)


# ---------------------------------------------------------------- what is told, and in which order


def test_a_finding_from_the_cause_to_the_page(file: str) -> None:
    assert text(scale(file), width=110) == (
        "✗ 1 / sqrt(d) is missing in backward: decoder.layers.1.cross_attention (Attention), gradient of q\n"
        "\n"
        "  proved: divided by sqrt(8), the gradients of q and k are right\n"
        "  n / a 0.3536 · gradients q, k\n"
        "\n"
        "  attention.py, line 15, in backward\n"
        "  ✓ 11  dscores = self.probs * (dprobs - inner)\n"
        "     ⋮\n"
        "  ❯ 15  dquery = dscores @ self.k\n"
        "        ^^^^^^\n"
        "    16  return dquery\n"
        "  `dscores` is right (line 11); `dquery` is wrong (line 15): misses the factor 1/sqrt(8)\n"
        "\n"
        "  repair\n"
        "    dscores = dscores / np.sqrt(d)      # as forward scaled the scores\n"
        "\n"
        "  another one like it: chainrule museum attention-scale-missing\n"
        "\n"
        "1 finding in 0.1 s; right: gradients of x, W, b"
    )


def test_no_fault_is_one_line_and_what_was_not_tested() -> None:
    said = text(not_tested=["causal-leak: intent unknown"])
    assert said == (
        "✓ no fault found: gradients of x, W, b checked in 0.1 s\nnot tested:\n  causal-leak: intent unknown"
    )


def test_long_lists_are_counted() -> None:
    said = text(tested=[f"layers.{i}.W" for i in range(30)], not_tested=[f"what {i}" for i in range(30)])
    assert "layers.7.W and 22 more checked" in " ".join(said.split())
    assert said.endswith("  and 22 more (report.not_tested)")


def test_the_most_certain_comes_first_and_guesses_are_marked(file: str) -> None:
    said = text(guess(), scale(file))
    assert said.index("✗ [1/2] 1 / sqrt(d) is missing") < said.index(
        "? [2/2] the gradient is wrong, and no cause"
    )
    assert "  not proved: backward and the numerical gradient differ" in said
    assert "  candidates, the likeliest first\n    norm-scale-dropped: gamma is left out" in said
    assert "(0.81)" in said
    assert said.count("\n\n✗") + said.count("\n\n?") == 1


def test_an_unproved_cause_is_never_sold_as_proved(file: str) -> None:
    said = text(scale(file, verified=False))
    assert said.startswith("? 1 / sqrt(d) is missing in backward (not proved):\n  decoder")
    assert "  repair, if this is the cause\n" in said
    bare = Finding("sign-flipped", target="x")
    assert "not proved" in text(bare)


def test_hints_cap_what_is_told(file: str) -> None:
    findings = scale(file), scale(file), guess()
    place, cause, fix = (text(*findings, hints=hints) for hints in ("place", "cause", "fix"))
    for said in (place, cause, fix):
        assert "decoder.layers.1.cross_attention (Attention), gradient of q" in " ".join(said.split())
        assert "❯ 15  dquery = dscores @ self.k" in said
    for secret in ("sqrt", "proved", "candidates", "museum", "repair", "factor"):
        assert secret not in place
    assert "✗ [1/2] something is wrong here" in place  # one place, two causes
    assert "sqrt(d) is missing" in cause
    assert "repair" not in cause
    assert "repair" in fix


def test_the_evidence_is_short_and_says_nothing_twice() -> None:
    evidence = {
        "shapes": [(3, 4), (4, 3)], "same values": True, "limit": 0.5, "gradients": {"W": "b"},
        "long": list(range(100)), "one": (7,),
    }  # fmt: skip
    said = text(Finding("clipped-in-backward", evidence=evidence, detail="it is cut at 0.5", verified=True))
    figures = said.split("it is cut at 0.5\n")[1].split("\n\n")[0]
    assert " ".join(figures.split()).startswith(
        "shapes (3, 4), (4, 3) · same values yes · gradients W: b · long 0, 1, 2, 3"
    )
    assert figures.endswith("… · one (7,)")
    assert "limit" not in figures


def test_lines_that_were_shown_are_not_shown_again(file: str) -> None:
    said = text(scale(file), scale(file), scale(file))
    assert said.count("dquery = dscores @ self.k") == 1
    assert said.count("line 15, in backward\n") == 3


def test_a_finding_has_twenty_lines_or_so(file: str) -> None:
    endless = scale(
        file, line=8, trail=[f"`x{i}` is right (line {i})" for i in range(100)], fix="\n".join("x" * 30)
    )
    endless.detail = "many words " * 200
    endless.evidence = {f"number {i}": i * 1000 for i in range(50)}
    assert len(text(endless).split("\n")) <= 40
    assert "... 18 more lines" in text(endless)
    assert len(text(scale(file)).split("\n")) <= 22


# ---------------------------------------------------------------- source


def test_where_only_the_function_is_known_its_beginning_is_shown(file: str) -> None:
    assert "  ❯  8  def backward(self, dy):\n     9      dprobs" in text(scale(file, line=8, trail=[]))
    whole = text(scale(file, line=19, trail=[]))
    assert '  ❯ 19  def short(dy):\n    20      return dy < "&"\n\n' in whole


@pytest.mark.parametrize(("line", "shown"), [(99, ", line 99"), (0, "attention.py\n")])
def test_a_line_that_is_not_there(file: str, line: int, shown: str) -> None:
    assert shown in text(scale(file, line=line))


def test_a_missing_file_and_a_broken_one(tmp_path: Path) -> None:
    assert "/nowhere/model.py, line 15\n" in text(scale("/nowhere/model.py"))
    broken = tmp_path / "broken.py"
    broken.write_text("def f(:\n  x = \x1b[31m1\n  y = 2\n")
    assert "  ❯ 2    x = ?[31m1\n" in text(scale(str(broken), line=2))


def test_a_file_that_was_saved_again_is_read_again(file: str) -> None:
    assert "dquery = dscores @ self.k" in text(scale(file))
    Path(file).write_text(SOURCE.replace("@ self.k", "@ self.k / np.sqrt(8)"))
    assert "dquery = dscores @ self.k / np.sqrt(8)" in text(scale(file))


def test_a_statement_of_several_lines(tmp_path: Path) -> None:
    path = tmp_path / "long.py"
    path.write_text("def f(x):\n    y = (\n        x\n        + 1\n    )\n    return y\n")
    assert "❯ 2      y = (\n  ❯ 3          x\n  ❯ 4          + 1\n  ❯ 5      )\n" in text(
        scale(str(path), line=3, trail=[])
    )


# ---------------------------------------------------------------- widths, colors, signs


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_line_is_wider_than_the_terminal(file: str, width: int) -> None:
    deep = f"/a/very/long/path{'/to/somewhere' * 12}/attention.py"
    findings = scale(file), scale(deep), guess(where="model.stages.3.blocks.11.attention.norm", subject="N")
    fixed = ("repair", "    dscores", "    -", "    +")  # code is never broken
    for line in text(*findings, width=width).split("\n"):
        assert len(line) <= width or line.startswith(fixed)


def test_a_long_path_loses_its_beginning() -> None:
    assert fitting("/a/b/c/model.py", 80) == "/a/b/c/model.py"
    assert fitting("/somewhere/far/away/in/models/model.py", 20) == ".../models/model.py"
    assert fitting("/somewhere/a_name_without_an_end.py", 10) == ".../a_name_without_an_end.py"


def test_colors_change_no_character(file: str) -> None:
    colored = as_text(report(scale(file), guess()), color=True, width=80)
    assert "\x1b[1;31m✗ [1/2]" in colored
    assert "\x1b[1;33m? [2/2]" in colored
    console = Console(file=StringIO(), width=80, force_terminal=False)
    print_report(report(scale(file), guess()), console)
    plain = console.file.getvalue()  # type: ignore[attr-defined]
    assert plain == text(scale(file), guess()) + "\n"
    assert "\x1b" not in plain


def test_it_is_plain_where_it_is_no_terminal(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    print(report(scale(file)))
    assert "\x1b" not in capsys.readouterr().out


def test_where_signs_cannot_be_written_there_are_others(monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    class Old(StringIO):
        encoding = "ascii"

    monkeypatch.setattr(sys, "stdout", Old())
    assert text(scale(file)).isascii()
    assert text().startswith("ok no fault found")


def test_markup_of_the_user_is_text(file: str) -> None:
    said = text(scale(file, fix="x[:, 1] = [red]y[/red]"))
    assert "x[:, 1] = [red]y[/red]" in said


def test_a_diff_is_shown_without_its_head(file: str) -> None:
    fix = "--- a/x.py\n+++ b/x.py\n@@ -3 +3 @@\n-dW = x.T @ dy\n+dW = dy.T @ x\n"
    assert "  repair\n    @@ -3 +3 @@\n    -dW = x.T @ dy\n    +dW = dy.T @ x\n\n" in text(
        scale(file, fix=fix)
    )
    colored = as_text(report(scale(file, fix=fix)), color=True, width=80)
    assert "\x1b[31m    -dW = x.T @ dy" in colored


# ---------------------------------------------------------------- notebooks


class Balance(HTMLParser):
    """Every tag that is opened is closed, and nothing is fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {"div", "b", "span", "pre", "ul", "ol", "li", "code", "u"}
        assert {name for name, _ in attrs} <= {"style"}
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("hints", ["place", "cause", "fix"])
def test_html_is_whole_and_tells_the_same(file: str, hints: str) -> None:
    evil = scale(file, line=20, fix="<script>alert(1)</script>", trail=["`<b>` is wrong (line 20)"])
    evil.where = "<img src=x>"
    html = as_html(report(evil, guess(), hints=hints, not_tested=["<i>"]))
    parser = Balance()
    parser.feed(html)
    assert not parser.open
    assert "<img src=x> (Attention)" in parser.text
    assert 'return dy < "&"' in parser.text
    assert ("alert(1)" in parser.text) == (hints == "fix")
    assert ("candidates" in parser.text) == (hints != "place")


def test_html_of_no_fault() -> None:
    assert "✓ no fault found: gradients of x, W, b checked in 0.1 s" in as_html(report())


# ---------------------------------------------------------------- pytest


def test_one_line_that_pytest_does_not_cut(file: str) -> None:
    one = as_line(report(scale(file)))
    assert one == (
        "<Report: 1 / sqrt(d) is missing in backward: decoder.layers.1.cross_attention (Attention), gradient "
        "of q, attention.py line 15>"
    )
    many = as_line(report(*(scale(file, targets=["a_long_name" * 30]) for _ in range(12))))
    assert len(many) <= 230
    assert many.endswith("…; and 11 more>")
    assert as_line(report()).startswith("<Report of Attention: no fault found")
    assert "sqrt" not in as_line(report(scale(file), hints="place"))


def test_a_failing_assertion_shows_the_report(file: str, tmp_path: Path) -> None:
    (tmp_path / "test_layer.py").write_text(
        "from chainrule.doctor.report import Finding, Report\n"
        "def check():\n"
        f"    return Report('Dense', [Finding('transpose-missing', 'W', file={file!r}, line=15)])\n"
        "def test_layer():\n"
        "    assert check().ok\n"
        "def test_fine():\n"
        "    report = check()\n"
        "    assert not report.ok\n"
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-p",
        "chainrule.doctor.pytest_plugin",
    ]
    # the installed entry point would load the plugin a second time
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    ended = subprocess.run(
        [*command, "test_layer.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert ended.returncode == 1
    assert "1 failed, 1 passed" in ended.stdout
    assert "- chainrule.check -" in ended.stdout
    assert "? a transpose is missing (not proved): gradient of W" in ended.stdout
    assert ended.stdout.count("❯ 15  dquery = dscores @ self.k") == 1
