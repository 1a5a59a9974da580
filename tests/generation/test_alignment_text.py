"""Alignments in the terminal, as they should look."""

from __future__ import annotations

import numpy as np

from chainrule.generation import Alignment, alignment_text

WEIGHTS = np.array([[0.9, 0.1, 0.0], [0.13, 0.6, 0.27]])


def test_the_more_was_looked_at_the_darker() -> None:
    text = alignment_text(Alignment(WEIGHTS, ["un", "chien", "</s>"], ["a", "dog"]))
    assert text.splitlines() == [
        "    un chien </s>",
        "a   ██",
        "dog ░░ ▓▓▓▓▓ ▒▒▒▒",
    ]


def test_a_wide_source_is_cut_into_blocks() -> None:
    text = alignment_text(Alignment(WEIGHTS, ["un", "chien", "</s>"], ["a", "dog"]), width=12)
    assert text.splitlines() == [
        "    un chien", "a   ██", "dog ░░ ▓▓▓▓▓", "", "    </s>", "a", "dog ▒▒▒▒",
    ]  # fmt: skip
    narrow = alignment_text(Alignment(WEIGHTS, ["un", "chien", "</s>"], ["a", "dog"]), width=3)
    assert len(narrow.split("\n\n")) == 3  # a column at a time


def test_double_width_and_long_tokens() -> None:
    text = alignment_text(Alignment(WEIGHTS, ["年", "x" * 20, "z"], ["日", "y"]))
    assert text.splitlines() == [
        "   年 xxxxxxxxxxx… z",
        "日 ██",
        "y  ░░ ▓▓▓▓▓▓▓▓▓▓▓▓ ▒",
    ]
