"""What a mutated backward does to its arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

_seen: dict[type, list[Any]] = {}


def _each(dy: Any, change: Any) -> Any:
    if isinstance(dy, tuple):
        return tuple(_each(part, change) for part in dy)
    return dy if dy is None else change(dy)


def ones(dy: Any) -> Any:
    """As if the layer were the last one, and its output the loss."""
    return _each(dy, lambda part: np.ones_like(part) if np.ndim(part) else part * 0 + 1)


def double(dy: Any) -> Any:
    return _each(dy, lambda part: part * 2)


def spoil(dy: Any) -> None:
    """Changes the caller's gradient, as an in-place operation would."""
    if isinstance(dy, tuple):
        for part in dy:
            spoil(part)
    elif hasattr(dy, "flags") and dy.ndim:
        dy += 1


def stale(cache: Any) -> Any:
    """The cache of the call before, as if the layer kept one cache and used it at the wrong time."""
    kept = _seen.setdefault(type(cache), [])
    kept.append(cache)
    return kept[-2] if len(kept) > 1 else cache
