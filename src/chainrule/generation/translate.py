"""Translation: texts in, texts out, by a Seq2SeqTransformer and the tokenizers of both sides.

    text  ->  ids, EOS  ->  model.start  ->  beam search from BOS to EOS  ->  ids  ->  text

Texts of about the same length are translated together, so that little of a batch is padding, and come back in
the order in which they were given. What a text becomes does not depend on the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.models import Seq2SeqTransformer
from chainrule.models.token_embedding import TokenEmbedding

from .beam_search import beam_search
from .decode import sample_to_end
from .hypothesis import Hypothesis

if TYPE_CHECKING:
    from chainrule.functions.arrays import Float, Int


class Tokenizer(Protocol):
    """Text to ids and back, as `chainrule.data.Tokenizer` does it."""

    @property
    def pad_id(self) -> int: ...

    @property
    def bos_id(self) -> int: ...

    @property
    def eos_id(self) -> int: ...

    def __len__(self) -> int: ...

    def encode(self, text: str) -> Int[Array, " time"]: ...

    def decode(self, ids: Int[Array, " time"]) -> str: ...

    def tokens(self, ids: Int[Array, " time"]) -> list[str]: ...


class Translation(NamedTuple):
    text: str
    score: float  # see Hypothesis
    ids: Int[Array, " target"]  # without BOS and EOS
    log_probabilities: Float[Array, " target+1"]  # of each id and of EOS
    source_ids: Int[Array, " source"]  # as the model read them: with EOS
    alternatives: tuple[Translation, ...] = ()  # the next best, where n > 1

    @classmethod
    def of(cls, found: Hypothesis, source_ids: Int[Array, " source"], tokenizer: Tokenizer) -> Translation:
        text = tokenizer.decode(found.ids)
        return cls(text, found.score, found.ids, found.log_probabilities, source_ids)


def translate(
    model: Seq2SeqTransformer,
    source_tokenizer: Tokenizer,
    target_tokenizer: Tokenizer,
    texts: Sequence[str],
    *,
    beam: int = 5,
    n: int = 1,
    max_len_a: float = 1.0,
    max_len_b: int = 50,
    max_tokens: int = 2000,
    temperature: float | None = None,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int = 0,
    **settings: Any,
) -> list[Translation]:
    """One Translation for each text, in their order.

    beam, n: see `beam_search`; beam=1 is greedy. The n - 1 next best are the translation's `alternatives`.
    settings: others of beam_search, such as alpha, penalty, min_length and early_stopping.
    temperature, top_k, top_p: where any is given, ids are drawn instead (`sample_to_end`): another seed,
    another translation. There is no beam then, and n is 1.
    A translation has at most max_len_a times as many ids as its source (EOS counted), plus max_len_b: the
    defaults are those of Vaswani et al. 2017, section 6.1; the names, and the way to count, are fairseq's.
    Where the target's positions are learned, it has no more than there are.
    max_tokens: how many source ids are translated together, padding included. (A beam of 5 computes five
    times as many rows.)

    A text in which there is nothing becomes an empty translation, of score 0, without asking the model. What
    its tokenizer does not know, the model reads as unknown. BOS and padding are never produced.

    Raises ValueError for a text with more ids than the source has learned positions, tokenizers that do not
    fit the model's tables, a model in training mode, or settings that cannot be; TypeError for a single str.
    """
    if isinstance(texts, str):
        raise TypeError("translate expects several texts, a list of str, got one str: put it into a list")
    _check_vocabulary("source", source_tokenizer, model.source)
    _check_vocabulary("target", target_tokenizer, model.target)
    sources = [np.append(source_tokenizer.encode(text), source_tokenizer.eos_id) for text in texts]
    _check_lengths(sources, _learned_positions(model.source))
    ending: dict[str, Any] = {
        "eos_id": target_tokenizer.eos_id,
        "never": {target_tokenizer.bos_id, target_tokenizer.pad_id} - {target_tokenizer.eos_id},
    }
    drawing: dict[str, Any] = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
    drawing = {name: value for name, value in drawing.items() if value is not None}
    if drawing and n > 1:
        raise ValueError(f"one translation of each text is drawn, not n={n}: draw with other seeds")

    translations = [Translation("", 0.0, np.zeros(0, np.int64), np.zeros(0), ids) for ids in sources]
    for batch in _batches([len(ids) for ids in sources], max_tokens):
        lengths = np.array([len(sources[i]) for i in batch])
        source = np.full((len(batch), lengths.max()), source_tokenizer.pad_id)
        for row, i in zip(source, batch, strict=True):
            row[: len(sources[i])] = sources[i]
        longest = (max_len_a * lengths).astype(int) + max_len_b
        if (most := _learned_positions(model.target)) is not None:
            longest = np.minimum(longest, most - 1)  # BOS has one
        bos = np.full((len(batch), 1), target_tokenizer.bos_id)
        begin = {"state": model.start(source, lengths), "max_length": longest, **ending}
        if drawing:
            found = [[one] for one in sample_to_end(model, bos, seed=seed, rows=batch, **begin, **drawing)]
        else:
            found = beam_search(model, bos, beam=beam, n=n, **begin, **settings)
        for i, hypotheses in zip(batch, found, strict=True):
            best, *others = [Translation.of(h, sources[i], target_tokenizer) for h in hypotheses]
            translations[i] = best._replace(alternatives=tuple(others))
    return translations


def _batches(lengths: list[int], max_tokens: int) -> Iterator[list[int]]:
    """Texts that are translated together, the longest first, as many as fit; without those that are empty."""
    order = sorted((i for i, length in enumerate(lengths) if length > 1), key=lambda i: -lengths[i])
    while order:
        fit = max(1, max_tokens // lengths[order[0]])
        yield order[:fit]
        order = order[fit:]


def _learned_positions(embedding: TokenEmbedding) -> int | None:
    """How many ids it can read; None: any number."""
    most: int | None = getattr(embedding.positions, "max_length", None)
    return most


def _check_vocabulary(side: str, tokenizer: Tokenizer, embedding: TokenEmbedding) -> None:
    rows = embedding.embedding.weight.shape[0]
    if len(tokenizer) != rows:
        raise ValueError(
            f"the {side} tokenizer has {len(tokenizer)} tokens, but the model's {side} table has {rows} "
            "rows: they do not belong together"
        )


def _check_lengths(sources: list[Array], most: int | None) -> None:
    for i, ids in enumerate(sources):
        if most is not None and len(ids) > most:
            raise ValueError(
                f"text {i} has {len(ids)} tokens, the end counted, but the model has learned {most} "
                "positions: cut it into sentences"
            )
