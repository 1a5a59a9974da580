"""Many to one: a recurrent network reads a sequence to its end; what it comes to is its final state.

                                                   last
                                                     ^
                [ h ] -> [ h ] -> [ h ] -> [ h ] -> h_n          read to the end
    h_n <- [ h ] <- [ h ] <- [ h ] <- [ h ]                      bidirectional: and to the beginning
              ^        ^        ^        ^
    x       x[0]     x[1]     x[2]     x[3]

The earlier states have no way to the loss but through the last one. So all of the gradient comes in at the
end and goes back through every step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.layers import GRU, LSTM, RNN, Layer

if TYPE_CHECKING:
    from chainrule.functions.arrays import Float, Int

class ManyToOneCache(NamedTuple):
    rnn: Any
    state_n: Any                                                             # h_n, or (h_n, c_n)


class ManyToOne(Layer):
    """Reads x (batch, time, features), gives the final state (batch, directions x hidden) of the last layer.

    lengths (batch,): how many steps of each sample are real. The state is that of the last *real* step; what
    stands in the padding changes nothing. rnn: an RNN, LSTM or GRU; of an LSTM, h is given and c is not.
    """

    def __init__(self, rnn: RNN | LSTM | GRU) -> None:
        self.rnn = rnn

    @property
    def size(self) -> int:
        """directions x hidden"""
        return self.rnn.directions * self.rnn.hidden_size

    def forward(
        self, x: Float[Array, "batch time features"], lengths: Int[Array, " batch"] | None = None
    ) -> tuple[Float[Array, "batch size"], ManyToOneCache]:
        (_, state_n), rnn_cache = self.rnn.forward(x, None, lengths)
        h_n = state_n[0] if isinstance(state_n, tuple) else state_n          # (rows, batch, hidden)
        last = np.concatenate(list(h_n[-self.rnn.directions :]), axis=-1)    # (batch, directions x hidden)
        return last, ManyToOneCache(rnn_cache, state_n)

    def backward(
        self, dlast: Float[Array, "batch size"], cache: ManyToOneCache
    ) -> tuple[Float[Array, "batch time features"], None]:
        is_lstm = isinstance(cache.state_n, tuple)
        dh_n = np.zeros_like(cache.state_n[0] if is_lstm else cache.state_n) # the layers below: 0 from here
        dh_n[-self.rnn.directions :] = np.split(dlast, self.rnn.directions, axis=-1)
        dstate_n = (dh_n, None) if is_lstm else dh_n
        dx, _, _ = self.rnn.backward((None, dstate_n), cache.rnn)            # None: no output was used
        return dx, None
