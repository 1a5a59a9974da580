"""Every call of every layer is written down, and afterwards nothing is left."""

from __future__ import annotations

import copy
import pickle
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from chainrule.doctor.recorder import Call, Recording, copied
from chainrule.layers import Linear, ReLU, Residual, Sequential, manual_seed

X = np.arange(6, dtype=np.float32).reshape(2, 3)


class Double:
    """y = 2 x, and it writes in place."""

    def forward(self, x: Any) -> Any:
        return 2 * x

    def backward(self, dy: Any) -> Any:
        dy *= 2
        return dy


class Chain:
    def __init__(self, *layers: Any) -> None:
        self.layers = list(layers)

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy: Any) -> Any:
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy


def lines(recording: Recording) -> list[str]:
    return [f"{'  ' * call.depth}{call.phase} {call.path}".rstrip() for call in recording.calls]


def traces_of(*objects: object) -> list[Any]:
    """Everything that a recording could leave behind on instances and their classes."""
    kinds = [kind for value in objects for kind in type(value).__mro__ if kind is not object]
    return [dict(vars(value)) for value in objects] + [dict(vars(kind)) for kind in kinds]


# ------------------------------------------------------------ what is recorded


def test_calls_stand_in_the_order_in_which_they_began() -> None:
    model = Chain(Double(), Chain(Double(), Double()))
    with Recording(model) as recording:
        model.backward(np.ones_like(model.forward(X)))
    assert lines(recording) == [
        "forward",
        "  forward layers.0",
        "  forward layers.1",
        "    forward layers.1.layers.0",
        "    forward layers.1.layers.1",
        "backward",
        "  backward layers.1",
        "    backward layers.1.layers.1",
        "    backward layers.1.layers.0",
        "  backward layers.0",
    ]
    assert [call.parent for call in recording.calls] == [None, 0, 0, 2, 2, None, 5, 6, 6, 5]
    assert [call.index for call in recording.calls] == list(range(10))
    assert list(recording.layers) == ["", "layers.0", "layers.1", "layers.1.layers.0", "layers.1.layers.1"]
    assert recording.layers["layers.1"] is model.layers[1]


def test_inputs_outputs_and_keyword_arguments() -> None:
    class Scaled:
        def forward(self, x: Any, *, by: int) -> Any:
            return by * x

        def backward(self, dy: Any) -> Any:
            return dy

    layer = Scaled()
    with Recording(layer) as recording:
        y = layer.forward(X, by=3)
    (call,) = recording.calls
    assert call.inputs[0] is X
    assert call.kwargs == {"by": 3}
    assert call.outputs is y
    assert (call.layer, call.method, call.error) == (layer, "forward", None)


def test_chainrules_own_layers() -> None:
    manual_seed(0)
    model = Sequential(Linear(3, 3), Residual(Sequential(Linear(3, 3), ReLU())))
    with Recording(model) as recording:
        y, cache = model.forward(X)
        dx = model.backward(np.ones_like(y), cache)
    forward = ["forward", "  forward 0", "  forward 1", "    forward 1.body", "      forward 1.body.0"]
    backward = ["backward", "  backward 1", "    backward 1.body", "      backward 1.body.1"]
    assert lines(recording) == [
        *forward, "      forward 1.body.1", *backward, "      backward 1.body.0", "  backward 0",
    ]  # fmt: skip
    assert recording.find("", "backward")[0].outputs is dx
    assert recording.find("1.body.0", "forward")[0].outputs[0].shape == (2, 3)


def test_a_call_through_dunder_call_is_recorded_once_as_the_forward_that_it_calls() -> None:
    manual_seed(0)
    model = Sequential(Linear(3, 3), ReLU())
    with Recording(model) as recording:
        y = model(X)
    # a Sequential that is called runs its layers without its own forward
    assert lines(recording) == ["forward", "  forward 0", "  forward 1"]
    assert [call.method for call in recording.calls] == ["__call__", "forward", "forward"]
    assert recording.calls[0].outputs is y
    inner, cache = recording.calls[2].outputs  # what forward returned, not what the caller saw
    assert inner is y
    assert cache is not None


def test_a_dunder_call_that_calls_forward_twice() -> None:
    class Twice(Double):
        def __call__(self, x: Any) -> Any:
            return self.forward(self.forward(x))

    layer = Twice()
    with Recording(layer) as recording:
        layer(X)
    assert [call.inputs[0].sum() for call in recording.calls] == [X.sum(), 2 * X.sum()]


def test_dunder_call_may_be_the_only_forward() -> None:
    class Called:
        def __call__(self, x: Any) -> Any:
            return x + 1

        def backward(self, dy: Any) -> Any:
            return dy

    model = Chain(Called())
    model.forward = lambda x: model.layers[0](x)  # type: ignore[method-assign]
    with Recording(model) as recording:
        model.forward(X)
    assert lines(recording) == ["forward", "  forward layers.0"]


def test_a_shared_layer_is_recorded_at_each_call() -> None:
    shared = Double()
    with Recording(model := Chain(shared, shared)) as recording:
        model.forward(X)
    assert [call.path for call in recording.calls] == ["", "layers.0", "layers.0"]


def test_methods_of_super_are_part_of_the_call() -> None:
    class More(Double):
        def forward(self, x: Any) -> Any:
            return super().forward(x) + 1

    with Recording(model := Chain(More(), Double())) as recording:
        model.forward(X)
    assert [call.path for call in recording.calls] == ["", "layers.0", "layers.1"]


def test_other_instances_of_the_same_class_are_not_recorded() -> None:
    model, other = Chain(Double()), Chain(Double())
    with Recording(model) as recording:
        other.forward(X)
    assert recording.calls == []


def test_the_type_of_a_layer_stays_what_it_is_and_copies_are_not_recorded() -> None:
    layer = Double()
    with Recording(Chain(layer)) as recording:
        assert type(layer) is Double
        assert vars(layer) == {}
        twin = copy.deepcopy(layer)
        twin.forward(X)
        pickle.dumps(layer)
    assert recording.calls == []


def test_one_without_an_instance_dict_and_a_frozen_one() -> None:
    class Slotted:
        __slots__ = ()

        def forward(self, x: Any) -> Any:
            return x

        def backward(self, dy: Any) -> Any:
            return dy

    @dataclass(frozen=True)
    class Frozen(Double):
        scale: int = 2

    with Recording(model := Chain(Slotted(), Frozen())) as recording:
        model.forward(X)
    assert lines(recording) == ["forward", "  forward layers.0", "  forward layers.1"]
    assert recording.unrecorded == []


def test_static_methods_and_methods_of_the_instance() -> None:
    class Static:
        __slots__ = ("backward",)  # a slot may hold the method too

        def __init__(self) -> None:
            self.backward = lambda dy: dy

        def forward(self, x: Any) -> Any:
            return x

    class Odd:
        @staticmethod
        def forward(x: Any) -> Any:
            return x

        @classmethod
        def backward(cls, dy: Any) -> Any:
            return dy

    slot, odd = Static(), Odd()
    before, method = traces_of(odd), slot.backward
    with Recording(model := Chain(slot, odd)) as recording:
        model.backward(model.forward(X))
    assert len(recording.calls) == 6
    assert traces_of(odd) == before
    assert slot.backward is method


def test_a_class_that_cannot_be_changed_is_named() -> None:
    class Method:
        """A stand-in for a compiled one: it has no dict, and a forward that does not bind."""

        def __call__(self, x: Any) -> Any:
            return x

    class Compiled:
        __slots__ = ()
        forward = Method()

        def backward(self, dy: Any) -> Any:
            return dy

    with Recording(model := Chain(Compiled())) as recording:
        model.backward(model.forward(X))
    assert recording.unrecorded == ["layers.0"]
    assert lines(recording) == ["forward", "backward", "  backward layers.0"]


def test_layers_that_are_made_on_the_way_are_found_by_looking_again() -> None:
    class Unrolled(Chain):
        def forward(self, x: Any) -> Any:
            self.layers = [Double() for _ in x]
            return np.stack([layer.forward(row) for layer, row in zip(self.layers, x, strict=True)])

    model = Unrolled()
    with Recording(model) as recording:
        y = model.forward(X)
        recording.rescan()
        model.backward(y[0])
    assert lines(recording) == ["forward", "backward", "  backward layers.1", "  backward layers.0"]


# ------------------------------------------------------------ errors and copies


def test_an_error_is_recorded_and_goes_on() -> None:
    class Broken(Double):
        def forward(self, x: Any) -> Any:
            raise ValueError("no")

    model = Chain(Double(), Broken())
    before = traces_of(model, *model.layers)
    recording = Recording(model)
    with pytest.raises(ValueError, match="no"), recording:
        model.forward(X)
    assert [type(call.error) for call in recording.calls] == [ValueError, type(None), ValueError]
    assert [call.depth for call in recording.calls] == [0, 1, 1]
    assert traces_of(model, *model.layers) == before


def test_copies_keep_what_foreign_code_overwrites() -> None:
    model, dy = Chain(Double(), Double()), np.ones(3)
    with Recording(model, copy=True) as recording:
        model.backward(dy)
    assert [call.inputs[0].tolist() for call in recording.calls] == [[1] * 3, [1] * 3, [2] * 3]
    assert [call.outputs.tolist() for call in recording.calls] == [[4] * 3, [2] * 3, [4] * 3]
    with Recording(model) as recording:
        model.backward(dy)
    assert all(call.inputs[0] is dy for call in recording.calls)


def test_copied_keeps_structure_and_shares_what_is_no_array() -> None:
    layer = Double()
    cache = Linear(3, 3).forward(X)[1]
    value = ([X, {"a": X.T}], cache, layer, None, "text")
    twin = copied(value)
    assert type(twin[1]) is type(cache)
    assert twin[2] is layer
    assert twin[0][0] is not X
    assert twin[0][1]["a"].strides == X.T.strides
    np.testing.assert_array_equal(twin[0][1]["a"], X.T)


# ------------------------------------------------------------ nothing is left


def test_everything_is_put_back() -> None:
    class Own(Double):
        pass  # inherits both methods

    model = Sequential(Linear(3, 3), Residual(Sequential(Linear(3, 3), ReLU())))
    chain = Chain(Own(), Double())
    chain.layers[0].forward = chain.layers[0].forward
    objects = [model, *model, model[1].body, *model[1].body, chain, *chain.layers]  # type: ignore[attr-defined]
    before = traces_of(*objects)
    with Recording([model, chain]) as recording:
        chain.forward(model(X))
        assert traces_of(*objects) != before
    assert traces_of(*objects) == before
    assert len(recording.calls) == 9


def test_recordings_may_be_nested_and_used_again() -> None:
    model = Chain(Double())
    before = traces_of(model, *model.layers)
    outer = Recording(model)
    with outer:
        with Recording(model) as inner:
            model.forward(X)
        model.forward(X)
    assert (len(inner.calls), len(outer.calls)) == (2, 4)
    with outer:
        model.forward(X)
    assert len(outer.calls) == 6
    assert traces_of(model, *model.layers) == before


def test_a_method_that_somebody_kept_is_silent_afterwards() -> None:
    model = Chain(Double())
    model.forward = model.forward  # type: ignore[method-assign]
    with Recording(model) as recording:
        kept = model.forward, model.layers[0].forward
    for method in kept:
        np.testing.assert_array_equal(method(X), 2 * X)
    assert recording.calls == []


def test_a_call_is_found_by_its_path() -> None:
    model = Chain(Double())
    with Recording(model) as recording:
        model.backward(model.forward(X))
    assert [call.phase for call in recording.find("layers.0")] == ["forward", "backward"]
    (call,) = recording.find("", "backward")
    assert isinstance(call, Call)
