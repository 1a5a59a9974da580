"""The Transformer (Vaswani et al. 2017, figure 1): one sequence in, another one out.

                                                     logits: what comes next
                                                        ^
                                                      output
                                                        ^
        encoder ------------- memory ----------->    decoder
           ^                                            ^
    √d · embedding + positions              √d · embedding + positions
           ^                                            ^
        source   "ein Hund läuft"           target_in  BOS "a" "dog" "runs"

**What changes from task to task?** One sequence becomes another one, as in translation: encoder and decoder,
this file. A text goes on: causal layers alone, `transformer_lm.py`. A text or an image gets a class: the
encoder alone, and one vector of all that it puts out, `transformer_classifier.py`, `vision_transformer.py`.
The layers are the same.

**Where is the target shifted?** Before it comes here, by who trains: the decoder reads what is right so far
(teacher forcing), and its answer at t is compared with the id that follows.

    target          BOS  a    dog  runs EOS
    target_in     = target[:, :-1]    BOS  a    dog  runs
    target_out    = target[:, 1:]     a    dog  runs EOS

The decoder is causal: logits at t see target_in up to t, thus never the id that they are compared with.

**Where do the gradients go?** dlogits goes down the decoder, from layer to layer, into the target's table.
Every decoder layer looked at the memory: the sum of all they say about it is the gradient of the encoder's
output, and the only one the encoder gets. A table that is used in several places gets a gradient from each,
and they add up; those of embeddings come back times √d (see `token_embedding.py`).
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

from chainrule.functions.arrays import Array
from chainrule.layers import Embedding, Layer, Linear, TransformerDecoder, TransformerEncoder

from .initial import glorot
from .token_embedding import TokenEmbedding, padding

if TYPE_CHECKING:
    from collections.abc import Collection

    from chainrule.functions.arrays import Bool, Float, Int


class Seq2SeqTransformerCache(NamedTuple):
    source: Any
    encoder: Any
    target: Any
    decoder: Any
    output: Any


class Seq2SeqState(NamedTuple):
    """What is kept while a target grows. The first axis of every array in it is the batch's."""

    memory: Float[Array, "batch source d_model"]
    source_padding: Bool[Array, "batch source"] | None
    past: Any = None                                                         # of the decoder's layers

    @property
    def length(self) -> int:
        """How many ids of the target were read."""
        return 0 if self.past is None else int(self.past[0].self_attn.length)


class Seq2SeqTransformer(Layer):
    """source (batch, source), target_in (batch, target) -> logits (batch, target, target_vocabulary).

        logits, cache = model.forward(source, target_in, source_lengths, target_lengths)
        None, None, None, None = model.backward(dlogits, cache)         ids and lengths have no gradient

        state = model.start(source, source_lengths)                      decoding: the source is read once,
        logits, state = model.step(ids, state)                           and so is each id of the target

    Padding, which nobody looks at: what lies beyond the lengths, where they are given, else every pad_id. The
    loss has to ignore it, too: `CrossEntropyLoss(ignore_index=pad_id, axis=-1)`.

    tied: which of "source", "target" and "output" are one table; ("source", "target", "output") is the paper,
        with one vocabulary for both languages; () ties none.
    dropout: of embeddings, and as in the layers; positions: see TokenEmbedding; with "learned" there are
        max_length of them. scale_embedding=False leaves out √d_model, output_bias=True adds a bias to the
        logits.
    More options, such as norm_first, final_norm and activation, are those of TransformerEncoder and
    TransformerDecoder (torch.nn.Transformer's are final_norm=True). Matrices begin Glorot uniform, embeddings
    normal with 1 / √d_model, biases 0.

    Who looked where: cache.decoder.layers[i].multihead_attn.body.weights, (batch, heads, target, source).
    """

    def __init__(
        self,
        source_vocabulary: int,
        target_vocabulary: int,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        *,
        tied: Collection[str] = ("target", "output"),
        pad_id: int | None = None,
        positions: str = "sinusoidal",
        max_length: int = 512,
        scale_embedding: bool = True,
        output_bias: bool = False,
        **options: Any,
    ) -> None:
        self.pad_id = pad_id
        scale = sqrt(d_model) if scale_embedding else 1.0
        options |= {"dim_feedforward": dim_feedforward, "dropout": dropout, "rotary": positions == "rotary"}
        self.source = TokenEmbedding(source_vocabulary, d_model, positions, max_length, dropout, scale)
        self.target = TokenEmbedding(target_vocabulary, d_model, positions, max_length, dropout, scale)
        self.encoder = glorot(TransformerEncoder(d_model, nhead, num_encoder_layers, **options))
        self.decoder = glorot(TransformerDecoder(d_model, nhead, num_decoder_layers, **options))
        self.output = glorot(Linear(d_model, target_vocabulary, output_bias))
        self._tie(tied)

    def forward(
        self,
        source: Int[Array, "batch source"],
        target_in: Int[Array, "batch target"],
        source_lengths: Int[Array, " batch"] | None = None,
        target_lengths: Int[Array, " batch"] | None = None,
    ) -> tuple[Float[Array, "batch target vocabulary"], Seq2SeqTransformerCache]:
        x, source_cache = self.source.forward(source)                        # (batch, source, d_model)
        source_padding = padding("Seq2SeqTransformer's source", source, source_lengths, self.pad_id)
        memory, encoder_cache = self.encoder.forward(x, src_key_padding_mask=source_padding)

        x, target_cache = self.target.forward(target_in)                     # (batch, target, d_model)
        target_padding = padding("Seq2SeqTransformer's target", target_in, target_lengths, self.pad_id)
        if len(source) != len(target_in):
            raise ValueError(
                f"Seq2SeqTransformer: {len(source)} sources, but {len(target_in)} targets: they are pairs"
            )
        y, decoder_cache = self.decoder.forward(
            x, memory, tgt_is_causal=True,
            tgt_key_padding_mask=target_padding, memory_key_padding_mask=source_padding,
        )
        logits, output_cache = self.output.forward(y)                        # (batch, target, vocabulary)
        return logits, Seq2SeqTransformerCache(
            source_cache, encoder_cache, target_cache, decoder_cache, output_cache
        )

    def backward(
        self, dlogits: Float[Array, "batch target vocabulary"], cache: Seq2SeqTransformerCache
    ) -> tuple[None, None, None, None]:
        dy = self.output.backward(dlogits, cache.output)
        dx, dmemory = self.decoder.backward(dy, cache.decoder)               # dmemory: of all layers, summed
        self.target.backward(dx, cache.target)
        dx = self.encoder.backward(dmemory, cache.encoder)
        self.source.backward(dx, cache.source)                               # tied tables add up
        return None, None, None, None

    def start(
        self, source: Int[Array, "batch source"], source_lengths: Int[Array, " batch"] | None = None
    ) -> Seq2SeqState:
        """Reads the source: the state before the first id of the target."""
        x = self.source(source)
        source_padding = padding("Seq2SeqTransformer's source", source, source_lengths, self.pad_id)
        memory = self.encoder(x, src_key_padding_mask=source_padding)
        return Seq2SeqState(memory, source_padding)

    def step(
        self, ids: Int[Array, "batch time"], state: Seq2SeqState | None
    ) -> tuple[Float[Array, "batch vocabulary"], Seq2SeqState]:
        """Reads the next ids of the target, the first of which is BOS. Returns the logits for the id that
        follows the last one, (batch, vocabulary), and the state after it. The ids are no padding.
        """
        if state is None:
            raise ValueError("Seq2SeqTransformer: read the source first: state = model.start(source)")
        if len(ids) != len(state.memory):
            raise ValueError(
                f"Seq2SeqTransformer: the state is that of {len(state.memory)} sources, and here are the ids "
                f"of {len(ids)} targets"
            )
        x = self.target(ids, state.length)
        y, past = self.decoder.step(
            x, state.memory, state.past, memory_key_padding_mask=state.source_padding
        )
        return self.output(y[:, -1]), state._replace(past=past)

    def _tie(self, tied: Collection[str]) -> None:
        """Lets those layers hold one parameter. Raises ValueError for unknown names and other sizes."""
        holders: dict[str, Embedding | Linear] = {
            "source": self.source.embedding, "target": self.target.embedding, "output": self.output,
        }
        if isinstance(tied, str) or not set(tied) <= set(holders) or len(tied) == 1:
            raise ValueError(f"tied: none, or at least two of {', '.join(holders)}, got {tied!r}")
        one, *others = [holders[name] for name in holders if name in tied] or [self.output]
        for holder in others:
            if holder.weight.shape != one.weight.shape:
                raise ValueError(
                    f"one table for source and target needs one vocabulary, got {one.weight.shape[0]} and "
                    f"{holder.weight.shape[0]} ids"
                )
            holder.weight = one.weight
