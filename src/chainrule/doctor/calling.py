"""How a foreign forward and backward want to be called, read from their signatures.

A backward may be `backward(dy)`, `backward(dy, learning_rate)`, `backward(dy, cache)`, `backward(cache, dy)`,
`backward(dh, dc)` for two outputs, `backward(dy, x)`, or, for a loss, `backward()`.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .accumulators import filled
from .naming import CACHES, LABELS, LEARNING_RATES, TARGETS

TRAINING = ("training", "train", "is_training", "train_mode", "mode", "is_train", "train_flg", "train_flag")


def parameters_of(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """The parameters of a call (without self); empty where the signature cannot be read."""
    hashable = getattr(type(function), "__hash__", None) is not None
    return list(_known_parameters(function) if hashable else _read_parameters(function))


def _read_parameters(function: Callable[..., Any]) -> tuple[inspect.Parameter, ...]:
    try:
        return tuple(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return ()


_known_parameters = lru_cache(maxsize=256)(_read_parameters)


def positional(function: Callable[..., Any]) -> list[inspect.Parameter]:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p for p in parameters_of(function) if p.kind in kinds]


def required(function: Callable[..., Any]) -> list[inspect.Parameter]:
    return [p for p in positional(function) if p.default is inspect.Parameter.empty]


def accepts(function: Callable[..., Any], name: str) -> bool:
    found = parameters_of(function)
    return any(p.name == name or p.kind is inspect.Parameter.VAR_KEYWORD for p in found)


@dataclass
class BackwardCall:
    """The roles of backward's parameters, in order: upstream, cache, learning rate, input, accumulator (a
    dict to add gradients to); prediction, what forward returned; of a loss whose backward takes it once more,
    also label.
    """

    roles: list[tuple[str, str]]  # (role, parameter name)
    order: tuple[str, ...] = ()  # of the positional parameters

    @property
    def wants_cache(self) -> bool:
        return any(role == "cache" for role, _ in self.roles)

    @property
    def upstreams(self) -> int:
        return sum(role == "upstream" for role, _ in self.roles)

    @property
    def of_samples(self) -> bool:
        """Whether it is a loss's, whose forward may give a number for each sample."""
        return any(role == "label" for role, _ in self.roles)

    @property
    def learning_rate(self) -> str | None:
        return next((name for role, name in self.roles if role == "rate"), None)


def read_backward(
    backward: Callable[..., Any],
    inputs: list[str],
    is_pair: bool,
    returns_cache: bool,
    outputs: Sequence[str] = (),
) -> BackwardCall:
    """Reads the roles of backward's parameters.

    returns_cache: forward's last result looks like a cache. outputs: the names of forward's outputs, for
    L_model_backward(AL, Y, caches), which begins at the labels Y.
    """
    found = positional(backward)
    variadic = any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters_of(backward))
    if not found:
        no_upstream = not variadic and bool(_readable(backward))
        return BackwardCall(
            [] if no_upstream else [("upstream", "*")] + ([("cache", "*")] if is_pair else [])
        )
    if not is_pair and not returns_cache and _takes_the_loss_again(found, inputs):
        return BackwardCall(
            [("prediction", found[0].name), ("label", found[1].name)], tuple(p.name for p in found)
        )
    roles: list[tuple[str, str]] = []
    dicts = filled(backward) if is_pair and len(found) > 2 else set()
    at_labels = is_pair and any(LABELS.match(p.name) and p.name not in inputs for p in found)
    for parameter in found:
        name, optional = parameter.name, parameter.default is not inspect.Parameter.empty
        if LEARNING_RATES.match(name):
            roles.append(("rate", name))
        elif name in dicts:
            roles.append(("accumulator", name))
        elif name in inputs and len(found) > 1 and not (name.startswith("d") and _ARRIVES.match(name)):
            roles.append(("input", name))
        elif at_labels and name in outputs and not LABELS.match(name):
            roles.append(("prediction", name))
        elif CACHES.search(name) and (is_pair or returns_cache):
            roles.append(("cache", name))
        elif optional and any(role == "upstream" for role, _ in roles):
            if name in ("dy", "dout", "grad"):
                roles.append(("upstream", name))
            continue
        else:
            roles.append(("upstream", name))
    if is_pair or returns_cache:
        _give_a_cache(roles)
    return BackwardCall(roles, tuple(p.name for p in found))


PREDICTED = re.compile(
    r"^(d?values|y_?(pred\w*|hat|out\w*|prob\w*|p)|outputs?|pred\w*|prob\w*|logits|scores)$", re.I
)


def _takes_the_loss_again(found: list[inspect.Parameter], inputs: list[str]) -> bool:
    """backward(dvalues, y_true) of a loss forward(y_pred, y_true): handed what the loss is taken of."""
    needed = [p.name for p in found if p.default is inspect.Parameter.empty]
    return (
        len(needed) == len(found) == 2 == len(inputs)
        and bool(PREDICTED.match(needed[0]))
        and all(TARGETS.match(name) for name in (needed[1], inputs[1]))
        and needed[0] != inputs[1]
    )


def names_a_cache(backward: Callable[..., Any], inputs: list[str]) -> bool:
    """Whether backward has a parameter that is called as a cache is."""
    return any(CACHES.search(p.name) and p.name not in inputs for p in positional(backward))


def _give_a_cache(roles: list[tuple[str, str]]) -> None:
    """Where none is called so, the cache is the last parameter that has no other role."""
    if any(role == "cache" for role, _ in roles):
        return
    free = [i for i, (role, _) in enumerate(roles) if role == "upstream"]
    if len(free) > 1:
        others = [i for i in free if not _ARRIVES.match(roles[i][1])]
        place = others[-1] if len(others) == len(free) - 1 else free[-1]  # softmax_grad(p, g)
        roles[place] = ("cache", roles[place][1])


_ARRIVES = re.compile(
    r"^_*(g|gy|gz|dy|dz|da|do|dh|d_?out\w*|g_?out\w*|grad\w*|delta\w*|up(stream)?|err\w*|ct(_?out)?|cotangents?|adjoints?)$",
    re.I,
)


def _readable(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function)
    except (TypeError, ValueError):
        return False
    return True
