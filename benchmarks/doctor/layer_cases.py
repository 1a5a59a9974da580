"""Every layer of ours with inputs that suit it, built from a given module: the original or a mutant."""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any

import numpy as np
from mutant_cases import Case

from chainrule import layers

Get = Callable[[str], Any]


def _randomized(layer: Any, rng: np.random.Generator) -> Any:
    """Scales, shifts and statistics that are not 1 and 0."""
    for _, below in layer.named_layers():
        for name in ("weight", "bias", "running_mean"):
            holder = getattr(below, name, None)
            if holder is not None:
                holder.data[...] = rng.normal(size=holder.shape) + 0.5
        if getattr(below, "running_var", None) is not None:
            below.running_var.data[...] = rng.uniform(0.5, 2, below.running_var.shape)
            below.num_batches_tracked.data[...] = 3
    return layer


def _image(rng: np.random.Generator) -> Any:
    return rng.normal(size=(2, 3, 7, 6))


def _of(kind: str, *arguments: Any, x: Any = (4, 5), **options: Any) -> Callable[[Get, Any], tuple[Any, ...]]:
    """A layer and one input: of a shape, or made by a function of the random numbers."""
    return lambda get, rng: (
        _randomized(get(kind)(*arguments, **options), rng),
        x(rng) if callable(x) else rng.normal(size=x) + 0.3,
    )


def _evaluated(kind: str, *arguments: Any, x: tuple[int, ...]) -> Callable[[Get, Any], tuple[Any, ...]]:
    return lambda get, rng: (
        _randomized(get(kind)(*arguments), rng).train(False),
        rng.normal(size=x) + 0.3,
    )


def _sequential(get: Get, rng: Any) -> tuple[Any, Any]:
    inside = (layers.Linear(4, 6), layers.Tanh(), layers.Linear(6, 3))
    return _randomized(get("Sequential")(*inside), rng), rng.normal(size=(5, 4))


def _residual(get: Get, rng: Any) -> tuple[Any, Any]:
    body = layers.Sequential(layers.Linear(4, 6), layers.Tanh(), layers.Linear(6, 4))
    return _randomized(get("Residual")(body), rng), rng.normal(size=(5, 4))


def _shortcut(get: Get, rng: Any) -> tuple[Any, Any]:
    return _randomized(get("Residual")(layers.Linear(4, 3), layers.Linear(4, 3)), rng), rng.normal(
        size=(5, 4)
    )


def _cross_entropy(get: Get, rng: Any) -> tuple[Any, Any, Any]:
    return get("CrossEntropyLoss")(label_smoothing=0.1), rng.normal(size=(5, 4)), rng.integers(0, 4, 5)


def _mse(get: Get, rng: Any) -> tuple[Any, Any, Any]:
    return get("MSELoss")(), rng.normal(size=(5, 4)), rng.normal(size=(5, 4))


def _bce(get: Get, rng: Any) -> tuple[Any, Any, Any]:
    return get("BCEWithLogitsLoss")(), rng.normal(size=(5, 4)), rng.uniform(0.1, 0.9, (5, 4))


def _ids(rng: np.random.Generator) -> Any:
    return rng.permuted([[3, 1, 3, 3, 5], [0, 3, 1, 5, 3], [6, 3, 1, 3, 3]])


def _recurrent(kind: str, state: tuple[int, ...], **options: Any) -> Callable[[Get, Any], tuple[Any, ...]]:
    """A recurrent layer (state: layers x directions, batch, hidden) or a cell, with a state."""

    def make(get: Get, rng: Any) -> tuple[Any, ...]:
        parts = tuple(rng.normal(size=state) for _ in range(2 if "LSTM" in kind else 1))
        x = rng.normal(size=(3, 4, 5) if len(state) == 3 else (3, 5))
        return get(kind)(5, 2, **options), x, parts if "LSTM" in kind else parts[0]

    return make


def _attention(get: Get, rng: Any) -> tuple[Any, ...]:
    layer = get("MultiheadAttention")(4, 2, kdim=5, vdim=6)
    return (layer, *(rng.normal(size=shape) for shape in ((2, 3, 4), (2, 5, 5), (2, 5, 6))))


def _decoder(kind: str, *more: Any, **options: Any) -> Callable[[Get, Any], tuple[Any, ...]]:
    return lambda get, rng: (
        get(kind)(4, 2, *more, **options),
        rng.normal(size=(2, 3, 4)),
        rng.normal(size=(2, 5, 4)),
    )


LAYERS: dict[str, list[Callable[[Get, Any], tuple[Any, ...]]]] = {
    "AdaptiveAvgPool2d": [_of("AdaptiveAvgPool2d", (3, 4), x=_image)],
    "AvgPool2d": [_of("AvgPool2d", (3, 2), (2, 1), 1, x=_image)],
    "BCEWithLogitsLoss": [_bce],
    "BatchNorm1d": [_of("BatchNorm1d", 3, x=(5, 3)), _evaluated("BatchNorm1d", 3, x=(5, 3))],
    "BatchNorm2d": [_of("BatchNorm2d", 3, x=_image), _evaluated("BatchNorm2d", 3, x=(2, 3, 4, 5))],
    "Conv2d": [_of("Conv2d", 3, 4, (3, 2), stride=(2, 1), padding=1, x=_image)],
    "CrossEntropyLoss": [_cross_entropy],
    "Dropout": [_of("Dropout", 0.4), _evaluated("Dropout", 0.4, x=(4, 5))],
    "Embedding": [_of("Embedding", 7, 4, x=_ids), _of("Embedding", 7, 4, padding_idx=2, x=_ids)],
    "FeedForward": [_of("FeedForward", 5, 7)],
    "Flatten": [_of("Flatten", x=_image)],
    "GELU": [_of("GELU"), _of("GELU", "tanh")],
    "GRU": [_recurrent("GRU", (4, 3, 2), num_layers=2, bidirectional=True)],
    "GRUCell": [_recurrent("GRUCell", (3, 2))],
    "Identity": [_of("Identity")],
    "LSTM": [_recurrent("LSTM", (4, 3, 2), num_layers=2, bidirectional=True)],
    "LSTMCell": [_recurrent("LSTMCell", (3, 2))],
    "LayerNorm": [_of("LayerNorm", 5), _of("LayerNorm", (3, 5), x=(2, 4, 3, 5))],
    "LeakyReLU": [_of("LeakyReLU", 0.2)],
    "LearnedPositionalEncoding": [_of("LearnedPositionalEncoding", 6, 5, x=(2, 4, 5))],
    "Linear": [_of("Linear", 5, 3), _of("Linear", 5, 3, x=(2, 4, 5))],
    "LogSoftmax": [_of("LogSoftmax")],
    "MSELoss": [_mse],
    "MaxPool2d": [_of("MaxPool2d", (3, 2), (2, 1), 1, x=_image)],
    "MultiheadAttention": [_attention],
    "PositionalEncoding": [_of("PositionalEncoding", x=(2, 5, 4))],
    "RNN": [_recurrent("RNN", (4, 3, 2), num_layers=2, bidirectional=True)],
    "RNNCell": [_recurrent("RNNCell", (3, 2))],
    "ReLU": [_of("ReLU")],
    "Residual": [_residual, _shortcut],
    "Sequential": [_sequential],
    "Sigmoid": [_of("Sigmoid")],
    "Softmax": [_of("Softmax")],
    "Tanh": [_of("Tanh")],
    "TransformerDecoder": [_decoder("TransformerDecoder", 2, dim_feedforward=6)],
    "TransformerDecoderLayer": [
        _decoder("TransformerDecoderLayer", dim_feedforward=6),
        _decoder("TransformerDecoderLayer", dim_feedforward=6, norm_first=True),
    ],
    "TransformerEncoder": [_of("TransformerEncoder", 4, 2, 2, dim_feedforward=6, x=(2, 3, 4))],
    "TransformerEncoderLayer": [
        _of("TransformerEncoderLayer", 4, 2, dim_feedforward=6, x=(2, 3, 4)),
        _of("TransformerEncoderLayer", 4, 2, dim_feedforward=6, norm_first=True, x=(2, 3, 4)),
    ],
}
BASES = {  # whose backward the exported layers inherit
    "BatchNorm": ("BatchNorm1d", "BatchNorm2d"),
    "RecurrentStack": ("RNN", "LSTM", "GRU"),
    "RecurrentCell": ("RNNCell", "LSTMCell", "GRUCell"),
}


def layer_cases(kind: str, module: Any = layers, seed: int = 0) -> list[Case]:
    """A class of a module (or the exported layers that inherit its backward), with inputs."""

    def wanted(name: str) -> Any:
        if hasattr(module, name):
            return getattr(module, name)
        return lambda *arguments, **options: _inheriting(
            getattr(module, kind).backward, getattr(layers, name)(*arguments, **options)
        )

    cases = []
    for name in BASES.get(kind, (kind,)):
        for make in LAYERS[name]:
            layers.manual_seed(seed)
            with layers.default_dtype("float64"):
                layer, *inputs = make(wanted, np.random.default_rng(seed))
            cases.append(Case(layer, tuple(inputs)))
    return cases


def _inheriting(backward: Callable[..., Any], layer: Any) -> Any:
    """A layer whose base lies in another file, with that file's backward."""
    vars(layer)["backward"] = MethodType(backward, layer)
    return layer
