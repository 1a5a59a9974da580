"""Classes of two functions that share a context, as PyTorch's are, without PyTorch:

    class Square:
        @staticmethod
        def forward(ctx, x): ctx.save_for_backward(x); return x * x
        @staticmethod
        def backward(ctx, grad): ...

They become a pair; the context is its cache.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

from ..calling import positional
from ..objects import BACKWARD_NAMES, FORWARD_NAMES
from .adapters import Pair, wearing

CONTEXT = re.compile(r"^_*(ctx|context|c)$", re.I)


class Context:
    """Keeps whatever is saved, under each of the usual names."""

    saved: tuple[Any, ...] = ()

    def save_for_backward(self, *values: Any) -> None:
        self.saved = self.saved_tensors = self.saved_values = self.saved_arrays = values

    save = save_for_backward


def is_contextual(cls: Any) -> bool:
    """Whether forward and backward are static, and the first argument of both is a context."""
    return inspect.isclass(cls) and _static(cls, FORWARD_NAMES) is not None is not _static(
        cls, BACKWARD_NAMES
    )


def _static(cls: type, names: tuple[str, ...]) -> Any:
    for name in names:
        stored = inspect.getattr_static(cls, name, None)
        if isinstance(stored, staticmethod):
            parameters = positional(stored.__func__)
            return stored.__func__ if parameters and CONTEXT.match(parameters[0].name) else None
    return None


def contextual_pair(cls: type) -> Pair:
    """(forward, backward): forward(*inputs) -> (y, context), backward(dy, context)."""
    ahead, behind = _static(cls, FORWARD_NAMES), _static(cls, BACKWARD_NAMES)

    def forward(*inputs: Any, **kwargs: Any) -> Any:
        context = Context()
        y = ahead(context, *inputs, **kwargs)
        return (*y, context) if isinstance(y, tuple) else (y, context)

    def backward(*handed: Any) -> Any:
        *upstream, context = handed
        return behind(context, *upstream)

    signature, back = inspect.signature(ahead), list(inspect.signature(behind).parameters.values())
    inputs = list(signature.parameters.values())[1:]
    return (
        wearing(forward, ahead, signature.replace(parameters=inputs)),
        wearing(backward, behind, inspect.Signature([*back[1:], back[0].replace(name="ctx")])),
    )
