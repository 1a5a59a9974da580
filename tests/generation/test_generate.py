"""Generation over a kept state, with models small enough to know what they should say."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from chainrule.data import CharVocabulary
from chainrule.generation import generate, generate_text
from chainrule.layers import Dropout

VOCABULARY = 6


class Sum:
    """Its state is the sum of all ids so far (batch,); it expects that sum modulo 6 next, not for sure."""

    def __init__(self, sharpness: float = 1.0) -> None:
        self.sharpness = sharpness
        self.read: list[list[list[int]]] = []

    def step(self, ids: np.ndarray, state: Any) -> tuple[np.ndarray, Any]:
        self.read.append(ids.tolist())
        total = ids.sum(1) + (0 if state is None else state)
        return self.sharpness * np.eye(VOCABULARY)[total % VOCABULARY], total


class Remembering:
    """The same with another state: all ids so far, (batch, time), as a Transformer keeps keys and values."""

    def step(self, ids: np.ndarray, state: Any) -> tuple[np.ndarray, Any]:
        past = ids if state is None else np.concatenate([state, ids], axis=1)
        return np.eye(VOCABULARY)[past.sum(1) % VOCABULARY], past


PROMPT = np.array([[1, 2], [3, 5], [0, 1]])


def test_greedy_over_a_carried_state() -> None:
    ids = np.array(list(generate(Sum(), PROMPT, 5, temperature=0)))  # (time, batch)
    assert ids.T.tolist() == [[3, 0, 0, 0, 0], [2, 4, 2, 4, 2], [1, 2, 4, 2, 4]]


def test_each_id_is_read_once_and_the_last_one_not() -> None:
    model = Sum()
    drawn = list(generate(model, PROMPT[:1], 3, temperature=0))
    assert model.read == [[[1, 2]], [[3]], [[0]]]
    assert len(drawn) == 3
    assert drawn[0].shape == (1,)


@pytest.mark.parametrize("seed", [0, 1])
def test_any_kind_of_state_gives_the_same(seed: int) -> None:
    first, second = (list(generate(model, PROMPT, 20, seed=seed)) for model in (Sum(), Remembering()))
    np.testing.assert_array_equal(first, second)


def test_the_seed_decides() -> None:
    first, again, other = (np.array(list(generate(Sum(), PROMPT, 20, seed=seed))) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_equal_prompts_get_different_texts_and_no_row_depends_on_the_others() -> None:
    same = np.array([[1, 2]] * 3)
    ids = np.array(list(generate(Sum(), same, 20))).T
    assert len(np.unique(ids, axis=0)) == 3
    alone = np.array(list(generate(Sum(), same[:1], 20))).T
    np.testing.assert_array_equal(ids[0], alone[0])


def test_draws_follow_the_distribution() -> None:
    steps = 6000
    ids = np.array([0, *(int(i[0]) for i in generate(Sum(2.0), np.array([[0]]), steps, seed=5))])
    expected = np.cumsum(ids)[:-1] % VOCABULARY
    share = np.mean(ids[1:] == expected)
    assert share == pytest.approx(np.exp(2) / (np.exp(2) + 5), abs=0.025)


def test_settings_arrive() -> None:
    for settings in ({"top_k": 1}, {"top_p": 0.1}, {"temperature": 1e-6}):
        ids = np.array(list(generate(Sum(), PROMPT, 5, **settings)))
        np.testing.assert_array_equal(ids, list(generate(Sum(), PROMPT, 5, temperature=0)))


def test_ids_come_as_they_are_drawn_and_without_a_count_without_end() -> None:
    model = Sum()
    stream = generate(model, PROMPT)
    assert model.read == []
    next(stream)
    assert len(model.read) == 1
    assert len(list(itertools.islice(stream, 50))) == 50
    assert len(model.read) == 51


def test_none_at_all() -> None:
    assert list(generate(Sum(), PROMPT, 0)) == []


def test_text() -> None:
    vocabulary = CharVocabulary("abcdef")
    pieces = list(generate_text(Sum(), vocabulary, "df", 5, temperature=0))
    assert pieces == ["c", "e", "c", "e", "c"]
    assert list(generate_text(Sum(), vocabulary, "df", 9, seed=1)) != list(
        generate_text(Sum(), vocabulary, "df", 9, seed=2)
    )


# ------------------------------------------------------------ errors, before the first id is asked for


@pytest.mark.parametrize(
    ("prompt", "settings", "message"),
    [
        (PROMPT, {"top_p": 2}, "top_p"),
        (PROMPT, {"temperature": -1}, "temperature"),
        (PROMPT, {"count": -1}, "count must be >= 0, got -1"),
        (PROMPT[0], {}, r"\(batch, time\) with at least one id per row, got prompt \(2,\)"),
        (PROMPT[:, :0], {}, r"got prompt \(3, 0\)"),
    ],
)
def test_what_cannot_be_is_said_at_once(prompt: np.ndarray, settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        generate(Sum(), prompt, **settings)


def test_a_prompt_of_floats() -> None:
    with pytest.raises(TypeError, match="integers, got float64"):
        generate(Sum(), PROMPT / 2)


def test_a_model_in_training_mode() -> None:
    class Model(Dropout):
        def step(self, ids: np.ndarray, state: Any) -> tuple[np.ndarray, Any]:
            return self(np.eye(VOCABULARY)[ids[:, -1]]), None

    model = Model(0.5)
    with pytest.raises(ValueError, match=r"training mode: call model\.eval\(\)"):
        generate(model, PROMPT)
    assert next(generate(model.eval(), PROMPT, 1, temperature=0)).tolist() == [2, 5, 1]


def test_logits_of_all_positions_are_refused() -> None:
    class AllPositions:
        def step(self, ids: np.ndarray, state: Any) -> tuple[np.ndarray, Any]:
            return np.eye(VOCABULARY)[ids], None

    with pytest.raises(ValueError, match=r"last position, \(3, vocabulary\), it returned logits \(3, 2, 6\)"):
        next(generate(AllPositions(), PROMPT))


def test_an_empty_prompt_and_unknown_characters() -> None:
    vocabulary = CharVocabulary("abcdef")
    with pytest.raises(ValueError, match="the prompt is empty"):
        generate_text(Sum(), vocabulary, "", 5)
    with pytest.raises(ValueError, match=r"'x' .* in line 1, column 2"):
        generate_text(Sum(), vocabulary, "ax", 5)
