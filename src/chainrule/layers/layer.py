"""Layer: holds parameters and children, and runs pairs of functions on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Self, TypeVar

import numpy as np

from chainrule.functions.arrays import Array

from .parameter import Buffer, Parameter

T = TypeVar("T")


class Layer:
    """The base of everything that has weights.

    A subclass writes two methods:

        y, cache = layer.forward(x)        # writes nothing on the layer: what backward needs is in the cache
        dx = layer.backward(dy, cache)     # adds its parameters' gradients, returns that of its input

    Its parameters, buffers and children are simply its attributes; children may also stand in lists and
    dicts. Their dotted paths are their names, as in PyTorch: `blocks.0.conv.weight`. Because the cache
    belongs to the call, one layer may be used many times before backward, and one parameter may stand in
    several layers (it is then *tied*: it appears once in `named_parameters`, and under each of its names in
    `state_dict`).
    """

    training: bool = True

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """Returns (y, cache)."""
        raise TypeError(f"{type(self).__name__} has no forward: write forward(self, x) and return (y, cache)")

    def backward(self, dy: Any, cache: Any) -> Any:
        """Adds the parameters' gradients; returns dx, or a tuple: one entry per array that forward took."""
        name = type(self).__name__
        raise TypeError(f"{name} has no backward: write backward(self, dy, cache) and return dx")

    def __call__(self, *inputs: Any, **kwargs: Any) -> Any:
        """Forward alone: returns y and keeps nothing."""
        return self.forward(*inputs, **kwargs)[0]

    # ------------------------------------------------------------ gradients

    def add_grads(self, **gradients: Array | None) -> None:
        """add_grads(weight=dweight, bias=dbias) adds each to the parameter of its name, None nothing."""
        for name, gradient in gradients.items():
            parameter = getattr(self, name)
            if parameter is None or gradient is None:
                continue
            try:
                parameter.add_grad(gradient)
            except ValueError as error:
                raise ValueError(f"{type(self).__name__}.{name}: {error}") from None

    def zero_grad(self) -> None:
        """Sets all gradients to 0, before the backward of a new step adds to them."""
        for _, parameter in _found_in(vars(self), Parameter):
            parameter.zero_grad()
        for _, child in self.named_children():
            child.zero_grad()

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Freezes (False) or thaws (True) every parameter below this layer."""
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def replica(self, memo: dict[int, Any] | None = None) -> Self:
        """The same layer with the same weights and buffers, but gradients of its own.

        For a thread that works on a part of the batch: no two threads add to one array. What is tied or
        shared inside stays so (`memo` remembers what was copied already). What wraps a layer from outside, as
        a recorder does, stays on the original. Collect the gradients with `add_gradients_of`.
        """
        memo = {} if memo is None else memo
        if id(self) not in memo:
            memo[id(self)] = twin = object.__new__(type(self))
            for name, value in vars(self).items():
                if name not in ("forward", "backward"):
                    vars(twin)[name] = _replica(value, memo)
        result: Self = memo[id(self)]
        return result

    def add_gradients_of(self, replica: Layer) -> None:
        """Adds a replica's gradients to this layer's own, and what its batch norms have seen."""
        mine, theirs = ([(n, p.shape) for n, p in layer.named_parameters()] for layer in (self, replica))
        if mine != theirs:
            names = type(replica).__name__, type(self).__name__
            raise ValueError(f"this {names[0]} is no replica of this {names[1]}: other parameters")
        for parameter, its_twin in zip(self.parameters(), replica.parameters(), strict=True):
            parameter.add_grad(its_twin.grad)
        # each layer once, however many names it has
        layers = {id(layer): layer for _, layer in self.named_layers()}.values()
        replicas = {id(layer): layer for _, layer in replica.named_layers()}.values()
        for layer, its_replica in zip(layers, replicas, strict=True):
            layer.add_statistics_of(its_replica)

    def add_statistics_of(self, replica: Layer) -> None:
        """For layers that keep running statistics: takes in those that a replica has seen."""

    # ------------------------------------------------------------ what is inside

    def named_children(self) -> Iterator[tuple[str, Layer]]:
        """The layers directly below, in the order in which they were defined."""
        yield from _found_in(vars(self), Layer)

    def named_layers(self, prefix: str = "") -> Iterator[tuple[str, Layer]]:
        """This layer, under the name `prefix`, and all below it, each with its dotted path."""
        yield prefix, self
        for name, child in self.named_children():
            yield from child.named_layers(f"{prefix}.{name}" if prefix else name)

    def _named_state(self) -> Iterator[tuple[str, Parameter | Buffer]]:
        """Every parameter and buffer under each of its names."""
        for path, layer in self.named_layers():
            dot = f"{path}." if path else ""
            yield from ((dot + name, value) for name, value in _found_in(vars(layer), Parameter))
            yield from ((dot + name, value) for name, value in _found_in(vars(layer), Buffer))

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Every parameter once, under its first name."""
        seen: set[int] = set()
        for name, value in self._named_state():
            if isinstance(value, Parameter) and id(value) not in seen:
                seen.add(id(value))
                yield name, value

    def parameters(self) -> Iterator[Parameter]:
        return (parameter for _, parameter in self.named_parameters())

    # ------------------------------------------------------------ mode and state

    def train(self, mode: bool = True) -> Self:
        """Training mode (dropout drops, batch norm uses the batch's statistics), here and in all below."""
        for _, layer in self.named_layers():
            layer.training = mode
        return self

    def eval(self) -> Self:
        """Evaluation mode: the opposite of `train`."""
        return self.train(False)

    def update_running_statistics(self) -> None:
        """Lets batch norms take in the statistics of this step: once per step, after the optimizer."""
        for _, child in self.named_children():
            child.update_running_statistics()

    def state_dict(self) -> dict[str, Array]:
        """Copies of all parameters and buffers by name, as in PyTorch."""
        return {name: value.data.copy() for name, value in self._named_state()}

    def load_state_dict(self, state: dict[str, Array], strict: bool = True) -> None:
        """Writes a state dict into the parameters and buffers; either all of it, or nothing.

        Raises KeyError that lists what is missing and what is unexpected (not with strict=False), and
        ValueError that lists arrays of another shape.
        """
        own = dict(self._named_state())
        missing, unexpected = [n for n in own if n not in state], [n for n in state if n not in own]
        if strict and (missing or unexpected):
            raise KeyError(
                f"the state dict does not fit {type(self).__name__}: missing {missing or 'nothing'}, "
                f"unexpected {unexpected or 'nothing'} (strict=False loads what both have)"
            )
        both = [(name, value, state[name]) for name, value in own.items() if name in state]
        misshapen = [
            f"{name} {tuple(new.shape)} for {value.shape}"
            for name, value, new in both
            if tuple(new.shape) != value.shape
        ]
        if misshapen:
            wrong = ", ".join(misshapen)
            raise ValueError(f"the state dict does not fit {type(self).__name__}: wrong shapes: {wrong}")
        # what cannot be converted fails before the first write
        converted = [np.asarray(new, value.dtype) for _, value, new in both]
        for (_, value, _), new in zip(both, converted, strict=True):
            value.data[...] = new

    # ------------------------------------------------------------ how it looks

    def extra_repr(self) -> str:
        """What stands in the parentheses of repr: sizes and options."""
        return ""

    def __repr__(self) -> str:
        children = [f"({name}): {child!r}".replace("\n", "\n  ") for name, child in self.named_children()]
        body = "".join(f"\n  {child}" for child in children)
        return f"{type(self).__name__}({self.extra_repr()}{body}{chr(10) if children else ''})"


def _found_in(value: Any, kind: type[T], name: str = "") -> Iterator[tuple[str, T]]:
    """What is of this kind in a value: itself, or items of lists and dicts at any depth, by dotted name."""
    if isinstance(value, kind):
        yield name, value
    elif isinstance(value, list | tuple | dict):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from _found_in(item, kind, f"{name}.{key}" if name else str(key))


def _replica(value: Any, memo: dict[int, Any]) -> Any:
    """Layers and parameters, alone or in lists, tuples and dicts, become replicas; all else is shared."""
    if isinstance(value, Layer):
        return value.replica(memo)
    if isinstance(value, Parameter):
        return memo.setdefault(id(value), value.replica())
    if type(value) in (list, tuple):
        return type(value)(_replica(item, memo) for item in value)
    if type(value) is dict:
        return {key: _replica(item, memo) for key, item in value.items()}
    return value
