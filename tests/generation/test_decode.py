"""Greedy decoding and sampling to an end symbol."""

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
    opinionated,
    padded,
    random_tables,
    table,
    transformer,
)

from chainrule.generation import Hypothesis, beam_search, generate, greedy, sample_to_end
from chainrule.layers import manual_seed
from chainrule.models import RecurrentLM, TransformerLM

A, B, C = 3, 4, 5
CHAIN = table(
    {}, {A: 0.6, EOS: 0.4}, {}, {B: 0.7, A: 0.25, EOS: 0.05}, {EOS: 0.9, C: 0.1}, {EOS: 1.0}, vocabulary=6
)
NO_SPECIALS: dict[str, Any] = {"eos_id": EOS, "never": (PAD, BOS)}


def same(found: list[Hypothesis], expected: list[Hypothesis]) -> None:
    assert [h.ids.tolist() for h in found] == [h.ids.tolist() for h in expected]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.log_probabilities, other.log_probabilities, rtol=1e-9)
        assert one.score == pytest.approx(other.score, rel=1e-9)


def test_the_likeliest_id_at_every_position() -> None:
    model = Table()
    (found,) = greedy(model, bos(1), state=model.start(CHAIN), eos_id=EOS, max_length=9)
    assert found.ids.tolist() == [A, B]
    np.testing.assert_allclose(np.exp(found.log_probabilities), [0.6, 0.7, 0.9])
    assert found.score == pytest.approx(np.log([0.6, 0.7, 0.9]).mean())


def test_rows_that_have_ended_leave_the_batch() -> None:
    model = Table()
    at_once = table({}, {EOS: 0.9, A: 0.1}, vocabulary=6)
    tables = np.concatenate([at_once, CHAIN, at_once])
    found = greedy(model, bos(3), state=model.start(tables), eos_id=EOS, max_length=9)
    assert [h.ids.tolist() for h in found] == [[], [A, B], []]
    assert found[0].ids.dtype == np.int64
    assert found[0].score == pytest.approx(np.log(0.9))
    assert model.rows == [3, 1, 1]


def test_the_greatest_length_is_an_end_and_costs_its_probability() -> None:
    model = Table()
    endless = table({}, {A: 1.0}, {}, {A: 0.99, EOS: 0.01}, vocabulary=6)
    tables = np.concatenate([endless] * 3)
    found = greedy(model, bos(3), state=model.start(tables), eos_id=EOS, max_length=np.array([2, 5, 1]))
    assert [h.ids.tolist() for h in found] == [[A] * 2, [A] * 5, [A]]
    np.testing.assert_allclose(np.exp(found[0].log_probabilities), [1, 0.99, 0.01])


def test_a_least_length() -> None:
    model = Table()
    settings: dict[str, Any] = {"state": model.start(CHAIN), "eos_id": EOS, "max_length": 9}
    (found,) = greedy(model, bos(1), **settings, min_length=3)
    assert found.ids.tolist() == [A, B, C]
    np.testing.assert_allclose(np.exp(found.log_probabilities), [0.6, 0.7, 0.1, 1])


def test_what_is_never_said() -> None:
    model = Table()
    (found,) = greedy(model, bos(1), state=model.start(CHAIN), eos_id=EOS, max_length=9, never=[B])
    assert found.ids.tolist() == [A] * 9  # after it, only itself is left
    tables = random_tables(40, 6)
    for hypothesis in greedy(model, bos(40), state=model.start(tables), max_length=5, **NO_SPECIALS):
        assert not set(hypothesis.ids) & {PAD, BOS, EOS}


@pytest.mark.parametrize(
    "options", [{}, {"norm_first": True, "positions": "rotary", "seed": 32}], ids=["post", "pre"]
)
def test_kept_equals_recomputed(options: dict[str, Any]) -> None:
    """Without any state: the whole target so far goes through the whole model, for each id."""
    model = transformer(**options)
    state = model.start(padded(SOURCES), LENGTHS)
    found = greedy(model, bos(len(SOURCES)), state=state, max_length=7, **NO_SPECIALS)
    assert len({len(h.ids) for h in found}) > 1
    for source, hypothesis in zip(SOURCES, found, strict=True):
        target = [BOS]
        for value in hypothesis.log_probabilities:
            logits = model(np.array([source]), np.array([target]))[0, -1]
            log_p = logits - np.log(np.exp(logits).sum())
            log_p[[PAD, BOS]] = -np.inf
            target.append(EOS if len(target) == 8 else int(log_p.argmax()))
            assert log_p[target[-1]] == pytest.approx(value)
        assert target == [BOS, *hypothesis.ids, EOS]


def test_neither_other_rows_nor_padding_matter() -> None:
    model = transformer()
    source = padded(SOURCES)
    decoders: list[Any] = [greedy, lambda *a, **k: [best for (best,) in beam_search(*a, **k, beam=3)]]
    for decode in decoders:
        together = decode(model, bos(5), state=model.start(source, LENGTHS), max_length=9, **NO_SPECIALS)
        longer = model.start(padded(SOURCES, longest=9, fill=3), LENGTHS)
        same(decode(model, bos(5), state=longer, max_length=9, **NO_SPECIALS), together)
        for n, one in enumerate(SOURCES):
            state = model.start(np.array([one]))
            same(decode(model, bos(1), state=state, max_length=9, **NO_SPECIALS), together[n : n + 1])
        order = np.array([3, 0, 4, 2, 1])
        state = model.start(source[order], LENGTHS[order])
        reordered = decode(model, bos(5), state=state, max_length=9, **NO_SPECIALS)
        same(reordered, [together[n] for n in order])


@pytest.mark.parametrize(
    ("kind", "sizes", "seed"),
    [
        (TransformerLM, (9, 20, 8, 2, 2), 29),
        (RecurrentLM, (9, 4, 5, 2), 22),  # two layers: of two rows, the wrong axis would be taken in silence
        (RecurrentLM, (9, 4, 5, 3, "gru"), 20),
    ],
    ids=["transformer", "lstm", "gru"],
)
def test_language_models_go_on_from_a_prompt(kind: Any, sizes: tuple[Any, ...], seed: int) -> None:
    manual_seed(0)
    model: Any = opinionated(kind(*sizes, dropout=0.0), seed, std=0.8)
    prompt = np.random.default_rng(9).integers(3, 9, (6, 3))
    settings: dict[str, Any] = {"max_length": 8, "eos_id": EOS}
    found = greedy(model, prompt, **settings)
    assert len({len(h.ids) for h in found}) > 2
    beams = beam_search(model, prompt, **settings, beam=3, n=2)
    for row, hypothesis, best in zip(prompt, found, beams, strict=True):
        ids = [int(drawn[0]) for drawn in generate(model, row[None], 9, temperature=0)]
        assert hypothesis.ids.tolist() == ids[: ids.index(EOS) if EOS in ids[:8] else 8]
        (alone,) = beam_search(model, row[None], **settings, beam=3, n=2)
        assert [h.ids.tolist() for h in best] == [h.ids.tolist() for h in alone]


# ------------------------------------------------------------ sampling


def test_draws_follow_the_probabilities_of_sequences() -> None:
    model, count = Table(), 4000
    tables = np.repeat(CHAIN, count, axis=0)
    found = sample_to_end(model, bos(count), state=model.start(tables), eos_id=EOS, max_length=9, seed=2)
    drawn = [tuple(h.ids) for h in found]
    for ids, p in {(): 0.4, (A, B): 0.6 * 0.7 * 0.9, (A, A, B): 0.6 * 0.25 * 0.7 * 0.9}.items():
        assert drawn.count(ids) / count == pytest.approx(p, abs=0.025)
    one = found[drawn.index((A, B))]
    np.testing.assert_allclose(np.exp(one.log_probabilities), [0.6, 0.7, 0.9])


def test_what_a_row_draws_depends_on_seed_and_place_only() -> None:
    model = transformer()
    settings: dict[str, Any] = {"max_length": 9, **NO_SPECIALS}
    state = model.start(padded(SOURCES), LENGTHS)
    first = sample_to_end(model, bos(5), state=state, seed=1, **settings)
    same(sample_to_end(model, bos(5), state=state, seed=1, **settings), first)
    other = sample_to_end(model, bos(5), state=state, seed=2, **settings)
    assert [h.ids.tolist() for h in other] != [h.ids.tolist() for h in first]
    fewer = model.start(padded(SOURCES)[:2], LENGTHS[:2])
    same(sample_to_end(model, bos(2), state=fewer, seed=1, **settings), first[:2])


@pytest.mark.parametrize("options", [{"temperature": 0}, {"top_k": 1}, {"top_p": 1e-6}], ids=str)
def test_settings_arrive(options: dict[str, Any]) -> None:
    model = transformer()
    settings: dict[str, Any] = {"state": model.start(padded(SOURCES), LENGTHS), "max_length": 9}
    settings |= NO_SPECIALS | {"min_length": 2}
    same(sample_to_end(model, bos(5), **settings, **options), greedy(model, bos(5), **settings))


def test_generate_goes_on_from_a_state() -> None:
    model = transformer()
    state = model.start(padded(SOURCES), LENGTHS)
    ids = np.array(list(generate(model, bos(5), 4, state=state, temperature=0))).T
    for row, source in zip(ids, SOURCES, strict=True):
        target = [BOS]
        for _ in range(4):
            target.append(int(model(np.array([source]), np.array([target]))[0, -1].argmax()))
        assert row.tolist() == target[1:]
    again = np.array(list(generate(model, bos(5), 4, state=state, temperature=0))).T
    np.testing.assert_array_equal(again, ids)  # the state that was given is as it was


# ------------------------------------------------------------ errors


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"max_length": 0}, "max_length must be a whole number >= 1, .* got 0"),
        ({"max_length": np.array([3, 4])}, "or one for each of the 3 rows"),
        ({"max_length": 2.5}, "whole number"),
        ({"min_length": 10}, "min_length must be from 0 to max_length, 9, got 10"),
        ({"never": [EOS]}, "the end symbol, id 2, is among those that never come"),
        ({"never": [6]}, "id 6 has no logit: there are 6, 0 to 5"),
        ({"eos_id": -1}, "id -1 has no logit"),
    ],
)
@pytest.mark.parametrize("decode", [greedy, sample_to_end, beam_search])
def test_settings_that_cannot_be(decode: Any, settings: dict[str, Any], message: str) -> None:
    model = Table()
    settings = {"state": model.start(np.repeat(CHAIN, 3, 0)), "eos_id": EOS, "max_length": 9} | settings
    with pytest.raises(ValueError, match=message):
        decode(model, bos(3), **settings)


@pytest.mark.parametrize("decode", [greedy, beam_search])
def test_nan(decode: Any) -> None:
    model, tables = Table(), np.concatenate([CHAIN, CHAIN])
    tables[1, A, C] = np.nan
    with pytest.raises(ValueError, match="the logits after 1 ids hold NaN, in row 1 of the prompt"):
        decode(model, bos(2), state=model.start(tables), eos_id=EOS, max_length=9)


def test_a_dead_end() -> None:
    model = Table()
    tables = np.concatenate([CHAIN, table({}, {A: 1.0}, {}, {B: 1.0}, {EOS: 1.0}, vocabulary=6)])
    settings: dict[str, Any] = {"state": model.start(tables), "eos_id": EOS, "max_length": 9}
    with pytest.raises(ValueError, match="after 2 ids, nothing may come next in row 1 of the prompt"):
        greedy(model, bos(2), **settings, min_length=3)


@pytest.mark.parametrize("decode", [greedy, sample_to_end, beam_search])
def test_models_and_prompts_that_cannot_be(decode: Any) -> None:
    model = transformer().train()
    settings: dict[str, Any] = {"state": model.start(np.array([[3, 2]])), "eos_id": EOS, "max_length": 9}
    with pytest.raises(ValueError, match=r"training mode: call model\.eval\(\)"):
        decode(model, bos(1), **settings)
    with pytest.raises(ValueError, match=r"expected a prompt \(batch, time\)"):
        decode(model.eval(), bos(1)[0], **settings)


def test_a_state_of_another_layout_is_refused() -> None:
    class TimeFirst(Table):
        def step(self, ids: np.ndarray, state: Any) -> tuple[np.ndarray, Any]:
            return super().step(ids, state)[0], np.zeros((7, len(ids)))

    model = TimeFirst()
    tables = np.concatenate([table({}, {EOS: 1.0}, vocabulary=6), CHAIN])
    with pytest.raises(ValueError, match=r"of 2 rows here, but there is an array \(7, 2\): give the model"):
        greedy(model, bos(2), state=model.start(tables), eos_id=EOS, max_length=9)
