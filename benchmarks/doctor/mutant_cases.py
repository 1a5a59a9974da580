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


def _recurrent(gates: int, states: int, time: int | None = None, ragged: bool = False, **kwargs: Any) -> Make:
    """A step (time None) or a sequence: batch 3, 5 features, 4 hidden."""

    def make(rng: np.random.Generator) -> tuple[tuple[Any, ...], dict[str, Any]]:
        x = rng.normal(size=(3, 5) if time is None else (3, time, 5))
        before = [rng.normal(size=(3, 4)) for _ in range(states)]
        rows = 4 * gates
        weights = [rng.normal(size=shape) / 2 for shape in ((rows, 5), (rows, 4), (rows,), (rows,))]
        more = {"lengths": np.array([2, 4, 1])} if ragged else {}
        return (x, *before, *weights), kwargs | more

    return make


def _attention(**kwargs: Any) -> Make:
    """Two heads of two samples, 3 queries, 5 keys, d_k 4, d_v 6."""
    shapes = (2, 2, 3, 4), (2, 2, 5, 4), (2, 2, 5, 6)
    return lambda rng: (tuple(rng.normal(size=shape) for shape in shapes), kwargs)


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
    "gru": [_recurrent(3, 1, 4), _recurrent(3, 1, 4, ragged=True, reverse=True)],
    "gru_cell": [_recurrent(3, 1)],
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
    "lstm": [_recurrent(4, 2, 4), _recurrent(4, 2, 4, ragged=True, reverse=True)],
    "lstm_cell": [_recurrent(4, 2)],
    "max_pool2d": [
        _images(2, 3, 8, 7, kernel_size=(3, 2), stride=(2, 1), padding=1),
        _images(2, 3, 9, 8, kernel_size=(3, 2), stride=(2, 1), padding=1, dilation=(2, 3)),
    ],
    "mse_loss": [
        lambda rng: ((rng.normal(size=(5, 4)), rng.normal(size=(5, 4))), {"reduction": "mean"}),
        lambda rng: ((rng.normal(size=(4, 3)), rng.normal(size=(4, 3))), {"reduction": "none"}),
    ],
    "positional_encoding": [_images(2, 5, 4)],
    "relu": [_images(4, 5), _images(2, 3, 5)],
    "rnn": [
        _recurrent(1, 1, 4),
        _recurrent(1, 1, 4, ragged=True, reverse=True, nonlinearity="relu"),
    ],
    "rnn_cell": [_recurrent(1, 1), _recurrent(1, 1, nonlinearity="relu")],
    "rotary_embedding": [_images(2, 5, 4)],
    "scaled_dot_product_attention": [_attention(), _attention(scale=0.7)],
    "sigmoid": [_images(4, 5), _images(2, 3, 5)],
    "softmax": [_images(4, 5), _images(2, 4, 3, dim=1)],
    "tanh": [_images(4, 5), _images(2, 3, 5)],
}  # fmt: skip


# a step of a recurrence is a part of its cell: a fault of the one shows in the other
PART_OF = {"activate": "rnn_cell", "lstm_step": "lstm_cell", "gru_step": "gru_cell"}
# of these, only layers in other files make use: nothing here can show what a mutant of them does
NOT_ALONE = {"enter", "leave"}


def function_cases(name: str, module: ModuleType, seed: int = 0) -> list[Case]:
    """The pair `name` of a module, with each of its inputs."""
    if name in NOT_ALONE:
        return []
    name = PART_OF.get(name, name)
    pair = (getattr(module, name), getattr(module, f"{name}_backward"))
    made = [make(np.random.default_rng(seed)) for make in FUNCTIONS[name]]
    return [Case(pair, inputs, kwargs) for inputs, kwargs in made]
