"""The compiled recurrent layers inside of threads: the numbers of one thread and of the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("numba")

from chainrule import backend, layers, manual_seed
from chainrule.kernels import adam, recurrent
from chainrule.training import Adam, train_step

BATCH, TIME, SYMBOLS, HIDDEN = 5, 6, 3, 8


class Reader(layers.Layer):
    """ids (batch, time) -> logits (batch, time, symbols)."""

    def __init__(self, kind: str) -> None:
        self.embedding = layers.Embedding(SYMBOLS, 7)
        self.recurrent = getattr(layers, kind)(7, HIDDEN, 2, bidirectional=True)
        self.linear = layers.Linear(2 * HIDDEN, SYMBOLS)

    def forward(self, ids: np.ndarray) -> tuple[np.ndarray, list[Any]]:
        x, embedding_cache = self.embedding.forward(ids)
        (h, _), recurrent_cache = self.recurrent.forward(x)
        logits, linear_cache = self.linear.forward(h)
        return logits, [embedding_cache, recurrent_cache, linear_cache]

    def backward(self, dlogits: np.ndarray, cache: list[Any]) -> None:
        dh = self.linear.backward(dlogits, cache[2])
        dx, *_ = self.recurrent.backward((dh, None), cache[1])
        self.embedding.backward(dx, cache[0])


def weights_after_steps(kind: str, threads: int) -> dict[str, np.ndarray]:
    manual_seed(4)
    model = Reader(kind)
    optimizer = Adam(model.parameters(), lr=0.01)
    ids, target = np.random.default_rng(5).integers(SYMBOLS, size=(2, BATCH, TIME))
    for _ in range(3):
        loss = layers.CrossEntropyLoss(axis=-1)
        train_step(model, loss, optimizer, ids, target, max_norm=0.5, threads=threads)
    return model.state_dict()


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_three_steps_leave_the_references_weights(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recurrent, "SMALL_WORK", 0)
    monkeypatch.setattr(adam, "SMALL", 0)
    with backend("reference"):
        expected = weights_after_steps(kind, threads=1)
    for threads in (1, 2):
        for name, weight in weights_after_steps(kind, threads).items():
            np.testing.assert_allclose(weight, expected[name], rtol=0, atol=2e-5, err_msg=name)
