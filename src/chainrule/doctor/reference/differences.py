"""Where subject and reference differ, in words, when nothing explains it."""

from __future__ import annotations

from typing import Any

import numpy as np

from .meeting import SILENT, Meeting, first_wrong


def where_they_differ(meeting: Meeting) -> tuple[str, dict[str, Any]]:
    """A sentence, and numbers."""
    a, b = first_wrong(meeting)
    if a.shape != b.shape:
        return (
            f"the output has shape {a.shape}, the reference's {b.shape}, and no change that was "
            "tried makes them equal"
        ), {
            "shape": a.shape,
            "the reference's": b.shape,
        }
    size = max(float(np.abs(b).max(initial=0)), 1e-300)
    wrong = np.abs(a - b) > SILENT * size
    share = float(wrong.mean()) if wrong.size else 0.0
    evidence: dict[str, Any] = {"share of elements that differ": share}
    words = f"{share:.0%} of the elements differ, by up to {np.abs(a - b).max() / size:.2g} of the largest"
    parts = [text for text in (_along(wrong, axis) for axis in range(a.ndim)) if text]
    if a.size > 2 and np.std(a) > 0 and np.std(b) > 0:
        evidence["correlation"] = float(np.corrcoef(a.ravel(), b.ravel())[0, 1])
    if np.abs(a - b).max() < 1e-3 * size:
        parts.append("so little that a constant may differ: an eps, a biased variance, an approximation")
    return "; ".join([words, *parts]), evidence


def _along(wrong: np.ndarray, axis: int) -> str:
    """Which slices along an axis are right."""
    n = wrong.shape[axis]
    right = [i for i in range(n) if not np.take(wrong, i, axis).any()]
    if n < 2 or not right or len(right) == n:
        return ""
    if right == list(range(len(right))):
        return f"right up to index {right[-1]} of axis {axis}, wrong from {right[-1] + 1} on"
    if right == list(range(1, n - 1)):
        return f"only the border of axis {axis} is wrong: the padding"
    return f"along axis {axis}, right at {right[:6]}"
