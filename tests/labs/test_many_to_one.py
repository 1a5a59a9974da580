"""The labs' network for sequences."""

import numpy as np
import pytest
from protocol import check_layer, normal

from chainrule.labs.many_to_one import ManyToOne
from chainrule.layers import GRU, LSTM, RNN, Embedding, Linear, manual_seed


@pytest.mark.parametrize("kind", [RNN, LSTM, GRU])
def test_the_protocol_holds(kind):
    manual_seed(0)
    layers = [kind(3, 4, dtype="float64"), kind(4, 5, dtype="float64")]
    check_layer(ManyToOne(layers, Linear(5, 2, dtype="float64")), normal(2, 3, 3))


def test_the_answer_is_read_off_the_last_state():
    manual_seed(0)
    embedding, rnn, head = Embedding(7, 3), RNN(3, 4), Linear(4, 2)
    ids = np.arange(6).reshape(2, 3)
    y, cache = ManyToOne([rnn], head, embedding).forward(ids)
    _, h_n = rnn(embedding(ids))
    np.testing.assert_array_equal(y, head(h_n[-1]))
    assert ManyToOne([rnn], head, embedding).backward(np.ones_like(y), cache) is None
    assert embedding.weight.grad[:6].any(1).all()  # every symbol of the sequence, from the first on
    assert not embedding.weight.grad[6].any()
