"""Sequential: one layer after the other, and the chain rule from the last to the first."""

from __future__ import annotations

import numpy as np
import pytest
from protocol import check_layer, compare_layer, normal, torch_or_skip

from chainrule.layers import (
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
    default_dtype,
    randomness,
)


def test_the_protocol_holds_for_a_convolutional_network() -> None:
    with default_dtype("float64"):
        model = Sequential(
            Conv2d(2, 3, 3, padding=1),
            ReLU(),
            MaxPool2d(2),
            Dropout(0.2),
            Flatten(),
            Linear(18, 5),
            ReLU(),
            Linear(5, 4),
        )
    check_layer(model, normal(3, 2, 4, 6))


def test_pytorch_agrees_and_its_state_dict_fits_without_a_mapping() -> None:
    nn = torch_or_skip().nn
    ours = Sequential(
        Conv2d(2, 3, 3, padding=1), ReLU(), MaxPool2d(2), Flatten(), Linear(18, 5), ReLU(), Linear(5, 4)
    )
    theirs = nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(18, 5),
        nn.ReLU(),
        nn.Linear(5, 4),
    )
    compare_layer(ours, theirs, normal(3, 2, 4, 6))
    assert list(ours.state_dict()) == [f"{i}.{name}" for i in (0, 4, 6) for name in ("weight", "bias")]


def test_children_may_have_names() -> None:
    model = Sequential({"encode": Linear(3, 2), "act": ReLU(), "decode": Linear(2, 3)})
    assert [name for name, _ in model.named_children()] == ["encode", "act", "decode"]
    assert list(model.state_dict()) == ["encode.weight", "encode.bias", "decode.weight", "decode.bias"]


def test_the_dict_it_was_made_of_may_change_later() -> None:
    layers = {"a": Linear(3, 2)}
    model = Sequential(layers)
    layers["b"] = ReLU()
    assert len(model) == 1


def test_it_can_be_counted_walked_through_and_indexed() -> None:
    first, second, third = layers = Linear(3, 2), ReLU(), Linear(2, 4)
    model = Sequential(*layers)
    assert len(model) == 3
    assert list(model) == [first, second, third]
    assert model[0] is first
    assert model[-1] is third


def test_without_layers_it_is_the_identity() -> None:
    x = normal(2, 3)
    y, cache = Sequential().forward(x)
    assert y is x
    assert Sequential().backward(x, cache) is x


def test_calling_it_is_forward_without_the_caches_with_the_same_random_numbers() -> None:
    model, x = Sequential(Linear(6, 50, dtype="float64"), Dropout(0.5), ReLU(), Dropout(0.5)), normal(2, 6)
    with randomness(0):
        called = model(x)
    with randomness(0):
        y, caches = model.forward(x)
    np.testing.assert_array_equal(called, y)
    assert len(caches) == 4


def test_calls_go_through_the_layers_own_methods_so_that_they_can_be_watched_from_outside() -> None:
    model, seen = Sequential(Linear(3, 2, dtype="float64"), ReLU()), []
    for name, layer in model.named_children():
        for way in ("forward", "backward"):
            original = getattr(layer, way)
            setattr(layer, way, lambda *a, o=original, n=f"{way} {name}": (seen.append(n), o(*a))[1])
    y, cache = model.forward(normal(4, 3))
    model.backward(y, cache)
    assert seen == ["forward 0", "forward 1", "backward 1", "backward 0"]


def test_what_is_no_layer_is_named() -> None:
    with pytest.raises(TypeError, match="Sequential holds layers, but 1 is a type"):
        Sequential(Linear(3, 2), ReLU)
    with pytest.raises(TypeError, match="Sequential holds layers, but act is a str: 'relu'"):
        Sequential({"act": "relu"})


def test_repr_is_a_tree() -> None:
    model = Sequential(Linear(3, 2), Sequential(ReLU(), Dropout(0.1)))
    assert repr(model) == (
        "Sequential(\n"
        "  (0): Linear(3, 2)\n"
        "  (1): Sequential(\n    (0): ReLU()\n    (1): Dropout(p=0.1)\n  )\n"
        ")"
    )
