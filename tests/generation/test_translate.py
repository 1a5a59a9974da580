"""Texts in, texts out: with a tokenizer of seven characters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from generation.step_models import transformer

from chainrule.generation import Alignment, Translation, alignment, beam_search, translate
from chainrule.models import Seq2SeqTransformer

PAD, BOS, EOS, UNKNOWN = 0, 1, 2, 3


class Letters:
    """<pad> <s> </s> ? and letters, one id each; ^ is a token and belongs to none of the texts."""

    pad_id, bos_id, eos_id = PAD, BOS, EOS

    def __init__(self, letters: str) -> None:
        self.all = ["<pad>", "<s>", "</s>", "?", *letters]

    def __len__(self) -> int:
        return len(self.all)

    def encode(self, text: str) -> np.ndarray:
        known = [self.all.index(c) if c in self.all else UNKNOWN for c in text]
        return np.array(known, dtype=np.int64)

    def decode(self, ids: np.ndarray) -> str:
        return "".join(self.all[i] for i in ids if i > EOS)

    def tokens(self, ids: np.ndarray) -> list[str]:
        return [self.all[i] for i in ids]


SOURCE, TARGET = Letters("abc "), Letters("vwxyz")
TEXTS = ["a b", "", "c", "abcabc cb", "cab", "b a", "?"]


def translated(texts: Any = TEXTS, model: Any = None, **settings: Any) -> list[Translation]:
    model = transformer() if model is None else model
    return translate(model, SOURCE, TARGET, texts, **({"max_len_b": 6} | settings))


def test_texts_come_back_in_their_order() -> None:
    found = translated()
    assert len({t.text for t in found}) > 3
    for text, translation in zip(TEXTS, found, strict=True):
        (alone,) = translated([text])
        assert alone.text == translation.text == TARGET.decode(translation.ids)
        assert alone.score == pytest.approx(translation.score)
        np.testing.assert_allclose(alone.log_probabilities, translation.log_probabilities)
        assert translation.source_ids.tolist() == [*SOURCE.encode(text), EOS]
        assert not set(translation.ids) & {PAD, BOS, EOS}


@pytest.mark.parametrize("max_tokens", [1, 8, 25])
def test_batches_of_any_size_give_the_same(max_tokens: int) -> None:
    expected, found = translated(), translated(max_tokens=max_tokens)
    assert [t.text for t in found] == [t.text for t in expected]


def test_batches_hold_texts_of_like_length_up_to_a_number_of_tokens() -> None:
    model, shapes = transformer(), []
    start = model.start
    model.start = lambda source, lengths: shapes.append(source.shape) or start(source, lengths)
    translated(["a" * n for n in (3, 1, 9, 4, 1, 2)], model, max_tokens=10)
    assert shapes == [(1, 10), (2, 5), (3, 3)]
    translated(["a" * 30], model, max_tokens=10)  # longer than a batch: by itself
    assert shapes[-1] == (1, 31)


def test_the_source_ends_with_eos_and_the_target_begins_with_bos() -> None:
    model = transformer()
    source = np.array([[*SOURCE.encode("c a"), EOS]])
    ((expected,),) = beam_search(
        model, np.array([[BOS]]), state=model.start(source), eos_id=EOS, max_length=10, never=(PAD, BOS)
    )
    (found,) = translated(["c a"], model)
    assert found.ids.tolist() == expected.ids.tolist()
    assert found.score == pytest.approx(expected.score)


def test_settings_arrive_and_alternatives_come_with_the_best() -> None:
    several = translated(n=3, beam=4, alpha=0.5)
    for text, translation in zip(TEXTS, several, strict=True):
        scores = [translation.score, *(other.score for other in translation.alternatives)]
        assert len(scores) == (3 if text else 1)
        assert scores == sorted(scores, reverse=True)
        if text:
            total = translation.log_probabilities.sum()
            assert translation.score == pytest.approx(total / len(translation.log_probabilities) ** 0.5)
    assert all(len(t.ids) >= 4 for t, text in zip(translated(min_length=4), TEXTS, strict=True) if text)
    assert all(translation.alternatives == () for translation in translated())


def test_the_greatest_length_grows_with_the_source() -> None:
    model = transformer()
    model.target.embedding.weight.data[:] = 0
    model.output.weight.data[:] = 0  # all ids are equally likely, of equals the lowest: EOS comes last with
    found = translated(["a", "abc"], model, max_len_a=2.6, max_len_b=1, alpha=9.0)  # such a penalty
    assert [len(t.ids) for t in found] == [int(2.6 * 2) + 1, int(2.6 * 4) + 1]


def test_an_empty_text_becomes_an_empty_translation() -> None:
    (found,) = translated([""])
    assert (found.text, found.score, found.ids.tolist()) == ("", 0.0, [])
    assert translated([]) == []


def test_learned_positions_end() -> None:
    model = transformer(positions="learned", max_length=6)
    with pytest.raises(
        ValueError, match=r"text 1 has 7 tokens, the end counted, .* learned 6 positions: cut"
    ):
        translated(["abcab", "abcabc"], model)
    assert all(len(t.ids) <= 5 for t in translated(["abcab", "a"], model, max_len_b=50, alpha=9.0))


def test_what_cannot_be() -> None:
    with pytest.raises(TypeError, match="expects several texts, a list of str, got one str"):
        translated("abc")
    with pytest.raises(ValueError, match=r"the source tokenizer has 9 tokens, .* source table has 8 rows"):
        translate(transformer(), TARGET, TARGET, ["a"])
    with pytest.raises(ValueError, match=r"the target tokenizer has 8 tokens, .* target table has 9 rows"):
        translate(transformer(), SOURCE, SOURCE, ["a"])
    with pytest.raises(ValueError, match=r"training mode: call model\.eval\(\)"):
        translated(model=transformer().train())
    with pytest.raises(ValueError, match="1 <= n <= beam"):
        translated(n=9)


# ------------------------------------------------------------ where it looked


def test_the_weights_of_all_layers_and_heads() -> None:
    model = transformer()
    (found,) = translated(["ab c"], model)
    target_in = [BOS, *found.ids]
    weights = alignment(model, found.source_ids, target_in)
    assert weights.shape == (2, 2, len(found.ids) + 1, 5)
    np.testing.assert_allclose(weights.sum(-1), 1)
    # a row is what was looked at before the next id was known: a shorter target has the same rows
    np.testing.assert_allclose(alignment(model, found.source_ids, target_in[:1])[:, :, 0], weights[:, :, 0])


def test_an_alignment_has_a_row_for_each_token_and_for_the_end() -> None:
    model = transformer()
    (found,) = translated(["a b"], model)
    weights = alignment(model, found.source_ids, [BOS, *found.ids])
    mean = Alignment.of(model, found, SOURCE, TARGET)
    np.testing.assert_allclose(mean.weights, weights.mean((0, 1)))
    assert mean.source == ["a", "␣", "b", "</s>"]
    assert mean.target == [*found.text, "</s>"]
    for layer in (0, 1, -1):
        of_one = Alignment.of(model, found, SOURCE, TARGET, layer=layer)
        np.testing.assert_allclose(of_one.weights, weights[layer].mean(0))


def test_alignments_that_cannot_be() -> None:
    model: Seq2SeqTransformer = transformer()
    empty, found = translated(["", "a"], model)
    with pytest.raises(ValueError, match="the text was empty"):
        Alignment.of(model, empty, SOURCE, TARGET)
    with pytest.raises(ValueError, match="has the layers 0 to 1, got 2"):
        Alignment.of(model, found, SOURCE, TARGET, layer=2)
    with pytest.raises(ValueError, match=r"training mode: call model\.eval\(\)"):
        Alignment.of(model.train(), found, SOURCE, TARGET)
