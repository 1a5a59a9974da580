"""`check_layer`: what the protocol promises of a layer, beyond what its functions promise.

Its input's and all parameters' gradients are measured; gradients add up; one layer may be used twice before
backward; forward writes nothing on the layer; backward computes gradients and nothing else; what is frozen
gets none.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.layers import Layer, Parameter, randomness
from chainrule.layers.parameter import Buffer

from .comparing import compare_along, compare_with_slopes
from .memory import ORDERS
from .numerical import STEP, TOLERANCE
from .trees import difference, is_array, is_float, leaves, map_arrays, map_tree, picture
from .upstream import draw_upstream, weighted_sum


def check_layer(
    layer: Layer,
    *inputs: Any,
    kwargs: dict[str, Any] | None = None,
    differentiable: tuple[int, ...] | None = None,
    allow_zero: dict[int | str, str] | None = None,
    other: tuple[Any, ...] | None = None,
    outputs: int = 1,
    kinks: float = 0.05,
    step: float = STEP,
    tolerance: float = TOLERANCE,
    limit: int = 150,
    seed: int = 0,
) -> None:
    """Raises AssertionError unless the layer keeps every promise of the protocol for these inputs.

    The layer must hold float64 (make it inside `default_dtype("float64")`). Every forward runs inside
    `randomness(seed, step)`, so that a dropout draws the same mask each time its output is measured.

    differentiable: positions of the inputs that have a gradient; default: all that are floating point.
    allow_zero: {input's position or parameter's name: reason} where the true gradient is 0, such as a bias
        before a norm.
    other: inputs of a second use of the layer; default: the same ones reversed.
    limit: measure at most so many elements of each array, chosen at random; random directions cover the
        others.
    """
    check = _Check(layer, inputs, kwargs, differentiable, outputs, seed)
    other = other if other is not None else check.reversed()
    _promise_forward_writes_nothing(check, other)
    _promise_call_is_forward(check)
    _promise_backward_computes_gradients_only(check)
    _promise_gradients_add_up(check)
    _promise_one_layer_used_twice(check, other)
    _promise_linear_in_the_upstream(check)
    _promise_frozen_parameters_get_nothing(check)
    _promise_any_memory_order(check)
    _promise_the_gradient_is_the_slope(check, allow_zero or {}, kinks, step, tolerance, limit)
    layer.zero_grad()


class _Check:
    """The layer under test, and how to call it."""

    def __init__(
        self, layer: Layer, inputs: Any, kwargs: Any, differentiable: Any, outputs: int, seed: int
    ) -> None:
        self.layer, self.kwargs, self.outputs, self.seed = layer, kwargs or {}, outputs, seed
        self.rng = np.random.default_rng(seed)
        self.inputs = tuple(map_arrays(lambda a: np.array(a, order="C"), tree) for tree in inputs)
        self.before = picture(layer)  # nothing was called yet
        self.promise = "the layer and its inputs are fit for a check"
        self.parameters: dict[str, Parameter] = dict(layer.named_parameters())
        floats = [leaf.dtype for leaf in leaves(self.inputs) if is_float(leaf)]
        if wrong := sorted(
            {str(d) for d in [*floats, *(p.dtype for p in self.parameters.values())] if d != np.float64}
        ):
            self.fail(f"gradients are measured in float64, got {wrong}: use default_dtype('float64')")
        if differentiable is None:
            differentiable = [
                i for i, tree in enumerate(inputs) if any(is_float(leaf) for leaf in leaves(tree))
            ]
        self.differentiable = tuple(differentiable)
        y, _ = self.run(self.inputs)
        self.dy = draw_upstream(y, self.rng)
        if not all(np.isfinite(leaf).all() for leaf in leaves(y) if is_float(leaf)):
            self.fail("the output is not finite: nothing can be measured here")

    def fail(self, detail: str) -> Any:
        raise AssertionError(f"{type(self.layer).__name__}, promise {self.promise!r}: {detail}")

    def forward(self, inputs: Any) -> tuple[Any, Any]:
        result = self.layer.forward(*inputs, **self.kwargs)
        if not isinstance(result, tuple) or len(result) < self.outputs + 1:
            self.fail(f"forward must return (y, cache), got {type(result).__name__}")
        return (result[0] if self.outputs == 1 else tuple(result[: self.outputs])), result[-1]

    def run(self, inputs: Any) -> tuple[Any, Any]:
        """One forward, with the same random numbers each time."""
        with randomness(self.seed, step=1):
            return self.forward(inputs)

    def gradients(self, dy: Any, cache: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """(input gradients, parameter gradients), the latter from zero; both by name."""
        self.layer.zero_grad()
        dinputs = self.backward(dy, cache)
        return dinputs, self.grads()

    def backward(self, dy: Any, cache: Any) -> dict[str, Any]:
        result = self.layer.backward(dy, cache)
        if len(self.inputs) == 1 and not (isinstance(result, tuple) and len(result) == 1):
            result = (result,)
        if not isinstance(result, tuple) or len(result) < len(self.inputs):
            self.fail(f"expected one gradient per input ({len(self.inputs)}), not {type(result).__name__}")
        return {f"input {i}": gradient for i, gradient in enumerate(result[: len(self.inputs)])}

    def grads(self) -> dict[str, Any]:
        return {name: parameter.grad.copy() for name, parameter in self.parameters.items()}

    def reversed(self) -> tuple[Any, ...]:
        def flipped(i: int) -> Any:
            axes = None if i in self.differentiable else 0
            return lambda a: np.flip(a, axes).copy() if a.ndim else a

        return tuple(map_arrays(flipped(i), tree) for i, tree in enumerate(self.inputs))

    def require_close(self, got: Any, expected: Any, detail: str, relative: float = 1e-9) -> None:
        got, expected = dict(_named_leaves(got)), dict(_named_leaves(expected))
        for name in expected:
            a, b = got.get(name), expected[name]
            if not is_array(b):
                continue
            scale = np.abs(b).max(initial=0)
            if (
                not is_array(a)
                or a.shape != b.shape
                or not np.abs(a - b).max(initial=0) <= relative * scale + 1e-13
            ):
                self.fail(f"{detail} (of {name})")


def _named_leaves(tree: dict[str, Any]) -> list[tuple[str, Any]]:
    return [
        (f"{name}{f' part {i}' if i else ''}", leaf)
        for name in tree
        for i, leaf in enumerate(leaves(tree[name]))
    ]


# ---------------------------------------------------------------- the promises


def _promise_forward_writes_nothing(check: _Check, other: tuple[Any, ...]) -> None:
    """Not an attribute, a weight, a gradient or a buffer anywhere below is another one after forward."""
    check.promise = "forward writes nothing on the layer"
    inputs_before = picture(check.inputs)
    first, _ = check.run(check.inputs)
    check.run(other)
    if where := difference(check.before, picture(check.layer)):
        check.fail(f"forward changed {where}")
    if where := difference(inputs_before, picture(check.inputs)):
        check.fail(f"forward changed an input (at {where})")
    second, _ = check.run(check.inputs)
    if difference(picture(first), picture(second)):
        check.fail("the same inputs and the same randomness give another output the second time")


def _promise_call_is_forward(check: _Check) -> None:
    """layer(x) is forward's y (a loss's call returns its mean instead, and is left alone)."""
    check.promise = "layer(x) is forward's y"
    with randomness(check.seed, step=1):
        called = check.layer(*check.inputs, **check.kwargs)
    with randomness(check.seed, step=1):
        result = check.layer.forward(*check.inputs, **check.kwargs)
    if len(result) == 2 and difference(picture(result[0]), picture(called)):
        check.fail("they differ")


def _promise_backward_computes_gradients_only(check: _Check) -> None:
    """backward changes no weight, no buffer, no input, neither dy nor its cache; and it can be repeated."""
    check.promise = "backward computes gradients and nothing else"
    state = {"weights": check.layer.state_dict(), "inputs": check.inputs, "dy": check.dy}
    y, cache = check.run(check.inputs)
    before = picture({**state, "the cache": cache, "forward's output": y})
    first = check.gradients(check.dy, cache)
    kept = picture(first)
    state["weights"] = check.layer.state_dict()
    if where := difference(before, picture({**state, "the cache": cache, "forward's output": y})):
        check.fail(f"backward changed {where}")
    if difference(kept, picture(check.gradients(check.dy, cache))):
        check.fail("a second backward on one cache gives another answer")
    if difference(kept, picture(first)):
        check.fail("a second backward overwrote the answer of the first")
    for i, tree in enumerate(check.inputs):
        expected = [a.shape if i in check.differentiable and is_float(a) else None for a in leaves(tree)]
        got = [getattr(g, "shape", None) for g in leaves(first[0][f"input {i}"])]
        if got != expected and (any(expected) or any(got)):
            check.fail(f"the gradient of input {i} has the shapes {got} instead of {expected}")


def _promise_gradients_add_up(check: _Check) -> None:
    """backward adds to what stands in grad: it never overwrites."""
    check.promise = "gradients add up"
    _, cache = check.run(check.inputs)
    _, once = check.gradients(check.dy, cache)
    check.backward(check.dy, cache)
    check.require_close(
        check.grads(),
        {n: 2 * g for n, g in once.items()},
        "after two backwards the gradient is not twice that of one",
    )


def _promise_one_layer_used_twice(check: _Check, other: tuple[Any, ...]) -> None:
    """f(x1), f(x2), then both backwards: each call has its own dx; the parameters' gradients are summed
    up.
    """
    check.promise = "one layer used twice in one graph"
    with randomness(check.seed, step=1):
        _, cache = check.forward(check.inputs)
        dinputs, grads = check.gradients(check.dy, cache)  # before the second forward can disturb anything
        other_y, other_cache = check.forward(other)
    other_dy = draw_upstream(other_y, check.rng)
    other_dinputs, other_grads = check.gradients(other_dy, other_cache)

    with randomness(check.seed, step=1):
        _, cache = check.forward(check.inputs)
        _, other_cache = check.forward(other)
    check.layer.zero_grad()
    other_got = check.backward(other_dy, other_cache)
    got = check.backward(check.dy, cache)
    check.require_close(
        got, dinputs, "after a second forward, the first call's backward gives another gradient"
    )
    check.require_close(other_got, other_dinputs, "the second call's backward gives another gradient")
    summed = {name: grads[name] + other_grads[name] for name in grads}
    check.require_close(check.grads(), summed, "the gradients of the two calls do not sum up")


def _promise_linear_in_the_upstream(check: _Check) -> None:
    """backward(0.7 g - 1.3 h) = 0.7 backward(g) - 1.3 backward(h), for inputs and parameters."""
    check.promise = "linear in the upstream"
    y, cache = check.run(check.inputs)
    g, h = check.dy, draw_upstream(y, check.rng)

    def mix(a: Any, b: Any) -> Any:
        return np.asarray(0.7 * a - 1.3 * b) if is_array(a) and is_array(b) else None

    of_g, of_h = check.gradients(g, cache), check.gradients(h, cache)
    of_mixed = check.gradients(map_tree(mix, g, h), cache)
    for got, a, b in zip(of_mixed, of_g, of_h, strict=True):
        check.require_close(got, map_tree(mix, a, b), "it is not")


def _promise_frozen_parameters_get_nothing(check: _Check) -> None:
    """Frozen, a parameter's grad stays as it is; all others, and the inputs, get what they got before."""
    check.promise = "frozen parameters get nothing"
    _, cache = check.run(check.inputs)
    dinputs, grads = check.gradients(check.dy, cache)
    thawed = [p for p in check.parameters.values() if p.requires_grad]
    groups = [thawed, *([p] for p in thawed[:8])] if thawed else []
    try:
        for frozen in groups:
            for parameter in frozen:
                parameter.requires_grad = False
            got_inputs, got = check.gradients(check.dy, cache)
            for parameter in frozen:
                parameter.requires_grad = True
            check.require_close(got_inputs, dinputs, "freezing changed the input's gradient")
            expected = {
                n: 0 * g if any(check.parameters[n] is p for p in frozen) else g for n, g in grads.items()
            }
            check.require_close(got, expected, "a frozen parameter got a gradient, or its neighbor lost one")
    finally:
        for parameter in thawed:
            parameter.requires_grad = True


def _promise_any_memory_order(check: _Check) -> None:
    """Inputs and upstreams in any memory order give the same numbers."""
    check.promise = "any memory order"
    y, cache = check.run(check.inputs)
    expected = {"the output": y}, *check.gradients(check.dy, cache)
    for name, reorder in ORDERS.items():
        y, cache = check.run(map_arrays(reorder, check.inputs))
        got = {"the output": y}, *check.gradients(map_arrays(reorder, check.dy), cache)
        for a, b in zip(got, expected, strict=True):
            check.require_close(a, b, f"{name} memory order gives other numbers")


def _promise_the_gradient_is_the_slope(
    check: _Check, allow_zero: dict[int | str, str], kinks: float, step: float, tolerance: float, limit: int
) -> None:
    """Measured, for every input and every parameter: along elements and along random directions."""
    check.promise = "the gradient is the slope"
    _, cache = check.run(check.inputs)
    dinputs, grads = check.gradients(check.dy, cache)

    def objective() -> float:
        return weighted_sum(check.run(check.inputs)[0], check.dy)

    measured = []
    for i in check.differentiable:
        pairs = zip(leaves(check.inputs[i]), leaves(dinputs[f"input {i}"]), strict=True)
        measured += [(f"input {i}", a, g, allow_zero.get(i)) for a, g in pairs if is_float(a)]
    for name, parameter in check.parameters.items():
        if parameter.requires_grad:
            measured.append((name, parameter.data, grads[name], allow_zero.get(name)))

    moved = []
    for label, array, gradient, reason in measured:
        smooth = compare_with_slopes(
            check.fail, label, objective, array, gradient, check.rng, reason, kinks, step, tolerance, limit
        )
        moved.append((array, gradient, smooth))
    for chosen in [*([m] for m in moved), moved, moved]:
        compare_along(check.fail, objective, chosen, check.rng, step, tolerance)


def holders(layer: Layer) -> list[Parameter | Buffer]:
    """Every parameter and buffer below a layer, once."""
    found = {id(value): value for _, below in layer.named_layers() for value in vars(below).values()}
    return [value for value in found.values() if isinstance(value, Parameter | Buffer)]
