"""How a foreign step, optimizer and loss are called: read from their signatures, and tried."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from ..calling import parameters_of, positional, required
from ..naming import LEARNING_RATES
from ..objects import find_method
from ..projects import is_foreign_module

STEPS = (
    "train_step",
    "training_step",
    "train_on_batch",
    "train_batch",
    "fit_batch",
    "step",
    "fit_step",
    "train_one_batch",
    "learn_batch",
    "learn",
    "partial_fit",
    "update",
    "optimize",
    "train",
)
PREDICTIONS = (
    "predict_proba",
    "predict",
    "logits",
    "scores",
    "forward",
    "decision_function",
    "inference",
    "__call__",
)


def step_of(subject: Any) -> Callable[..., Any] | None:
    """The method by which a model trains itself on (x, target), if it has one."""
    for name in STEPS:
        if find_method(subject, name) is not None:
            method = getattr(subject, name)
            if len(required(method)) >= 2 or (len(positional(method)) >= 2 and not required(method)):
                return method  # type: ignore[no-any-return]
    return None


def prediction_of(subject: Any) -> Callable[..., Any] | None:
    """The method by which a model answers, logits or probabilities rather than classes."""
    for name in PREDICTIONS:
        if find_method(subject, name) is not None:
            method = getattr(subject, name)
            if len(required(method)) <= 1:
                return method  # type: ignore[no-any-return]
    return None


def takes_rate(step: Callable[..., Any]) -> str | None:
    """The name of a step's learning rate; "" for a third parameter under another name; None: it has none."""
    for parameter in parameters_of(step):
        if LEARNING_RATES.match(parameter.name):
            return parameter.name
    return "" if len(required(step)) >= 3 else None


def number(result: Any) -> float | None:
    """The loss in what a step returned: a number, the first of several, result["loss"]."""
    if isinstance(result, dict):
        named = [v for k, v in result.items() if "loss" in str(k).lower() or "cost" in str(k).lower()]
        return number(named[0]) if named else None
    if isinstance(result, (tuple, list)):
        return next((n for n in map(number, result) if n is not None), None)
    if isinstance(result, np.ndarray):
        return float(result.reshape(-1)[0]) if result.size == 1 else None
    if isinstance(result, (int, float, np.number)) and not isinstance(result, bool):
        return float(result)
    return None


def reachable(function: Any) -> dict[str, Any]:
    """What a function works on besides its arguments: its closure, its object, the globals that it names."""
    if isinstance(function, functools.partial):
        held = {f"argument{i}": value for i, value in enumerate(function.args)} | dict(function.keywords)
        return held | reachable(function.func)
    if isinstance(function, types.MethodType):
        return {"self": function.__self__}
    if not isinstance(function, types.FunctionType):
        return {} if function is None or isinstance(function, type) else {"self": function}
    found: dict[str, Any] = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        try:
            found[name] = cell.cell_contents
        except ValueError:
            continue
    for name in function.__code__.co_names:
        value = function.__globals__.get(name)
        kind = type(value)
        if isinstance(value, (dict, list, np.ndarray)) or (
            is_foreign_module(kind.__module__) and not isinstance(value, (type, types.FunctionType))
        ):
            found.setdefault(name, value)
    return {k: v for k, v in found.items() if v is not None and not isinstance(v, types.ModuleType)}
