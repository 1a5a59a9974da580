"""Inputs for every backward of ours: sizes that differ, windows that overlap, ids that repeat, weights off 1.

Several cases where a function has several ways through it. A mutant is shown to the doctor on the first case
on which it is wrong, as its author would.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

Make = Callable[[np.random.Generator], tuple[tuple[Any, ...], dict[str, Any]]]


@dataclass(frozen=True)
class Case:
    """What check() is called with: the subject, its inputs, and keywords of forward."""

    subject: Any
    inputs: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)


def _images(*shape: int, **kwargs: Any) -> Make:
    return lambda rng: ((rng.normal(size=shape),), kwargs)


def _norm(shape: tuple[int, ...], features: tuple[int, ...], running: bool = False, **kwargs: Any) -> Make:
    def make(rng: np.random.Generator) -> tuple[tuple[Any, ...], dict[str, Any]]:
        x = 1.7 * rng.normal(size=shape) + 0.7
        given = [x, rng.normal(size=features) + 1.5, rng.normal(size=features)]
        if running:
            given += [rng.normal(size=features), rng.uniform(0.3, 2, features)]
        return tuple(given), kwargs

    return make


def _classes(shape: tuple[int, ...], axis: int = 1, weighted: bool = True, **kwargs: Any) -> Make:
    def make(rng: np.random.Generator) -> tuple[tuple[Any, ...], dict[str, Any]]:
        rest = shape[:axis] + shape[axis + 1 :]
        target = rng.integers(0, shape[axis], rest)
        target.reshape(-1)[::5] = -100
        weight = rng.uniform(0.3, 2, shape[axis]) if weighted else None
        return (3 * rng.normal(size=shape), target, weight), kwargs | {"axis": axis}

    return make


def _probabilities(shape: tuple[int, ...], weighted: bool, **kwargs: Any) -> Make:
    def make(rng: np.random.Generator) -> tuple[tuple[Any, ...], dict[str, Any]]:
        logits, target = 2 * rng.normal(size=shape), rng.uniform(0.1, 0.9, shape)
        weights = (rng.uniform(0.5, 2, shape), rng.uniform(0.5, 4, shape[-1:])) if weighted else ()
        return (logits, target, *weights), kwargs

    return make


def _ids(rows: int, **kwargs: Any) -> Make:
    ids = [[3, 1, 3, 3, 5], [0, 3, 1, 5, 3], [6, 3, 1, 3, 3]]
    return lambda rng: ((rng.permuted(ids), rng.normal(size=(rows, 4))), kwargs)


def _kept(shape: tuple[int, ...], p: float) -> Make:
    return lambda rng: (
        (rng.normal(size=shape),),
        {"p": p, "keys": np.arange(1, shape[0] + 1, dtype=np.uint64)},
    )


def _convolution(shape: tuple[int, ...], weight: tuple[int, ...], **kwargs: Any) -> Make:
    return lambda rng: (
        (rng.normal(size=shape), rng.normal(size=weight), rng.normal(size=weight[0])),
        kwargs,
    )


FUNCTIONS: dict[str, list[Make]] = {
    "adaptive_avg_pool2d": [_images(2, 3, 5, 7, output_size=(3, 4)), _images(2, 3, 7, 6, output_size=(3, 2))],
    "avg_pool2d": [
        _images(2, 3, 7, 6, kernel_size=(3, 2), stride=(2, 1), padding=1),
        _images(2, 4, 8, 6, kernel_size=(3, 4), stride=(1, 3), padding=(1, 2), count_include_pad=False),
    ],
    "batch_norm": [
        _norm((5, 3), (3,)),
        _norm((2, 3, 4, 5), (3,), eps=0.01),
        _norm((3, 2, 5), (2,), running=True),
    ],
    "binary_cross_entropy_with_logits": [
        _probabilities((4, 3), False, reduction="mean"),
        _probabilities((4, 3), True, reduction="mean"),
        _probabilities((5, 2), True, reduction="none"),
    ],
    "conv2d": [
        _convolution((2, 3, 7, 6), (4, 3, 3, 2), stride=(2, 1), padding=1),
        _convolution((2, 4, 6, 8), (6, 2, 3, 2), groups=2, dilation=(1, 2)),
    ],
    "cross_entropy": [
        _classes((7, 4), weighted=False, reduction="mean"),
        _classes((7, 4), reduction="mean", label_smoothing=0.2),
        _classes((6, 4, 3), reduction="none", label_smoothing=0.1),
    ],
    "dropout": [_kept((3, 25), 0.4), _kept((4, 5, 3), 0.3)],
    "embedding": [_ids(7), _ids(8, padding_idx=3)],
    "flatten": [_images(2, 3, 5, 4), _images(3, 2, 4, 5, start_dim=2)],
    "gelu": [
        lambda rng: ((2 * rng.normal(size=(3, 5)),), {}),
        lambda rng: ((2 * rng.normal(size=(4, 5)),), {"approximate": "tanh"}),
    ],
    "layer_norm": [
        _norm((4, 5), (5,)),
        _norm((2, 3, 5), (5,)),
        _norm((2, 4, 3, 5), (3, 5), normalized_axes=2),
    ],
    "leaky_relu": [_images(4, 5), _images(2, 3, 5, negative_slope=0.2)],
    "linear": [
        lambda rng: ((rng.normal(size=(5, 4)), rng.normal(size=(3, 4)), rng.normal(size=3)), {}),
        lambda rng: ((rng.normal(size=(2, 5, 4)), rng.normal(size=(3, 4)), rng.normal(size=3)), {}),
    ],
    "log_softmax": [_images(4, 5), _images(2, 4, 3, dim=1)],
    "max_pool2d": [
        _images(2, 3, 8, 7, kernel_size=(3, 2), stride=(2, 1), padding=1),
        _images(2, 3, 9, 8, kernel_size=(3, 2), stride=(2, 1), padding=1, dilation=(2, 3)),
    ],
    "mse_loss": [
        lambda rng: ((rng.normal(size=(5, 4)), rng.normal(size=(5, 4))), {"reduction": "mean"}),
        lambda rng: ((rng.normal(size=(4, 3)), rng.normal(size=(4, 3))), {"reduction": "none"}),
    ],
    "relu": [_images(4, 5), _images(2, 3, 5)],
    "sigmoid": [_images(4, 5), _images(2, 3, 5)],
    "softmax": [_images(4, 5), _images(2, 4, 3, dim=1)],
    "tanh": [_images(4, 5), _images(2, 3, 5)],
}  # fmt: skip


def function_cases(name: str, module: ModuleType, seed: int = 0) -> list[Case]:
    """The pair `name` of a module, with each of its inputs."""
    pair = (getattr(module, name), getattr(module, f"{name}_backward"))
    made = [make(np.random.default_rng(seed)) for make in FUNCTIONS[name]]
    return [Case(pair, inputs, kwargs) for inputs, kwargs in made]
