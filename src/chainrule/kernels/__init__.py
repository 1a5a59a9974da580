"""Compiled twins of functions: the same signatures, the same numbers up to rounding, faster.

A twin takes over by itself where it applies: float32, enough work to pay, and Numba installed (the extra
`train`). Everywhere else, and inside of `with chainrule.backend("reference")`, the reference runs. Which
one ran, the type of the cache tells: CompiledLstmCache or LstmCache.

    chainrule.kernels.available()    the functions that have a twin which runs here
    chainrule warmup                 compiles all of them now, not at their first use

To read: elementary (exp that the compiler can compute eight at a time) and gelu_loops; sums, layer_norm_loops
and layer_norm, the twin itself; tile and product (a matrix product), lstm_loops and lstm.
"""

from __future__ import annotations

import chainrule.functions as functions
from chainrule.functions import register_twin

from . import attention, cross_entropy, dropout, gelu, gru, layer_norm, lstm, rnn
from .installed import compiler_is_installed
from .stale import remove_stale_code

remove_stale_code()
register_twin(
    functions.cross_entropy,
    cross_entropy.cross_entropy,
    cross_entropy.CompiledCrossEntropyCache,
    cross_entropy.cross_entropy_backward,
)
register_twin(functions.dropout, dropout.dropout, dropout.CompiledDropoutCache, dropout.dropout_backward)
register_twin(functions.gelu, gelu.gelu, gelu.CompiledGELUCache, gelu.gelu_backward)
register_twin(functions.gru, gru.gru, gru.CompiledGruCache, gru.gru_backward)
register_twin(
    functions.layer_norm,
    layer_norm.layer_norm,
    layer_norm.CompiledLayerNormCache,
    layer_norm.layer_norm_backward,
)
register_twin(functions.lstm, lstm.lstm, lstm.CompiledLstmCache, lstm.lstm_backward)
register_twin(functions.rnn, rnn.rnn, rnn.CompiledRnnCache, rnn.rnn_backward)
register_twin(
    functions.scaled_dot_product_attention,
    attention.scaled_dot_product_attention,
    attention.CompiledAttentionCache,
    attention.scaled_dot_product_attention_backward,
)

TWINS = (
    "cross_entropy", "dropout", "gelu", "gru", "layer_norm", "lstm", "rnn", "scaled_dot_product_attention",
)  # fmt: skip


def available() -> tuple[str, ...]:
    """The names of the functions that have a twin which runs here: none without Numba."""
    return TWINS if compiler_is_installed() else ()
