"""What a person sees: plain text that fits the width, colors in a terminal, a table in a notebook."""

from __future__ import annotations

import io
import sys
from typing import Any

import numpy as np
import pytest
from rich.console import Console

import chainrule
from chainrule.look.show import number, share, shortened

from .foreign import Net, Perceptron, squared_error

RNG = np.random.default_rng(1)
X, TARGET = RNG.normal(size=(4, 5)), RNG.normal(size=(4, 3))


class Deep:
    """A long path."""

    def __init__(self, depth: int) -> None:
        self.cross_attention = Deep(depth - 1) if depth else Perceptron()

    def forward(self, x: Any) -> Any:
        return self.cross_attention.forward(x)

    def backward(self, dy: Any) -> Any:
        return self.cross_attention.backward(dy)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (0.24, "0.240"), (-0.0123456, "-0.0123"), (0.00123, "1.2e-3"), (-4.56e-12, "-4.6e-12"),
        (1.0, "1.00"), (30.0, "30.0"), (123.4, "123"), (999.7, "1000"), (12345.6, "12346"),
        (123456.7, "1.2e5"), (0.00999, "0.00999"), (float("nan"), "nan"), (float("-inf"), "-inf"),
    ],
)  # fmt: skip
def test_numbers_are_short(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("of", "text"), [(0, ""), (0.001, "<1%"), (0.5, "50%"), (0.999, ">99%"), (1, "100%")]
)
def test_shares(of: float, text: str) -> None:
    assert share(of) == text


def test_paths_are_shortened_in_the_middle() -> None:
    assert shortened("decoder.norm", 12) == "decoder.norm"
    short = shortened("decoder.layers.1.cross_attention.norm", 20)
    assert short == "decode…ttention.norm"
    assert len(short) == 20


def test_the_text() -> None:
    lines = chainrule.trace(Net(), X, TARGET, squared_error, 0.1).text().splitlines()
    assert lines[0].startswith("trace of Net: input 4×5, loss ")
    assert lines[1].split() == ["layer", "shape", "mean", "spread", "values", "zeros", "‖g‖", "step/w"]
    assert lines[2].startswith("→ Net ")
    assert lines[3].split()[:4] == ["→", "layers.0", "Dense", "4×7"]
    assert lines[-2] == "step/w: how far the step moves a layer's weights, relative to them"
    assert lines[-1] == "the loss has no gradient of its own: it was measured, number by number"
    assert not any(line != line.rstrip() for line in lines)


def test_columns_that_are_empty_everywhere_are_left_out() -> None:
    text = chainrule.trace(Perceptron(), X).text()
    assert "step/w" not in text
    assert "zeros" not in text


@pytest.mark.parametrize("width", [70, 80, 100])
def test_lines_fit_the_width_however_long_the_path(width: int) -> None:
    trace = chainrule.trace(Deep(5), X, TARGET, squared_error, 0.1)
    calls = [line for line in trace.text(width).splitlines() if line[0] in "→←Δ "]
    assert max(map(len, calls)) <= width
    assert any("…" in line for line in calls)
    assert {line.path for line in trace.lines if line.path.endswith("cross_attention")}  # uncut in the data


def test_print_is_plain_in_a_pipe_and_colored_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = chainrule.trace(Net(), X)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert str(trace) == trace.text()
    assert "\x1b[" not in str(trace)
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[36m→" in str(trace)
    assert repr(trace) == trace.text()


def test_a_rich_console_prints_it_as_it_is() -> None:
    trace = chainrule.trace(Net(), X)
    file = io.StringIO()
    Console(file=file, width=80).print(trace)
    assert file.getvalue().rstrip("\n") == trace.text(80)


def test_what_is_not_finite_is_red_and_counted() -> None:
    net = Net()
    net.layers[0].b[2] = np.inf
    trace = chainrule.trace(net, X)
    line = next(line for line in trace.text().splitlines() if "layers.0" in line)
    assert line.endswith("4 inf")
    file = io.StringIO()
    Console(file=file, width=80, force_terminal=True, color_system="standard").print(trace)
    assert "\x1b[1;31m" in file.getvalue()
    assert chainrule.trace(Net(), X * np.nan).text().startswith("trace of Net: input 4×5 20 NaN\n")


def test_a_notebook_gets_a_table_with_everything_escaped() -> None:
    class Odd(Perceptron):
        pass

    Odd.__name__ = "<b>Odd</b>"
    html = chainrule.trace(Odd(), X, TARGET, squared_error, 0.1)._repr_html_()
    assert html.count("<tr") == 1 + 6
    assert "&lt;b&gt;Odd&lt;/b&gt;" in html
    assert "<b>Odd" not in html
    assert "params.W1" in html
