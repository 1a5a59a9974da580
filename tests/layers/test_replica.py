"""Replicas: threads that share a batch add up to the whole batch's gradients, dropout masks included."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from protocol import cast_layer

from chainrule.layers import (
    Conv2d,
    Dropout,
    Embedding,
    Flatten,
    Layer,
    LayerNorm,
    Linear,
    ReLU,
    Residual,
    Sequential,
    randomness,
)


class Odd(Layer):
    """Keeps its children in a list, a tuple and a dict, one of them twice, and ties two weights."""

    def __init__(self):
        shared = Linear(4, 4)
        self.stack = [shared, (LayerNorm(4), Dropout(0.3))]
        self.named = {"a": shared, "b": [Linear(4, 4)]}
        self.named["b"][0].weight = shared.weight
        self.sizes = (4, 4)

    def chain(self):
        return [self.stack[0], *self.stack[1], self.named["a"], *self.named["b"]]

    def forward(self, x):
        caches = []
        for layer in self.chain():
            x, cache = layer.forward(x)
            caches.append(cache)
        return x, caches

    def backward(self, dy, cache):
        for layer, layer_cache in zip(reversed(self.chain()), reversed(cache), strict=True):
            dy = layer.backward(dy, layer_cache)
        return dy


def model():
    image = Sequential(
        Conv2d(2, 3, 2), ReLU(), Dropout(0.4), Flatten(), Linear(36, 4),
        Residual(Sequential(LayerNorm(4), Linear(4, 4), Dropout(0.2))), Odd(),
    )  # fmt: skip
    return cast_layer(image, "float64")


def test_two_threads_add_up_to_the_whole_batch(rng):
    net, x, dy = model(), rng.normal(size=(5, 2, 4, 5)), rng.normal(size=(5, 4))
    with randomness(seed=3, step=11):
        y, cache = net.forward(x)
    dx = net.backward(dy, cache)
    expected = {name: parameter.grad.copy() for name, parameter in net.named_parameters()}
    net.zero_grad()

    shards = [slice(0, 2), slice(2, 5)]
    replicas = [net.replica() for _ in shards]
    results = [None, None]

    def work(i):
        rows = shards[i]
        with randomness(seed=3, step=11, first_sample=rows.start):
            shard_y, shard_cache = replicas[i].forward(x[rows])
        results[i] = (shard_y, replicas[i].backward(dy[rows], shard_cache))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not any(parameter.grad.any() for parameter in net.parameters())  # each owns its own
    np.testing.assert_allclose(np.concatenate([r[0] for r in results]), y, rtol=1e-12)
    np.testing.assert_allclose(np.concatenate([r[1] for r in results]), dx, rtol=1e-9, atol=1e-13)
    for replica in replicas:
        net.add_gradients_of(replica)
    for name, parameter in net.named_parameters():
        np.testing.assert_allclose(parameter.grad, expected[name], rtol=1e-9, atol=1e-12, err_msg=name)


def test_data_is_shared_gradients_are_not():
    net = model()
    twin = net.replica()
    assert [name for name, _ in net.named_parameters()] == [name for name, _ in twin.named_parameters()]
    for mine, theirs in zip(net.parameters(), twin.parameters(), strict=True):
        assert mine.data is theirs.data
        assert mine.grad is not theirs.grad
    assert list(net.state_dict()) == list(twin.state_dict())
    net.train(False)
    assert twin.training


def test_what_is_tied_or_shared_stays_so():
    net = Odd()
    twin = net.replica()
    assert twin.stack[0] is twin.named["a"] is not net.stack[0]
    assert twin.named["b"][0].weight is twin.stack[0].weight is not net.stack[0].weight
    assert twin.stack is not net.stack
    assert twin.named is not net.named
    assert twin.sizes == (4, 4)
    assert len(list(twin.parameters())) == len(list(net.parameters())) == 5


def test_a_frozen_parameter_is_frozen_in_the_replica():
    layer = Embedding(5, 3).requires_grad_(False)
    twin = layer.replica()
    twin.backward(np.ones((2, 3), np.float32), twin.forward(np.array([1, 4]))[1])
    assert not twin.weight.grad.any()


def test_a_recorder_around_the_original_does_not_follow(rng):
    layer = Linear(3, 2, dtype="float64")
    layer.forward = lambda x: pytest.fail("the replica called the original's wrapper")
    y, _ = layer.replica().forward(rng.normal(size=(4, 3)))
    assert y.shape == (4, 2)


def test_a_replica_of_another_model_is_refused():
    with pytest.raises(ValueError, match="this Linear is no replica of this Conv2d: other parameters"):
        Conv2d(2, 3, 2).add_gradients_of(Linear(4, 4))
