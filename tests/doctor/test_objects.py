"""Layers are found in objects of any making, and none of their code runs on the way."""

from __future__ import annotations

import logging
import random
import threading
from collections import OrderedDict, deque
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pytest

from chainrule.doctor.objects import (
    backward_of,
    children_of,
    find_method,
    forward_of,
    is_layer,
    layers_of,
    stored_attributes,
)
from chainrule.layers import Linear, ReLU, Residual, Sequential


class Part:
    """A layer of the simplest kind."""

    def forward(self, x: Any) -> Any:
        return x

    def backward(self, dy: Any) -> Any:
        return dy


class Box(Part):
    """A layer that holds what it is given, in this order."""

    def __init__(self, **held: Any) -> None:
        self.__dict__.update(held)


class Holder:
    """No layer, but it may hold some."""

    def __init__(self, **held: Any) -> None:
        self.__dict__.update(held)


def paths(root: object) -> list[str]:
    return list(layers_of(root))


# ------------------------------------------------------------ where layers are found


def test_attributes_in_the_order_of_their_definition() -> None:
    assert paths(Holder(b=Part(), a=Part(), n=3, w=np.ones(2))) == ["b", "a"]


def test_lists_tuples_and_dicts_at_any_depth() -> None:
    root = Holder(
        layers=[Part(), (Part(), {"deep": [Part()]})],
        named=OrderedDict(first=Part()),
        queue=deque([Part()]),
        numbers={1: Part(), (2, 3): Part()},
    )
    assert paths(root) == [
        "layers.0", "layers.1.0", "layers.1.1.deep.0", "named.first", "queue.0", "numbers.1",
        "numbers.(2, 3)",
    ]  # fmt: skip


def test_a_composite_comes_before_its_parts() -> None:
    decoder = Holder(layers=[Box(norm=Part()), Box(cross_attention=Box(norm=Part()), ffn=Part())])
    assert paths(Holder(decoder=decoder, out=Part())) == [
        "decoder.layers.0",
        "decoder.layers.0.norm",
        "decoder.layers.1",
        "decoder.layers.1.cross_attention",
        "decoder.layers.1.cross_attention.norm",
        "decoder.layers.1.ffn",
        "out",
    ]


def test_slots_private_ones_and_those_of_base_classes() -> None:
    class Base:
        __slots__ = ("__hidden", "first")

        def __init__(self) -> None:
            self.first, self.__hidden = Part(), Part()

    class Slotted(Base):
        __slots__ = ("__dict__", "empty", "second")

        def __init__(self) -> None:
            super().__init__()
            self.second, self.loose = Part(), Part()

    assert sorted(paths(Slotted())) == ["_Base__hidden", "first", "loose", "second"]


def test_attributes_of_the_class() -> None:
    class Network:
        hidden = Part()
        layers = (Part(),)

        def __init__(self) -> None:
            self.out = Part()

    assert paths(Network()) == ["out", "hidden", "layers.0"]


def test_a_list_or_dict_or_tuple_may_be_the_root() -> None:
    class Pair(NamedTuple):
        left: Any
        right: Any

    assert paths([Part(), Part()]) == ["0", "1"]
    assert paths({"a": Part()}) == ["a"]
    assert paths(Pair(Part(), 3)) == ["0"]


def test_subclasses_of_list_and_dict_hold_items_and_attributes() -> None:
    class Stack(list[Any]):
        def __iter__(self) -> Any:
            raise RuntimeError("must not run")

    stack = Stack([Part()])
    stack.norm = Part()  # type: ignore[attr-defined]
    assert paths(stack) == ["0", "norm"]


def test_children_are_named_as_they_name_themselves() -> None:
    model = Sequential(Linear(3, 3), Residual(Sequential(Linear(3, 3), ReLU())))
    assert paths(model) == ["0", "1", "1.body", "1.body.0", "1.body.1"]
    assert paths(Sequential({"fc": Linear(2, 2)})) == ["fc"]


def test_a_named_children_that_means_something_else_does_no_harm() -> None:
    class Odd(Holder):
        def named_children(self, how_many: int) -> list[str]:
            raise AssertionError

    class Odder(Holder):
        def named_children(self) -> int:
            return 3

    assert paths(Odd(a=Part())) == ["a"]
    assert paths(Odder(a=Part())) == ["a"]


# ------------------------------------------------------------ sharing and cycles


def test_a_shared_layer_is_listed_once_under_its_first_path() -> None:
    shared = Part()
    assert paths(Holder(a=shared, b=[shared], c=Part())) == ["a", "c"]


def test_the_shortest_path_is_the_name_of_a_layer_that_its_neighbor_knows_too() -> None:
    first, second = Box(), Box()
    first.next, second.previous = second, first  # type: ignore[attr-defined]
    assert paths(Holder(layers=[first, second])) == ["layers.0", "layers.1"]


def test_cycles_end() -> None:
    root = Box()
    root.child = Box(parent=root)  # type: ignore[attr-defined]
    root.child.itself = root.child  # type: ignore[attr-defined]
    loop: list[Any] = [Part()]
    loop.append(loop)
    root.loop = loop  # type: ignore[attr-defined]
    assert paths(root) == ["child", "loop.0"]


def test_very_deep_models_end() -> None:
    model = Box()
    for _ in range(5000):
        model = Box(inner=model)
    assert len(layers_of(model)) == 5000


def test_two_layers_never_share_a_path() -> None:
    assert paths({"a": {"b": Part()}, "a.b": Part()}) == ["a.b", "a.b'"]


# ------------------------------------------------------------ what is none, and odd objects


@pytest.mark.parametrize(
    "leaf",
    [
        np.array([Part()], dtype=object),
        np.random.default_rng(0),
        random.Random(0),
        np,
        Part,  # the class itself
        Part.forward,
        Part().forward,
        partial(Part().forward, 1),
        logging.getLogger("x"),
        threading.Lock(),
        open,
        "text",
        None,
    ],
    ids=lambda leaf: type(leaf).__name__,
)
def test_nothing_is_looked_for_in_what_holds_no_layers(leaf: object) -> None:
    assert layers_of(Holder(leaf=leaf)) == {}
    assert not is_layer(leaf)


def test_tensors_are_no_layers() -> None:
    torch = pytest.importorskip("torch")
    tensor = torch.ones(2, requires_grad=True)
    assert layers_of(Holder(tensor=tensor, parameter=torch.nn.Parameter(tensor), own=Part())).keys() == {
        "own"
    }


def test_no_code_of_the_object_runs() -> None:
    class Prickly:
        def __init__(self) -> None:
            self.part = Part()

        def __getattribute__(self, name: str) -> Any:
            raise RuntimeError(name)

        def __eq__(self, other: object) -> bool:
            raise RuntimeError

        def __bool__(self) -> bool:
            raise RuntimeError

        def __len__(self) -> int:
            raise RuntimeError

        __hash__ = None  # type: ignore[assignment]

        @property
        def forward(self) -> Any:
            raise RuntimeError

        backward = forward

    class Pretender:
        @property
        def __class__(self) -> Any:  # type: ignore[override]
            raise RuntimeError

        @property
        def __dict__(self) -> Any:  # type: ignore[override]
            raise RuntimeError

    class Nameless:
        def __str__(self) -> str:
            raise RuntimeError

    assert paths(Holder(a=Prickly(), b=Pretender(), c={Nameless(): Part()})) == ["a.part", "c.<Nameless>"]
    assert not is_layer(Prickly())


# ------------------------------------------------------------ methods


@pytest.mark.parametrize("forward", ["forward", "fprop", "fwd", "__call__"])
@pytest.mark.parametrize("backward", ["backward", "bprop", "bwd", "backprop"])
def test_the_usual_names(forward: str, backward: str) -> None:
    layer = type("Layer", (), {forward: lambda self, x: x, backward: lambda self, d: d})()
    assert (forward_of(layer), backward_of(layer)) == (forward, backward)
    assert is_layer(layer)


def test_forward_wins_over_call() -> None:
    assert forward_of(Linear(2, 2)) == "forward"


def test_one_direction_makes_no_layer() -> None:
    class Half:
        def forward(self) -> None: ...

    assert (forward_of(Half()), backward_of(Half())) == ("forward", None)
    assert layers_of([Half()]) == {}


def test_methods_may_stand_on_the_instance_and_may_be_static() -> None:
    class Static:
        @staticmethod
        def forward(x: Any) -> Any:
            return x

    layer = Static()
    layer.backward = lambda d: d  # type: ignore[attr-defined]
    assert is_layer(layer)
    assert isinstance(find_method(layer, "forward"), staticmethod)


def test_a_method_set_to_none_is_none() -> None:
    class Without(Part):
        backward = None  # type: ignore[assignment]

    assert backward_of(Without()) is None


def test_two_directions_are_parts_and_no_methods() -> None:
    class Cell(Part):
        def __call__(self, x: Any) -> Any:
            return x

    both = Holder(forward=Cell(), backward=Cell())
    assert paths([both]) == ["0.forward", "0.backward"]


def test_children_and_attributes_by_name() -> None:
    inner = Part()
    assert dict(children_of({"a": inner})) == {"a": inner}
    assert stored_attributes(Holder(a=inner)) == {"a": inner}
    assert stored_attributes(3) == {}


def test_a_function_holds_no_globals() -> None:
    def forward(x: object) -> object:
        return x

    forward.scale = 3  # type: ignore[attr-defined]
    assert stored_attributes(forward) == {"scale": 3}
