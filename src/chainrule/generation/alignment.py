"""Where a Transformer looked while it translated: the weights of the decoder's attention to the source.

Row t belongs to the id that was said at t, column s to the id of the source that was looked at; each row sums
to 1. (Bahdanau, Cho and Bengio 2015, figure 3, drew it first.)

To look is not to explain: a weight says how much of a position's value was taken, not what for, and heads
often look at the end symbol, or at a mark, when there is nothing to be taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.models import Seq2SeqTransformer

from .translate import Tokenizer, Translation

if TYPE_CHECKING:
    from chainrule.functions.arrays import Float, Int


def alignment(
    model: Seq2SeqTransformer, source: Int[Array, " source"], target_in: Int[Array, " target"]
) -> Float[Array, "layers heads target source"]:
    """The weights of every layer and head, by one forward over the whole target (teacher forcing).

    source: the ids that the encoder reads, EOS included. target_in: those that the decoder reads, BOS first;
    row t is where it looked to say what follows target_in[t].

    Raises ValueError for a model in training mode.
    """
    if model.training:
        raise ValueError("the model is in training mode: call model.eval() before it shows where it looks")
    _, cache = model.forward(np.asarray(source)[None], np.asarray(target_in)[None])
    return np.stack([layer.multihead_attn.body.weights[0] for layer in cache.decoder.layers])


class Alignment(NamedTuple):
    """What is drawn: by `alignment_text`, and by `chainrule.training.pictures.alignment`."""

    weights: Float[Array, "target source"]
    source: list[str]  # tokens, with what cannot be seen made visible; the end symbol last
    target: list[str]

    @classmethod
    def of(
        cls,
        model: Seq2SeqTransformer,
        translation: Translation,
        source_tokenizer: Tokenizer,
        target_tokenizer: Tokenizer,
        layer: int | None = None,
    ) -> Alignment:
        """Where the model looked for each token of a translation, and for its end: the mean over the heads of
        one decoder layer (0, 1, ..., or -1: the last), or, by default, of all of them.

        Raises ValueError for a model in training mode, a text that was empty, or a layer that does not exist.
        """
        if len(translation.log_probabilities) == 0:
            raise ValueError("the text was empty: there is nothing that the model looked at")
        target_in = np.append(target_tokenizer.bos_id, translation.ids)
        weights = alignment(model, translation.source_ids, target_in).mean(1)  # (layers, target, source)
        if layer is not None and not -len(weights) <= layer < len(weights):
            raise ValueError(f"the decoder has the layers 0 to {len(weights) - 1}, got {layer}")
        said = np.append(translation.ids, target_tokenizer.eos_id)
        return cls(
            weights.mean(0) if layer is None else weights[layer],
            [_visible(token) for token in source_tokenizer.tokens(translation.source_ids)],
            [_visible(token) for token in target_tokenizer.tokens(said)],
        )


def _visible(token: str) -> str:
    return token.replace(" ", "␣").replace("\n", "↵").replace("\t", "⇥")
