"""Compiled twins of functions: the same signatures, the same numbers up to rounding, faster.

A twin takes over by itself where it applies: float32, enough work to pay, and Numba installed (the extra
`train`). Everywhere else, and inside of `with chainrule.backend("reference")`, the reference runs. Which
one ran, the type of the cache tells: CompiledLstmCache or LstmCache.

    chainrule.kernels.available()    the functions that have a twin which runs here
    chainrule warmup                 compiles all of them now, not at their first use

To read: elementary (exp that the compiler can compute eight at a time), tile and product (a matrix product),
lstm_loops, and lstm, the twin itself.
"""

from __future__ import annotations

import chainrule.functions as functions
from chainrule.functions import register_twin

from . import gru, lstm, rnn
from .installed import compiler_is_installed
from .stale import remove_stale_code

remove_stale_code()
register_twin(functions.gru, gru.gru, gru.CompiledGruCache, gru.gru_backward)
register_twin(functions.lstm, lstm.lstm, lstm.CompiledLstmCache, lstm.lstm_backward)
register_twin(functions.rnn, rnn.rnn, rnn.CompiledRnnCache, rnn.rnn_backward)


def available() -> tuple[str, ...]:
    """The names of the functions that have a twin which runs here: none without Numba."""
    return ("gru", "lstm", "rnn") if compiler_is_installed() else ()
