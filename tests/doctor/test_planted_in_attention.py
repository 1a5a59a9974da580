"""The classical faults of Transformers, planted in our own code: each is named, in the layer where it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest
from planted import planted
from protocol import normal

import chainrule
from chainrule.doctor.report import Report
from chainrule.functions import dropout
from chainrule.layers import Dropout, TransformerEncoderLayer
from chainrule.layers.dropout import sample_keys

TGT, MEMORY = normal(2, 4, 6), normal(2, 5, 6, seed=1)  # (batch, time, features)
SOURCE_IDS, TARGET_IDS = np.array([[1, 4, 2, 3, 5], [3, 1, 6, 2, 2]]), np.array([[1, 4, 2, 3], [5, 1, 6, 2]])
SOURCE_LENGTHS, TARGET_LENGTHS = np.array([5, 3]), np.array([4, 3])
SMALL: dict[str, Any] = {"dim_feedforward": 7, "dropout": 0.0}
MEANT = {"causal", "padding"}

Check = Callable[[ModuleType], Report]  # of the library with the fault in it


def attention_function(library: ModuleType) -> Report:
    pair = (
        library.functions.scaled_dot_product_attention,
        library.functions.scaled_dot_product_attention_backward,
    )
    query, key, value = normal(2, 3, 4, 6), normal(2, 3, 5, 6, seed=1), normal(2, 3, 5, 7, seed=2)
    return chainrule.check(pair, query, key, value)


def attention(library: ModuleType) -> Report:
    return chainrule.check(library.layers.MultiheadAttention(6, 2), TGT, MEMORY, MEMORY + 1)


def causal_attention(library: ModuleType) -> Report:
    layer = library.layers.MultiheadAttention(6, 2)
    return chainrule.check(layer, TGT, TGT + 1, TGT - 1, is_causal=True, intent={"causal"})


def feed_forward(library: ModuleType) -> Report:
    return chainrule.check(library.layers.FeedForward(6, 7), TGT)


def encoder_layer(library: ModuleType) -> Report:
    return chainrule.check(library.layers.TransformerEncoderLayer(6, 2, **SMALL), MEMORY)


def pre_norm_encoder_layer(library: ModuleType) -> Report:
    return chainrule.check(library.layers.TransformerEncoderLayer(6, 2, norm_first=True, **SMALL), MEMORY)


def one_norm_for_two_inputs(library: ModuleType) -> Report:
    layer = library.layers.TransformerEncoderLayer(6, 2, norm_first=True, **SMALL)
    layer.norm2 = layer.norm1
    return chainrule.check(layer, MEMORY)


def decoder_layer(library: ModuleType) -> Report:
    return chainrule.check(library.layers.TransformerDecoderLayer(6, 2, **SMALL), TGT, MEMORY)


def encoder(library: ModuleType) -> Report:
    return chainrule.check(library.layers.TransformerEncoder(6, 2, 2, **SMALL), MEMORY)


def decoder(library: ModuleType) -> Report:
    return chainrule.check(library.layers.TransformerDecoder(6, 2, 2, norm_first=True, **SMALL), TGT, MEMORY)


def token_embedding(library: ModuleType) -> Report:
    return chainrule.check(library.models.token_embedding.TokenEmbedding(8, 6, scale=6**0.5), SOURCE_IDS)


def learned_positions(library: ModuleType) -> Report:
    return chainrule.check(library.layers.LearnedPositionalEncoding(5, 6), TGT)


def translation(library: ModuleType) -> Report:
    model = library.models.Seq2SeqTransformer(8, 8, 6, 2, 1, 1, 7, 0.0, tied=("source", "target", "output"))
    inputs = SOURCE_IDS, TARGET_IDS, SOURCE_LENGTHS, TARGET_LENGTHS
    return chainrule.check(model, *inputs, intent=MEANT)


class Fault(NamedTuple):
    code: str
    check: Check
    file: str
    right: str
    wrong: str
    where: str = ""


ATTENTION, MULTIHEAD = "functions/scaled_dot_product_attention", "layers/multihead_attention"
ENCODER_LAYER, DECODER_LAYER = "layers/transformer_encoder_layer", "layers/transformer_decoder_layer"
TRANSLATION = "models/seq2seq_transformer"

FAULTS = {
    "a residual's gradient is left out": Fault(
        "residual-gradient-missing", encoder_layer, ENCODER_LAYER,
        "dsrc: Array = dx + enter_backward", "dsrc: Array = enter_backward",
    ),
    "a residual's gradient is left out, pre-norm": Fault(
        "residual-gradient-missing", pre_norm_encoder_layer, ENCODER_LAYER,
        "dx = dx + enter_backward", "dx = enter_backward",
    ),
    "a residual's gradient is left out in the decoder": Fault(
        "residual-gradient-missing", decoder_layer, DECODER_LAYER,
        "dtgt = dx + enter_backward", "dtgt = enter_backward",
    ),
    "query, key and value do not add up": Fault(
        "branch-overwritten", encoder_layer, ENCODER_LAYER,
        "dinner = dquery + dkey + dvalue", "dinner = dquery",
    ),
    "all encoder layers are handed one gradient": Fault(
        "unchained-upstream", encoder, "layers/transformer_encoder",
        "            dx = layer.backward(dx, layer_cache)\n        return dx",
        "            below = layer.backward(dx, layer_cache)\n        return below",
    ),
    "all decoder layers are handed one gradient": Fault(
        "unchained-upstream", decoder, "layers/transformer_decoder",
        "            dx, dmemory_here = layer.backward(dx, layer_cache)",
        "            below, dmemory_here = layer.backward(dx, layer_cache)",
    ),
    "the encoder hears of the last decoder layer only": Fault(
        "memory-gradient-lost", decoder, "layers/transformer_decoder",
        "dmemory = dmemory + dmemory_here", "dmemory = dmemory_here if layer is self.layers[-1] else dmemory",
    ),
    "the memory was key and value, and one counts": Fault(
        "memory-gradient-lost", decoder_layer, DECODER_LAYER, "dmemory = dkey + dvalue", "dmemory = dvalue",
    ),
    "1 / √d_k is missing": Fault(
        "attention-scale-missing", attention, ATTENTION,
        "dproducts = dscores * scale", "dproducts = dscores",
    ),
    "the softmax's sum is missing": Fault(
        "softmax-diagonal-only", attention_function, "functions/softmax",
        "dx: Array = p * (dp - average)", "dx: Array = p * dp",
    ),
    "p (1 - p) for the softmax": Fault(
        "softmax-diagonal-only", attention, ATTENTION,
        "dscores = softmax_backward(dweights, SoftmaxCache(weights, -1))",
        "dscores = weights * (1 - weights) * dweights",
    ),
    "the first norm is handed the second one's cache": Fault(
        "cache-overwritten", one_norm_for_two_inputs, ENCODER_LAYER,
        "dsrc: Array = dx + enter_backward(dinner, entered,",
        "dsrc: Array = dx + enter_backward(dinner, cache.feed_forward.enter,", "norm1",
    ),
    "a norm's cache is kept on the norm": Fault(
        "cache-overwritten", one_norm_for_two_inputs, "layers/layer_norm",
        "layer_norm_backward(dy, cache)", "layer_norm_backward(dy, self.cache)", "norm1",
    ),
    "a tied table gets one contribution less": Fault(
        "tied-weight-lost", translation, TRANSLATION,
        "        self.target.backward(dx, cache.target)\n", "",
    ),
    "√d_model does not come back": Fault(
        "mean-sum-mismatch", token_embedding, "models/token_embedding",
        "self.embedding.backward(self.scale * dx", "self.embedding.backward(dx",
    ),
    "positions learn from one sample": Fault(
        "broadcast-not-summed", learned_positions, "layers/positional_encoding",
        "drows = dy.sum(0)", "drows = dy[0]",
    ),
    "heads are cut and merged by a reshape": Fault(
        "head-merge-scrambled", causal_attention, "layers/heads",
        "x.swapaxes(1, 2).reshape(batch, time, heads * features)",
        "x.reshape(batch, time, heads * features)",
    ),
    "the context's gradient is cut by a reshape": Fault(
        "reshape-for-transpose", attention, MULTIHEAD,
        "dcontext = split_heads(self.out_proj.backward(doutput, cache.out_proj), self.num_heads)",
        "dcontext = self.out_proj.backward(doutput, cache.out_proj).reshape(cache.attention.query.shape)",
    ),
    "W_q, W_k and W_v in another order": Fault(
        "gate-order-permuted", attention, MULTIHEAD,
        "np.concatenate([dw_q, dw_k, dw_v])", "np.concatenate([dw_k, dw_q, dw_v])",
    ),
    "the causal mask is off by one": Fault(
        "causal-leak", causal_attention, ATTENTION, "s <= t[:, None]", "s <= t[:, None] + 1",
    ),
    "logits see what they are to predict": Fault(
        "causal-leak", translation, TRANSLATION,
        "x, memory, tgt_is_causal=True", "x, memory, tgt_is_causal=False",
        "decoder.layers.0.self_attn",
    ),
    "the padding mask has the other polarity": Fault(
        "padding-leak", translation, "models/token_embedding", "= ~valid_steps", "= valid_steps",
    ),
    "the memory's padding is not masked": Fault(
        "padding-leak", translation, TRANSLATION, ", memory_key_padding_mask=source_padding,\n", ",\n",
    ),
    "weights move before they are used": Fault(
        "updates-weights-early", attention, MULTIHEAD,
        "        dcontext = split_heads",
        "        x = cache.out_proj.x\n"
        "        self.out_proj.weight.data[...] -= 0.1 * np.einsum('bto,bti->oi', doutput, x)\n"
        "        dcontext = split_heads",
    ),
    "a norm's weight moves before it is used": Fault(
        "updates-weights-early", encoder_layer, "layers/layer_norm",
        "        dx, dweight, dbias = layer_norm_backward(dy, cache)",
        "        self.weight.data[...] -= 0.1 * layer_norm_backward(dy, cache)[1]\n"
        "        dx, dweight, dbias = layer_norm_backward(dy, cache)", "norm1",
    ),
    "the activation's backward is not called": Fault(
        "activation-derivative-missing", feed_forward, "layers/feed_forward",
        "        dhidden = self.activation.backward(dhidden, cache.activation)\n", "",
    ),
}  # fmt: skip

# what a fault needs beside its own line
MORE = {
    "all decoder layers are handed one gradient": [("return dx, dmemory\n", "return below, dmemory\n")],
    "a norm's cache is kept on the norm": [
        (
            "        return layer_norm(x, weight, bias, normalized_axes=axes, eps=self.eps)\n",
            "        y, self.cache = layer_norm(x, weight, bias, normalized_axes=axes, eps=self.eps)\n"
            "        return y, self.cache\n",
        )
    ],
    "heads are cut and merged by a reshape": [
        (
            "x.reshape(batch, time, heads, features // heads).swapaxes(1, 2)",
            "x.reshape(batch, heads, time, features // heads)",
        )
    ],
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_where_it_is(name: str, tmp_path: Path) -> None:
    fault = FAULTS[name]
    with planted(tmp_path, fault.file, (fault.right, fault.wrong), *MORE.get(name, [])) as library:
        report = fault.check(library)
    assert not report.ok
    top = report.findings[0]
    assert (top.code, top.where) == (fault.code, fault.where), report
    assert top.verified


class Redrawn(Dropout):
    """Dropout whose backward draws a mask of its own."""

    def backward(self, dy: Any, cache: Any) -> Any:
        return dropout(dy, self.p, sample_keys(dy))[0]


def test_a_mask_that_is_drawn_again_is_named() -> None:
    layer = TransformerEncoderLayer(6, 2, **SMALL)
    layer.dropout1 = Redrawn(0.3)
    (finding,) = chainrule.check(layer, MEMORY, training=True).findings
    assert (finding.code, finding.where) == ("mask-redrawn", "dropout1")
