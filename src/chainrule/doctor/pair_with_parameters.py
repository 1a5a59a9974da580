"""`check((forward, backward), x, params=weights)`: two functions on weights that they find around them.

    def forward(x): return x @ w["W"], x
    def backward(dy, cache): return dy @ w["W"].T, {"W": cache.T @ dy}

They become an object that holds the weights in `params` and what is returned beside the inputs' gradients in
`grads`.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from .calling import positional
from .discovery.adapters import wearing
from .errors import NotASubject
from .naming import belongs
from .structure import leaves


class PairWithParameters:
    """params: a list, or a dict of any depth, of the arrays that the functions use."""

    def __init__(self, pair: Sequence[Any], params: Any, inputs: int) -> None:
        self.params, self.grads = params, type(params)()
        self.kept: list[Any] = []
        forward, backward = pair
        names = [p.name for p in positional(forward)][:inputs]

        def ahead(*given: Any, **kwargs: Any) -> Any:
            returned = forward(*given, **kwargs)
            if not isinstance(returned, tuple) or len(returned) < 2:
                self.kept = [None]
                return returned
            self.kept = [returned[-1]]
            return returned[0] if len(returned) == 2 else returned[:-1]

        def back(dy: Any) -> Any:
            returned = backward(dy, *(self.kept if len(positional(backward)) > 1 else ()))
            self.grads, rest = apart(returned, self.params, names)
            return rest

        self.__class__ = type(getattr(forward, "__name__", "pair"), (PairWithParameters,), {})
        self.forward = wearing(ahead, forward, inspect.signature(forward))
        self.backward = wearing(back, backward)


def with_parameters(subject: Any, params: Any, inputs: int) -> Any:
    """The object for a pair to which arrays are named as parameters; anything else as it is."""
    pair = isinstance(subject, (tuple, list)) and len(subject) == 2 and all(map(callable, subject))
    if not pair or params is None:
        return subject
    if not isinstance(params, (dict, list)) or not any(True for _ in leaves(params)):
        raise NotASubject(
            "params of two functions are the arrays that they use: a list, or a dict {name: array}; "
            f"not {type(params).__name__}"
        )
    return PairWithParameters(subject, params, inputs)


def apart(returned: Any, params: Any, inputs: Sequence[str]) -> tuple[Any, Any]:
    """What backward returns, parted into the gradients of the parameters and those of the inputs."""
    if isinstance(returned, dict):
        of_inputs = {k: v for k, v in returned.items() if any(belongs(str(k), n) or k == n for n in inputs)}
        of_params = {k: v for k, v in returned.items() if k not in of_inputs}
        return of_params, of_inputs or None
    parts = list(returned) if isinstance(returned, (tuple, list)) else [returned]
    bundle = next((i for i, part in enumerate(parts) if _is_like(part, params)), None)
    if bundle is not None:
        rest = [p for i, p in enumerate(parts) if i != bundle]
        return parts[bundle], rest[0] if len(rest) == 1 else tuple(rest) or None
    named = [name for name, _ in leaves(params, "")]
    ours = dict(zip(named, parts[len(inputs) :], strict=False))
    theirs = parts[: len(inputs)]
    gradients = list(ours.values()) if isinstance(params, list) else ours
    return gradients, theirs[0] if len(theirs) == 1 else tuple(theirs) or None


def _is_like(part: Any, params: Any) -> bool:
    """A list as long, or a dict with these keys; or with the keys of gradients: dW for W."""
    if isinstance(params, list):
        return isinstance(part, (list, tuple)) and len(part) == len(params)
    if not isinstance(part, dict):
        return False
    return all(any(k == p or belongs(str(k), str(p)) for p in params) for k in part)


__all__ = ["PairWithParameters", "with_parameters"]
