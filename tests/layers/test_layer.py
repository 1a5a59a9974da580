"""Layer: names, shared parameters, state dicts, freezing, modes, children in containers, repr."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from protocol import check_layer, compare_layer, normal, torch_or_skip

from chainrule.layers import Buffer, Dropout, Layer, Linear, Parameter, ReLU, Sequential


class Network(Layer):
    """A layer with all that a layer may hold; built so that it counts, not so that it learns well."""

    def __init__(self, dtype: Any = "float64") -> None:
        self.scale = Parameter(np.ones(3, dtype=dtype))
        self.first = Linear(3, 4, dtype=dtype)
        self.blocks = [Linear(4, 4, dtype=dtype), Sequential(Linear(4, 4, dtype=dtype), ReLU())]
        self.heads = {"main": Linear(4, 2, dtype=dtype), "spare": [Dropout(0.5)]}
        self.steps = Buffer(np.zeros((), dtype=np.int64))
        self.options = {"depth": 2}

    def forward(self, x: Any) -> Any:
        h, first = self.first.forward(x * self.scale.data)
        h, block_0 = self.blocks[0].forward(h)
        h, block_1 = self.blocks[1].forward(h)
        y, main = self.heads["main"].forward(h)
        return y, (x, first, block_0, block_1, main)

    def backward(self, dy: Any, cache: Any) -> Any:
        x, first, block_0, block_1, main = cache
        dh = self.heads["main"].backward(dy, main)
        dh = self.blocks[1].backward(dh, block_1)
        dh = self.blocks[0].backward(dh, block_0)
        dscaled = self.first.backward(dh, first)
        self.add_grads(scale=(dscaled * x).sum(0))
        return dscaled * self.scale.data


PATHS = [
    "scale",
    "steps",
    "first.weight",
    "first.bias",
    "blocks.0.weight",
    "blocks.0.bias",
    "blocks.1.0.weight",
]
PATHS += ["blocks.1.0.bias", "heads.main.weight", "heads.main.bias"]


def test_the_protocol_holds_for_a_layer_with_children_in_lists_and_dicts() -> None:
    check_layer(Network(), normal(5, 3))


# ---------------------------------------------------------------- names


def test_dotted_paths_name_everything_in_the_order_of_definition() -> None:
    network = Network()
    assert list(network.state_dict()) == PATHS
    assert [name for name, _ in network.named_parameters()] == [p for p in PATHS if p != "steps"]
    paths = [name for name, _ in network.named_layers()]
    assert paths == [
        "",
        "first",
        "blocks.0",
        "blocks.1",
        "blocks.1.0",
        "blocks.1.1",
        "heads.main",
        "heads.spare.0",
    ]
    assert [name for name, _ in network.named_layers("net")][:2] == ["net", "net.first"]


def test_names_are_pytorchs_for_the_same_network() -> None:
    torch = torch_or_skip()

    class Theirs(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = torch.nn.Parameter(torch.randn(3))
            self.first = torch.nn.Linear(3, 4)
            self.blocks = torch.nn.ModuleList(
                [torch.nn.Linear(4, 4), torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.ReLU())]
            )
            self.heads = torch.nn.ModuleDict({"main": torch.nn.Linear(4, 2)})
            self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

        def forward(self, x: Any) -> Any:
            return self.heads["main"](self.blocks[1](self.blocks[0](self.first(x * self.scale))))

    compare_layer(Network("float32"), Theirs(), normal(5, 3))


# ---------------------------------------------------------------- tied parameters


class Tied(Layer):
    """Two layers with one weight: y = W (W x)."""

    def __init__(self) -> None:
        self.down, self.up = Linear(3, 3, dtype="float64"), Linear(3, 3, bias=False, dtype="float64")
        self.up.weight = self.down.weight

    def forward(self, x: Any) -> Any:
        h, down = self.down.forward(x)
        y, up = self.up.forward(h)
        return y, (down, up)

    def backward(self, dy: Any, cache: Any) -> Any:
        down, up = cache
        return self.down.backward(self.up.backward(dy, up), down)


def test_a_tied_parameter_learns_from_all_its_uses() -> None:
    check_layer(Tied(), normal(4, 3))


def test_a_tied_parameter_appears_once_among_the_parameters_and_under_each_name_in_the_state() -> None:
    """An optimizer must not move it twice; a state dict must fit a network that ties nothing."""
    tied = Tied()
    assert [name for name, _ in tied.named_parameters()] == ["down.weight", "down.bias"]
    assert len(list(tied.parameters())) == 2
    assert list(tied.state_dict()) == ["down.weight", "down.bias", "up.weight"]


def test_a_layer_that_stands_in_two_places_is_tied_as_a_whole() -> None:
    shared = Linear(3, 3)
    model = Sequential(shared, ReLU(), shared)
    assert [name for name, _ in model.named_parameters()] == ["0.weight", "0.bias"]
    assert list(model.state_dict()) == ["0.weight", "0.bias", "2.weight", "2.bias"]


def test_tied_parameters_are_zeroed_once_and_entirely() -> None:
    tied = Tied()
    tied.down.weight.add_grad(np.ones((3, 3)))
    tied.zero_grad()
    assert not tied.up.weight.grad.any()


# ---------------------------------------------------------------- state dicts


def test_a_state_dict_carries_everything_to_another_network() -> None:
    ours, other, x = Network(), Network(), normal(5, 3)
    ours.steps.data[...] = 7
    assert not np.allclose(ours(x), other(x))
    other.load_state_dict(ours.state_dict())
    np.testing.assert_array_equal(ours(x), other(x))
    assert other.steps.data == 7


def test_a_state_dict_is_a_copy_and_loading_writes_into_the_same_arrays() -> None:
    network = Network()
    state, held = network.state_dict(), network.first.weight.data
    before = held.copy()
    state["first.weight"][...] = 0
    np.testing.assert_array_equal(network.first.weight.data, before)
    network.load_state_dict(state)
    assert network.first.weight.data is held
    assert not held.any()


def broken_state(network: Network) -> dict[str, Any]:
    state = {name: value + 1 for name, value in network.state_dict().items()}
    del state["first.bias"], state["scale"]
    return state | {"blocks.7.weight": normal(2), "head.bias": normal(2)}


def test_names_that_do_not_fit_are_all_listed_and_nothing_is_loaded() -> None:
    network = Network()
    before = network.state_dict()
    with pytest.raises(KeyError) as error:
        network.load_state_dict(broken_state(network))
    message = str(error.value)
    assert "does not fit Network: missing ['scale', 'first.bias']" in message
    assert "unexpected ['blocks.7.weight', 'head.bias']" in message
    assert all((before[name] == value).all() for name, value in network.state_dict().items())


def test_what_is_only_missing_or_only_unexpected_is_said_so() -> None:
    network = Network()
    state = network.state_dict()
    with pytest.raises(KeyError, match=r"missing nothing, unexpected \['extra'\]"):
        network.load_state_dict(state | {"extra": normal(2)})
    del state["steps"]
    with pytest.raises(KeyError, match=r"missing \['steps'\], unexpected nothing"):
        network.load_state_dict(state)


def test_not_strictly_what_both_have_is_loaded() -> None:
    network = Network()
    before = network.state_dict()
    network.load_state_dict(broken_state(network), strict=False)
    after = network.state_dict()
    np.testing.assert_array_equal(after["first.bias"], before["first.bias"])
    np.testing.assert_array_equal(after["first.weight"], before["first.weight"] + 1)


@pytest.mark.parametrize("strict", [True, False])
def test_arrays_of_another_shape_are_all_listed_and_nothing_is_loaded(strict: bool) -> None:
    """Also where NumPy would broadcast them."""
    network = Network()
    state = {name: value + 1 for name, value in network.state_dict().items()}
    before = network.state_dict()
    state |= {"first.weight": normal(3, 4), "scale": normal(1)}
    with pytest.raises(
        ValueError, match=r"wrong shapes: scale \(1,\) for \(3,\), first.weight \(3, 4\) for \(4, 3\)"
    ):
        network.load_state_dict(state, strict=strict)
    assert all((before[name] == value).all() for name, value in network.state_dict().items())


# ---------------------------------------------------------------- gradients


def test_zero_grad_reaches_everything_below() -> None:
    network = Network()
    for parameter in network.parameters():
        parameter.grad[...] = 1
    network.zero_grad()
    assert not any(parameter.grad.any() for parameter in network.parameters())


def test_freezing_reaches_everything_below_and_can_be_undone() -> None:
    network = Network()
    assert network.first.requires_grad_(False) is network.first
    y, cache = network.forward(normal(5, 3))
    network.backward(np.ones_like(y), cache)
    assert {name for name, p in network.named_parameters() if not p.grad.any()} == {
        "first.weight",
        "first.bias",
    }
    network.requires_grad_()
    network.backward(np.ones_like(y), cache)
    assert all(p.grad.any() for p in network.parameters())


def test_a_gradient_of_another_shape_is_named_with_its_layer() -> None:
    with pytest.raises(
        ValueError, match=r"Linear.weight: a gradient of shape \(2, 3\) for a parameter of shape \(3, 2\)"
    ):
        Linear(2, 3).add_grads(weight=normal(2, 3))


def test_a_gradient_of_nothing_adds_nothing() -> None:
    layer = Linear(2, 3, bias=False)
    layer.add_grads(weight=None, bias=None)
    layer.add_grads(bias=normal(3))  # no bias: nowhere to go
    assert not layer.weight.grad.any()


# ---------------------------------------------------------------- mode


def test_train_and_eval_reach_everything_below() -> None:
    network = Network()
    layers = [layer for _, layer in network.named_layers()]
    assert all(layer.training for layer in layers)
    assert network.eval() is network
    assert not any(layer.training for layer in layers)
    network.blocks[1].train()
    assert network.blocks[1][1].training
    assert not network.training
    assert network.train() is network
    assert all(layer.training for layer in layers)


# ---------------------------------------------------------------- writing a layer


def test_what_is_not_written_yet_is_said() -> None:
    class Empty(Layer):
        pass

    with pytest.raises(
        TypeError, match=r"Empty has no forward: write forward\(self, x\) and return \(y, cache\)"
    ):
        Empty()(normal(2))
    with pytest.raises(
        TypeError, match=r"Empty has no backward: write backward\(self, dy, cache\) and return dx"
    ):
        Empty().backward(normal(2), None)


def test_calling_a_layer_is_forward_without_the_cache() -> None:
    class Adding(Layer):
        def forward(self, x: Any, offset: float = 0.0) -> Any:
            return x + offset, "cache"

    assert Adding()(2.0, offset=3.0) == 5.0


def test_repr_shows_the_tree_with_every_childs_name() -> None:
    assert repr(Network()) == (
        "Network(\n"
        "  (first): Linear(3, 4)\n"
        "  (blocks.0): Linear(4, 4)\n"
        "  (blocks.1): Sequential(\n    (0): Linear(4, 4)\n    (1): ReLU()\n  )\n"
        "  (heads.main): Linear(4, 2)\n"
        "  (heads.spare.0): Dropout(p=0.5)\n"
        ")"
    )
