"""A Transformer as a language model: after every id, how likely is each to come next?

    ids -> embedding + positions -> layers of causal self-attention -> norm -> linear -> logits

(GPT-2: Radford et al. 2019, section 2.3.) It is the encoder's layer with eyes for the past only: there is no
source, so there is no second attention. All positions are computed at once, and each is an exercise of its
own:

    targets     h     e     _     c     a     t         the ids of one position later: shifted by who trains
                ^     ^     ^     ^     ^     ^
              [      causal self-attention      ]       each looks at itself and at all before it
                ^     ^     ^     ^     ^     ^
    ids         t     h     e     _     c     a

**Ragged batches** need no mask: the padding stands behind, where nobody looks; the loss has to ignore it.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.layers import Layer, Linear, TransformerEncoder, init

from .token_embedding import TokenEmbedding

if TYPE_CHECKING:
    from chainrule.functions.arrays import Float, Int


class TransformerLMCache(NamedTuple):
    input: Any
    transformer: Any
    output: Any


class TransformerLMState(NamedTuple):
    """What is kept while a text grows. The first axis of every array in it is the batch's."""

    ids: Int[Array, "batch time"]                                            # that the keys are of
    past: Any                                                                # keys and values of each layer


class TransformerLM(Layer):
    """Reads ids (batch, time), gives logits (batch, time, vocabulary).

        logits, cache = model.forward(ids)
        None = model.backward(dlogits, cache)                             ids have no gradient
        logits, state = model.step(ids, state)                            for generation

    The defaults are GPT-2's shape: pre-norm with a final norm, GELU, learned positions, the output tied to
    the embedding and without bias, 4 · d_model features in the feed-forward part.

    GPT-2 itself approximates GELU: activation=GELU("tanh").

    context: how many positions there are to learn; step looks back no further.
    positions: "learned", "sinusoidal", "rotary" or "none"; the latter three can read any length.
    scale_embedding=True multiplies embeddings by √d_model. More options, such as bias, final_norm,
    attention_dropout or d_k, are those of TransformerEncoder.

    Weights begin as in GPT-2: normal(0, 0.02), biases 0, and the last matrix of each residual branch smaller,
    by 1 / √(2 · num_layers): so many branches add up.
    """

    def __init__(
        self,
        vocabulary: int,
        context: int = 1024,
        d_model: int = 768,
        nhead: int = 12,
        num_layers: int = 12,
        dim_feedforward: int | None = None,
        dropout: float = 0.1,
        *,
        positions: str = "learned",
        norm_first: bool = True,
        activation: str | Layer = "gelu",
        tied: bool = True,
        scale_embedding: bool = False,
        output_bias: bool = False,
        **options: Any,
    ) -> None:
        if context < 1:
            raise ValueError(f"TransformerLM: context must be at least 1, got {context}")
        self.context = context
        scale = sqrt(d_model) if scale_embedding else 1.0
        self.input = TokenEmbedding(vocabulary, d_model, positions, context, dropout, scale)
        self.transformer = TransformerEncoder(
            d_model, nhead, num_layers, norm_first=norm_first, activation=activation, dropout=dropout,
            dim_feedforward=4 * d_model if dim_feedforward is None else dim_feedforward,
            rotary=positions == "rotary", **options,
        )
        self.output = Linear(d_model, vocabulary, output_bias)
        if tied:
            self.output.weight = self.input.embedding.weight
        self._begin(std=0.02, branches=2 * num_layers)

    def forward(
        self, ids: Int[Array, "batch time"]
    ) -> tuple[Float[Array, "batch time vocabulary"], TransformerLMCache]:
        x, input_cache = self.input.forward(ids)                             # (batch, time, d_model)
        y, transformer_cache = self.transformer.forward(x, is_causal=True)
        logits, output_cache = self.output.forward(y)                        # (batch, time, vocabulary)
        return logits, TransformerLMCache(input_cache, transformer_cache, output_cache)

    def backward(self, dlogits: Float[Array, "batch time vocabulary"], cache: TransformerLMCache) -> None:
        dy = self.output.backward(dlogits, cache.output)
        dx = self.transformer.backward(dy, cache.transformer)
        self.input.backward(dx, cache.input)                                 # a tied table adds up both

    def step(
        self, ids: Int[Array, "batch time"], state: TransformerLMState | None = None
    ) -> tuple[Float[Array, "batch vocabulary"], TransformerLMState]:
        """Logits (batch, vocabulary) for the id after the last one, and the state: for generation.

        Where old and new ids are more than the context holds, the newest half of a context is read again as a
        new beginning, and what lies before it is forgotten. (Kept keys know their positions, and cannot
        move.) Raises ValueError for the state of another number of texts.
        """
        if state is not None and len(state.ids) != len(ids):
            raise ValueError(
                f"TransformerLM: the state is that of {len(state.ids)} texts, these are the ids of {len(ids)}"
            )
        past, start = (None, 0) if state is None else (state.past, state.ids.shape[1])
        window = ids if state is None else np.concatenate([state.ids, ids], axis=1)
        if window.shape[1] > self.context:
            window = ids = window[:, -max(1, self.context // 2) :]
            past, start = None, 0
        y, past = self.transformer.step(self.input(ids, start), past)
        return self.output(y[:, -1]), TransformerLMState(window, past)

    def _begin(self, std: float, branches: int) -> None:
        for name, parameter in self.named_parameters():
            if len(parameter.shape) > 1:
                last = name.endswith(("out_proj.weight", "linear2.weight"))  # of a residual branch
                init.normal_(parameter, std=std / sqrt(branches) if last else std)
            elif name.endswith("bias"):
                init.zeros_(parameter)
