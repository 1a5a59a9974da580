"""The activations that models apply to what a layer returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Activation:
    """f, and f' as it is written in code, with z what goes in and a what comes out."""

    name: str
    f: Callable[[np.ndarray], np.ndarray]
    derivative: str

    def slope(self, z: np.ndarray) -> np.ndarray:
        """f'(z), number by number, by central differences."""
        h = 1e-6
        result: np.ndarray = (self.f(z + h) - self.f(z - h)) / (2 * h)
        return result


def _sigmoid(z: np.ndarray) -> np.ndarray:
    result: np.ndarray = 0.5 * (1 + np.tanh(z / 2))
    return result


def _gelu(z: np.ndarray) -> np.ndarray:
    """Hendrycks and Gimpel, 2016, the approximation by tanh."""
    result: np.ndarray = 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))
    return result


def _leaky(s: float) -> Activation:
    return Activation(f"leaky_relu_{s}", lambda z: np.where(z > 0, z, s * z), f"np.where(z > 0, 1, {s})")


ACTIVATIONS = (
    Activation("identity", lambda z: z, "1"),
    Activation("tanh", np.tanh, "(1 - a ** 2)"),
    Activation("relu", lambda z: np.maximum(z, 0), "(z > 0)"),
    Activation("sigmoid", _sigmoid, "a * (1 - a)"),
    *(_leaky(slope) for slope in (0.01, 0.1, 0.2, 0.3)),
    Activation("softplus", lambda z: np.logaddexp(0, z), "1 / (1 + np.exp(-z))"),
    Activation("silu", lambda z: z * _sigmoid(z), "(s + a * (1 - s))   # s = sigmoid(z)"),
    Activation("elu", lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))), "np.where(z > 0, 1, a + 1)"),
    Activation("gelu", _gelu, "gelu_derivative(z)"),
    Activation("sine", np.sin, "np.cos(z)"),
)


__all__ = ["ACTIVATIONS", "Activation"]
