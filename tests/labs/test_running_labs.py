"""Labs on the command line: names, switches, what is printed and what is written."""

import dataclasses
from dataclasses import dataclass
from io import StringIO

import pytest
from rich.console import Console

from chainrule import labs
from chainrule.labs import LABS, Lab, describe, parse_options, run_lab
from chainrule.labs.lab import switch
from chainrule.labs.one_class.options import Options


@dataclass(frozen=True)
class ToyOptions:
    size: int = switch(3, "how large")


def toy_experiment(options, seed, watch):
    watch.begin(2)
    watch.advance("half")
    watch.advance("half")
    return options.size * 10 + seed


def toy_picture(found, path):
    path.touch()


TOY = Lab("How large is it?", ToyOptions, toy_experiment, toy_picture, lambda found: f"It is {found}.")


def test_every_lab_asks_a_question():
    assert {
        "one-class",
        "dropout",
        "exploding-rnn",
        "memory",
        "reshape",
        "depth",
        "scale",
        "positions",
    } <= set(LABS)
    assert all(lab.question.endswith("?") for lab in LABS.values())


def test_switches_become_options_of_the_right_type():
    options = parse_options(Options, ["depth=3", "small=0.1", "activation=tanh"])
    assert (options.depth, options.small, options.activation) == (3, 0.1, "tanh")
    assert options.epochs == Options().epochs


@pytest.mark.parametrize("setting", ["nonsense=1", "depth", "=3"])
def test_an_unknown_switch_is_an_error_that_lists_them(setting):
    with pytest.raises(ValueError, match=r"depth=6 +convolutions"):
        parse_options(Options, [setting])


def test_a_value_of_another_type_is_an_error_that_says_which():
    with pytest.raises(ValueError, match="depth is a whole number, not 'deep'"):
        parse_options(Options, ["depth=deep"])


def test_every_switch_is_described():
    for lab in LABS.values():
        lines = describe(lab.options).splitlines()
        assert all(len(line.split("   ")) > 1 for line in lines)
        assert len(lines) == len(lab.options.__dataclass_fields__)


def test_an_unknown_lab_is_an_error_that_lists_them(tmp_path):
    with pytest.raises(KeyError, match="one-class, dropout"):
        run_lab("nonsense", tmp_path, 0, Console(file=StringIO()))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("terminal", [False, True])
def test_a_run_prints_question_and_answer_and_leaves_a_picture(monkeypatch, tmp_path, terminal):
    monkeypatch.setitem(labs.LABS, "toy", TOY)
    printed = StringIO()
    found = run_lab("toy", tmp_path, 5, Console(file=printed, force_terminal=terminal, width=100), ["size=4"])
    assert found == 45
    text = printed.getvalue()
    assert text.index("How large is it?") < text.index("It is 45.")
    assert (tmp_path / "toy.png").exists()


def test_full_means_the_labs_long_settings_and_set_still_counts(monkeypatch, tmp_path):
    monkeypatch.setitem(labs.LABS, "toy", dataclasses.replace(TOY, full=("size=900",)))
    console = Console(file=StringIO())
    assert run_lab("toy", tmp_path, 1, console, full=True) == 9001
    assert run_lab("toy", tmp_path, 1, console, ["size=2"], full=True) == 21
    assert run_lab("toy", tmp_path, 1, console) == 31


def test_full_without_a_long_experiment_is_an_error_that_lists_those_that_have_one(tmp_path):
    with pytest.raises(ValueError, match="'dropout' has no long experiment: --full is for memory"):
        run_lab("dropout", tmp_path, 0, Console(file=StringIO()), full=True)
    assert not list(tmp_path.iterdir())


def test_the_long_settings_of_every_lab_can_be_set():
    for lab in LABS.values():
        assert parse_options(lab.options, lab.full)


def test_stopping_writes_nothing(monkeypatch, tmp_path):
    def stop(options, seed, watch):
        raise KeyboardInterrupt

    monkeypatch.setitem(labs.LABS, "toy", Lab("?", ToyOptions, stop, TOY.picture, TOY.answer))
    with pytest.raises(KeyboardInterrupt):
        run_lab("toy", tmp_path, 0, Console(file=StringIO()))
    assert not list(tmp_path.iterdir())
