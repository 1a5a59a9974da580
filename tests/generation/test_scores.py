"""BLEU, chrF and exact match: what they are, and that BLEU of tokenized text is what papers report."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from chainrule.generation import bleu, chrf, exact_match

pytest.importorskip("sacrebleu", reason="sacrebleu computes the scores")

HYPOTHESES = ["A man sits in the park.", "Two dogs run over the green grass!"]
REFERENCES = ["A man sits in a park.", "Two dogs run over green grass!"]


def multi_bleu(hypotheses: list[str], references: list[str]) -> float:
    """The definition, written down once more: what multi-bleu.perl computes with one reference."""
    matches, totals = [0] * 4, [0] * 4
    for hypothesis, reference in zip(hypotheses, references, strict=True):
        words, right = hypothesis.split(), reference.split()
        for n in range(1, 5):
            runs, known = (
                Counter(tuple(text[i : i + n]) for i in range(len(text) - n + 1)) for text in (words, right)
            )
            matches[n - 1] += sum((runs & known).values())
            totals[n - 1] += runs.total()
    if 0 in matches:
        return 0.0
    length, expected = (sum(len(text.split()) for text in texts) for texts in (hypotheses, references))
    penalty = 1.0 if length >= expected else math.exp(1 - expected / length)
    return 100 * penalty * math.prod(m / t for m, t in zip(matches, totals, strict=True)) ** (1 / 4)


def corpus(seed: int, count: int, share: float) -> tuple[list[str], list[str]]:
    """References of a few words, and hypotheses in which a share of the words is another one or missing."""
    random = np.random.default_rng(seed)
    words = np.array(["a", "man", "the", "dog", "runs", ".", "don@t", "&apos;s", "(", "Ä", "3.5", "x-y"])
    references, hypotheses = [], []
    for _ in range(count):
        right = random.choice(words, random.integers(3, 15))
        other = random.choice(words, len(right))
        kept = random.random(len(right))
        hypothesis = np.where(kept < share, other, right)[kept > share / 3]
        references.append(" ".join(right))
        hypotheses.append(" ".join(hypothesis))
    return hypotheses, references


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("count", [1, 50])
def test_tokenized_text_is_scored_as_by_multi_bleu(count: int, share: float) -> None:
    for seed in range(5):
        hypotheses, references = corpus(seed, count, share)
        found = bleu(hypotheses, references, tokenize="none")
        assert found.score == pytest.approx(multi_bleu(hypotheses, references), abs=1e-9)
        assert found.hypothesis_length == sum(len(text.split()) for text in hypotheses)


def test_the_parts_of_bleu() -> None:
    found = bleu(["the dog sat on a mat"], ["the dog sat on the mat today ."], tokenize="none")
    assert found.precisions == pytest.approx((100 * 5 / 6, 100 * 3 / 5, 100 * 2 / 4, 100 * 1 / 3))
    assert (found.hypothesis_length, found.reference_length) == (6, 8)
    assert found.brevity_penalty == pytest.approx(math.exp(1 - 8 / 6))
    product = math.prod(precision / 100 for precision in found.precisions)
    assert found.score == pytest.approx(100 * found.brevity_penalty * product**0.25)
    assert found.signature.startswith("nrefs:1|case:mixed|eff:no|tok:none|smooth:none|version:")


def test_text_as_people_write_it() -> None:
    found = bleu(HYPOTHESES, REFERENCES)
    assert "|tok:13a|smooth:exp|" in found.signature
    assert (found.hypothesis_length, found.reference_length) == (15, 14)  # . and ! are words
    assert bleu(REFERENCES, REFERENCES).score == pytest.approx(100)


@pytest.mark.parametrize("score", [bleu, chrf])
def test_case_matters_unless_it_does_not(score: Callable[..., Any]) -> None:
    lower = [text.lower() for text in REFERENCES]
    assert score(lower, REFERENCES).score < 99
    assert score(lower, REFERENCES, lowercase=True).score == pytest.approx(100)
    assert "case:lc" in score(lower, REFERENCES, lowercase=True).signature


def test_chrf_sees_that_a_word_is_nearly_right() -> None:
    near, far = ["Zwei Hunde rennt"], ["Zwei Hunde xxxxxx"]
    reference = ["Zwei Hunde rennen"]
    assert bleu(near, reference).score == bleu(far, reference).score
    assert chrf(near, reference).score > chrf(far, reference).score + 10
    assert chrf(reference, reference).score == pytest.approx(100)
    assert "|nc:6|nw:0|" in chrf(near, reference).signature


def test_exact_match_is_a_share() -> None:
    assert exact_match(["1979-05-03", "1979-05-03 ", "", "b"], ["1979-05-03", "1979-05-03", "", "B"]) == 0.5


@pytest.mark.parametrize("score", [bleu, chrf])
def test_a_model_that_says_nothing_is_worth_nothing(score: Callable[..., Any]) -> None:
    assert score(["", ""], REFERENCES).score == 0


@pytest.mark.parametrize("score", [bleu, chrf, exact_match])
def test_wrong_texts(score: Callable[..., Any]) -> None:
    with pytest.raises(ValueError, match="one reference: got 2 hypotheses and 1 references"):
        score(HYPOTHESES, REFERENCES[:1])
    with pytest.raises(ValueError, match="nothing to score"):
        score([], [])
    with pytest.raises(TypeError, match="references must be several texts, a list of str, got one str"):
        score(["a"], "a")


def test_an_unknown_tokenizer() -> None:
    with pytest.raises(ValueError, match=r"tokenize='moses' is none of sacrebleu's tokenizers: none, .*13a"):
        bleu(HYPOTHESES, REFERENCES, tokenize="moses")


def test_without_sacrebleu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sacrebleu", None)
    monkeypatch.setitem(sys.modules, "sacrebleu.metrics", None)
    with pytest.raises(
        ImportError, match=r"scores need the package sacrebleu: pip install 'chainrule\[train\]'"
    ):
        bleu(HYPOTHESES, REFERENCES)
    assert exact_match(["a"], ["a"]) == 1  # needs nothing
