"""Optimizers: from gradients to steps. They change parameters after backward, all at once, and never inside
it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from chainrule.functions.arrays import Array
from chainrule.kernels.adam import adam_step
from chainrule.layers.parameter import Parameter


class Optimizer:
    """Holds the parameters, the learning rate `lr`, and a state for each: how many steps it took, and more.

    A subclass names its state arrays (`slots`) and writes `update`. Frozen parameters (requires_grad = False)
    are not moved.
    """

    slots: tuple[str, ...] = ()

    def __init__(self, parameters: Iterable[Parameter], lr: float, weight_decay: float = 0.0) -> None:
        self.parameters = list(parameters)
        if not self.parameters:
            raise ValueError(f"{type(self).__name__} got no parameters: pass model.parameters()")
        if len({id(p) for p in self.parameters}) < len(self.parameters):
            raise ValueError(
                f"{type(self).__name__} got one parameter twice, so that it would be moved twice per step"
            )
        _at_least_zero(self, lr=lr, weight_decay=weight_decay)
        self.lr, self.weight_decay = lr, weight_decay
        # a parameter that was frozen for a while has taken fewer steps than the others
        self.state = [
            {"step": np.zeros((), np.int64), **{slot: np.zeros_like(p.data) for slot in self.slots}}
            for p in self.parameters
        ]

    @property
    def steps(self) -> int:
        """How many steps were taken: those of the parameter that took most."""
        return max(int(state["step"]) for state in self.state)

    def step(self) -> None:
        """Moves every parameter by one step along its gradient `grad`."""
        for parameter, state in zip(self.parameters, self.state, strict=True):
            if parameter.requires_grad:
                state["step"] += 1
                self.update(parameter.data, parameter.grad, **state)

    def update(self, weight: Array, gradient: Array, **state: Array) -> None:
        """Changes `weight` and its state in place; the gradient stays as it is."""
        raise TypeError(f"{type(self).__name__} has no update")

    def zero_grad(self) -> None:
        """Sets the gradients to 0; the same as `model.zero_grad()` for the parameters held here."""
        for parameter in self.parameters:
            parameter.zero_grad()

    def state_dict(self) -> dict[str, Array]:
        """The state as named arrays: "3.square" belongs to parameter number 3."""
        named = {f"{i}.{slot}": array.copy() for i, s in enumerate(self.state) for slot, array in s.items()}
        return {"lr": np.array(self.lr), **named}

    def load_state_dict(self, state: dict[str, Array]) -> None:
        """Takes a state_dict back. Raises ValueError if it is not one of these parameters."""
        own = self.state_dict()
        if {n: a.shape for n, a in own.items()} != {n: a.shape for n, a in state.items()}:
            raise ValueError(
                f"this is no state of {type(self).__name__} with {len(self.parameters)} parameters: "
                f"expected {sorted(own)}, got {sorted(state)}, each in its parameter's shape"
            )
        self.lr = float(state["lr"])
        for i, slots in enumerate(self.state):
            for slot, array in slots.items():
                array[...] = state[f"{i}.{slot}"]


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum.

        g = gradient + weight_decay · w
        v = momentum · v + g                    a running sum of gradients: old ones fade
        w = w - lr · v                          with nesterov: w - lr · (g + momentum · v)

    (Polyak 1964; Sutskever et al. 2013. As in PyTorch, lr multiplies v and not g.)
    """

    slots = ("velocity",)

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float = 1e-3,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        super().__init__(parameters, lr, weight_decay)
        _at_least_zero(self, momentum=momentum)
        if nesterov and not momentum:
            raise ValueError("SGD: nesterov looks ahead along the momentum, so it needs momentum > 0")
        self.momentum, self.nesterov = momentum, nesterov

    def update(self, weight: Array, gradient: Array, **state: Array) -> None:
        velocity = state["velocity"]
        g = gradient + self.weight_decay * weight if self.weight_decay else gradient
        velocity *= self.momentum
        velocity += g
        weight -= self.lr * (g + self.momentum * velocity if self.nesterov else velocity)


class Adam(Optimizer):
    """Adaptive moments: every number has its own step size.

        g  = gradient + weight_decay · w
        m  = β₁ m + (1 - β₁) g                  running mean of the gradient
        v  = β₂ v + (1 - β₂) g²                 running mean of its square
        m̂  = m / (1 - β₁ᵗ),  v̂ = v / (1 - β₂ᵗ)  both began at 0: this takes the pull towards 0 out again
        w  = w - lr · m̂ / (√v̂ + ε)

    t counts the steps from 1.  (Kingma and Ba 2015, algorithm 1.)
    """

    slots = ("mean", "square")

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(parameters, lr, weight_decay)
        _at_least_zero(self, eps=eps)
        if not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"{type(self).__name__}: betas must be in [0, 1), got {betas}")
        self.betas, self.eps = betas, eps

    def update(self, weight: Array, gradient: Array, **state: Array) -> None:
        g = gradient + self.weight_decay * weight if self.weight_decay else gradient
        self.adaptive_step(weight, g, state["mean"], state["square"], int(state["step"]))

    def adaptive_step(self, weight: Array, g: Array, mean: Array, square: Array, t: int) -> None:
        if adam_step(weight, g, mean, square, self.lr, self.betas, self.eps, t):
            return  # compiled: the same in one pass
        beta1, beta2 = self.betas
        mean += (1 - beta1) * (g - mean)
        square += (1 - beta2) * (g * g - square)
        # m̂ / (√v̂ + ε), with both corrections taken out of the arrays and into the scalars
        correction1, correction2 = 1 - beta1**t, 1 - beta2**t
        weight -= (self.lr / correction1) * mean / (np.sqrt(square) / math.sqrt(correction2) + self.eps)


class AdamW(Adam):
    """Adam whose weight decay does not pass through the moments: w shrinks by lr · weight_decay · w, then
    Adam's step.

    In Adam, the decay's share of the gradient is divided by √v̂ like the rest, so weights with large
    gradients decay less. (Loshchilov and Hutter 2019, algorithm 2.)

    matrices_only=True: parameters of one axis do not shrink. A bias, or the scale of a norm, has no size
    that would make a function less smooth; GPT's are trained so (Brown et al. 2020, appendix B decays the
    rest by 0.1). In PyTorch, one would pass two groups of parameters.
    """

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        matrices_only: bool = False,
    ) -> None:
        super().__init__(parameters, lr, betas, eps, weight_decay)
        self.matrices_only = matrices_only

    def update(self, weight: Array, gradient: Array, **state: Array) -> None:
        if weight.ndim > 1 or not self.matrices_only:
            weight *= 1 - self.lr * self.weight_decay
        self.adaptive_step(weight, gradient, state["mean"], state["square"], int(state["step"]))


OPTIMIZERS: dict[str, type[Optimizer]] = {"sgd": SGD, "adam": Adam, "adamw": AdamW}


def _at_least_zero(optimizer: Optimizer, **options: float) -> None:
    for name, value in options.items():
        if not (value >= 0 and math.isfinite(value)):
            raise ValueError(f"{type(optimizer).__name__}: {name} must be a number >= 0, got {value}")
