"""Beam search: against greedy decoding, against all sequences that there are, and by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from generation.step_models import (
    BOS,
    EOS,
    LENGTHS,
    PAD,
    SOURCES,
    Table,
    bos,
    every_sequence,
    padded,
    random_tables,
    table,
    transformer,
)

from chainrule.generation import beam_search, greedy, length_penalty

A, B, C = 3, 4, 5
VOCABULARY = 6
LIMITS: dict[str, Any] = {"eos_id": EOS, "never": (PAD, BOS), "max_length": 4}
# the example in the file's docstring
EXAMPLE = table(
    {}, {A: 0.5, B: 0.4, EOS: 0.1}, {}, {A: 0.4, B: 0.3, EOS: 0.3}, {A: 0.1, EOS: 0.9}, vocabulary=VOCABULARY
)


def search(log_p: np.ndarray, **settings: Any) -> list[list[tuple[int, ...]]]:
    model = Table()
    found = beam_search(model, bos(len(log_p)), state=model.start(log_p), **(LIMITS | settings))
    return [[tuple(h.ids.tolist()) for h in row] for row in found]


def test_greedy_is_led_astray_and_a_beam_is_not() -> None:
    assert search(EXAMPLE, beam=1) == [[(A, A, A, A)]]
    model = Table()
    ((best,),) = beam_search(model, bos(1), state=model.start(EXAMPLE), beam=2, alpha=0, **LIMITS)
    assert best.ids.tolist() == [B]
    assert np.exp(best.score) == pytest.approx(0.36)
    assert model.rows == [1, 2]  # then a a, of 0.20, cannot come to 0.36 any more


@pytest.mark.parametrize("alpha", [0, 0.6, 1.0, 1.7])
@pytest.mark.parametrize("penalty", ["power", "gnmt"])
@pytest.mark.parametrize("min_length", [0, 2])
def test_a_beam_that_is_large_enough_finds_the_best_of_all(
    alpha: float, penalty: str, min_length: int
) -> None:
    tables = random_tables(5, VOCABULARY, seed=1)
    model = Table()
    found = beam_search(
        model, bos(5), state=model.start(tables), beam=3**4 + 1, n=6, alpha=alpha, penalty=penalty,
        min_length=min_length, **LIMITS,
    )  # fmt: skip
    penalize = length_penalty(alpha, penalty)
    for log_p, best in zip(tables, found, strict=True):
        every = every_sequence(log_p, 4, (PAD, BOS))
        scores = {ids: sum(p) / penalize(len(p)) for ids, p in every.items() if len(ids) >= min_length}
        expected = sorted(scores, key=lambda ids: -scores[ids])[:6]
        assert [tuple(h.ids.tolist()) for h in best] == expected
        for ids, hypothesis in zip(expected, best, strict=True):
            assert hypothesis.score == pytest.approx(scores[ids])
            np.testing.assert_allclose(hypothesis.log_probabilities, every[ids])


@pytest.mark.parametrize("alpha", [0, 0.5, 1.0])
def test_stopping_changes_nothing(alpha: float) -> None:
    """A search that looks at more results than it is asked for goes on for longer."""
    tables = random_tables(60, VOCABULARY, seed=2)
    patient, quick = Table(), Table()
    settings: dict[str, Any] = {**LIMITS, "max_length": 12, "beam": 3, "alpha": alpha}
    expected = beam_search(patient, bos(60), state=patient.start(tables), n=3, **settings)
    found = beam_search(quick, bos(60), state=quick.start(tables), n=1, **settings)
    for (best,), (first, *_) in zip(found, expected, strict=True):
        assert best.ids.tolist() == first.ids.tolist()
    assert sum(quick.rows) < sum(patient.rows)


def test_early_stopping_is_sooner_and_may_miss_the_best() -> None:
    tables = random_tables(60, VOCABULARY, seed=2)
    scores, steps = [], []
    for early_stopping in (False, True):
        model = Table()
        found = beam_search(
            model, bos(60), state=model.start(tables), beam=2, early_stopping=early_stopping,
            **(LIMITS | {"max_length": 30}),
        )  # fmt: skip
        scores.append(np.array([best.score for (best,) in found]))
        steps.append(sum(model.rows))
    assert (scores[0] >= scores[1]).all()
    assert (scores[0] > scores[1]).any()
    assert steps[0] > steps[1]


@pytest.mark.parametrize("options", [{}, {"norm_first": True, "positions": "rotary", "seed": 32}], ids=str)
def test_a_beam_of_one_is_greedy(options: dict[str, Any]) -> None:
    model = transformer(**options)
    settings: dict[str, Any] = {"state": model.start(padded(SOURCES), LENGTHS), **LIMITS}
    found = beam_search(model, bos(5), beam=1, **settings)
    for (best,), expected in zip(found, greedy(model, bos(5), **settings), strict=True):
        assert best.ids.tolist() == expected.ids.tolist()
        assert best.score == pytest.approx(expected.score)
        np.testing.assert_allclose(best.log_probabilities, expected.log_probabilities)


def test_a_transformer_keeps_its_past_for_every_hypothesis() -> None:
    """What a hypothesis is said to be worth is what the whole model says about it at once."""
    model = transformer()
    state = model.start(padded(SOURCES), LENGTHS)
    found = beam_search(model, bos(5), state=state, beam=4, n=4, **LIMITS)
    for source, hypotheses in zip(SOURCES, found, strict=True):
        assert len({tuple(h.ids.tolist()) for h in hypotheses}) == 4
        for ids, score, log_probabilities in hypotheses:
            logits = model(np.array([source]), np.array([[BOS, *ids]]))[0]
            log_p = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
            expected = log_p[np.arange(len(ids) + 1), [*ids, EOS]]
            np.testing.assert_allclose(log_probabilities, expected)
            assert score == pytest.approx(expected.mean())


def test_with_every_beginning_kept_a_transformer_finds_its_best() -> None:
    model = transformer()
    limits = LIMITS | {"max_length": 2}
    state = model.start(padded(SOURCES), LENGTHS)
    found = beam_search(model, bos(5), state=state, beam=60, n=60, **limits)
    for hypotheses in found:
        assert len(hypotheses) == 1 + 6 + 36  # of six ids
        scores = [h.score for h in hypotheses]
        assert scores == sorted(scores, reverse=True)


def test_the_length_penalty_changes_the_winner() -> None:
    #  a .      0.4 · 0.9        = 0.36     log -1.022     of length 2
    #  b c a .  0.6 · 0.7 · 0.7 · 0.9 = 0.265     log -1.330     of length 4
    log_p = table(
        {}, {A: 0.4, B: 0.6}, {}, {EOS: 0.9, C: 0.1}, {C: 0.7, EOS: 0.3}, {A: 0.7, EOS: 0.3}, vocabulary=6
    )
    # -1.022 / 2ᵅ and -1.330 / 4ᵅ meet at α = log2(1.330 / 1.022) = 0.38
    assert search(log_p, beam=3, alpha=0.37) == [[(A,)]]
    assert search(log_p, beam=3, alpha=0.39) == [[(B, C, A)]]
    # -1.022 / (7/6)ᵅ and -1.330 / (9/6)ᵅ at α = log(1.330 / 1.022) / log(9/7) = 1.05
    assert search(log_p, beam=3, alpha=1.04, penalty="gnmt") == [[(A,)]]
    assert search(log_p, beam=3, alpha=1.06, penalty="gnmt") == [[(B, C, A)]]


def test_penalties_as_they_are_written() -> None:
    assert [length_penalty()(n) for n in (1, 2, 7)] == [1, 2, 7]
    assert length_penalty(0)(9) == 1
    assert length_penalty(0.5)(9) == pytest.approx(3)
    assert length_penalty(0.6, "gnmt")(7) == pytest.approx(2**0.6)


def test_an_end_at_once_and_rows_that_leave() -> None:
    at_once = table({}, {EOS: 0.95, A: 0.05}, {}, {A: 0.9, EOS: 0.1}, vocabulary=6)
    model = Table()
    tables = np.concatenate([at_once, EXAMPLE])
    found = beam_search(model, bos(2), state=model.start(tables), beam=2, alpha=0, **LIMITS)
    assert [best.ids.tolist() for (best,) in found] == [[], [B]]
    assert found[0][0].score == pytest.approx(np.log(0.95))
    assert model.rows == [2, 2]  # of the first row, nothing is left to do after its first step


def test_the_greatest_length_of_each_row() -> None:
    endless = table({}, {A: 0.6, B: 0.4}, {}, {A: 0.9, EOS: 0.1}, {B: 0.9, EOS: 0.1}, vocabulary=6)
    tables = np.repeat(endless, 3, axis=0)
    found = search(tables, beam=2, n=1, alpha=3, max_length=np.array([2, 5, 3]))
    assert found == [[(A, A)], [(A,) * 5], [(A, A, A)]]


def test_fewer_results_where_there_are_fewer_sequences() -> None:
    only = table({}, {A: 0.6, EOS: 0.4}, {}, {EOS: 1.0}, vocabulary=6)
    assert search(only, beam=5, n=5) == [[(A,), ()]]


def test_equal_hypotheses_come_in_the_order_of_their_ids() -> None:
    equal = table({}, {A: 0.25, B: 0.25, C: 0.25, EOS: 0.25}, {}, *[{EOS: 1.0}] * 3, vocabulary=6)
    assert search(equal, beam=3, n=3, alpha=0) == [[(), (A,), (B,)]]


def test_a_hypothesis_that_cannot_end_is_none() -> None:
    model = Table()
    tables = np.concatenate([EXAMPLE, table({}, {A: 0.5, B: 0.5}, {}, {A: 1.0}, {A: 1.0}, vocabulary=6)])
    with pytest.raises(ValueError, match="no hypothesis of row 1 of the prompt can end"):
        beam_search(model, bos(2), state=model.start(tables), **LIMITS)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"beam": 0}, "1 <= n <= beam, got n 1 and beam 0"),
        ({"beam": 2, "n": 3}, "1 <= n <= beam, got n 3 and beam 2"),
        ({"n": 0}, "got n 0 and beam 5"),
        ({"alpha": -0.5}, "alpha, the exponent of the length penalty, must be >= 0, got -0.5"),
        ({"penalty": "wu"}, "no length penalty is called 'wu': choose one of power, gnmt"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        search(EXAMPLE, **settings)
