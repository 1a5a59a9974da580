"""torch's tensors as arrays and back, where torch is in use anyway: nothing here imports it.

Whoever hands in a tensor has loaded torch, so it is found among the loaded modules.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from .objects import children_of, is_leaf


def loaded_torch() -> Any:
    """The torch module if it has been imported by somebody, else None."""
    torch = sys.modules.get("torch")
    return torch if hasattr(torch, "from_numpy") else None


def is_tensor(value: Any) -> bool:
    return _is_torchs(type(value), "Tensor")


def is_module(value: Any) -> bool:
    """Whether it is a torch.nn.Module."""
    return _is_torchs(type(value), "Module")


def _is_torchs(kind: type, name: str) -> bool:
    return any(k.__name__ == name and k.__module__.partition(".")[0] == "torch" for k in kind.__mro__)


def to_tensors(value: Any) -> Any:
    """The same structure with every array as a tensor on the same memory (float64 and integers)."""
    torch = loaded_torch()
    if isinstance(value, np.ndarray):
        if not value.flags.writeable or any(s < 0 for s in value.strides) or not value.dtype.isnative:
            value = value.copy()
        if value.dtype.kind in "iu" and value.dtype != np.int64:
            value = value.astype(np.int64)
        return torch.from_numpy(value)
    if isinstance(value, (np.floating, np.integer)):
        return value.item()
    return _same_structure(value, to_tensors)


def to_arrays(value: Any) -> Any:
    """The same structure with every tensor as an array; floating ones as float64."""
    if is_tensor(value):
        array: np.ndarray = value.detach().cpu().resolve_conj().resolve_neg().numpy()
        return array.astype(np.float64) if array.dtype.kind == "f" and array.dtype != np.float64 else array
    return _same_structure(value, to_arrays)


def _same_structure(value: Any, change: Any) -> Any:
    if isinstance(value, dict):
        return {key: change(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(change, value))
    if isinstance(value, (list, tuple)):
        return [change(v) for v in value] if isinstance(value, list) else tuple(change(v) for v in value)
    return value


@contextlib.contextmanager
def in_float64(seed: int | None = None, *, grad: bool = False) -> Iterator[Any]:
    """torch inside of the block makes float64 tensors and draws from a seed; both are put back."""
    torch = loaded_torch()
    dtype = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with torch.random.fork_rng(devices=[]), torch.set_grad_enabled(grad):
            if seed is not None:
                torch.manual_seed(seed)
            yield torch
    finally:
        torch.set_default_dtype(dtype)


def refuse_tensors(subject: Any, inputs: tuple[Any, ...]) -> None:
    """Raises TypeError, saying what to do, where tensors are handed in instead of arrays."""
    if loaded_torch() is None:
        return
    if is_module(subject):
        raise TypeError(
            f"{type(subject).__name__} is a torch.nn.Module, whose backward torch derives itself: hand "
            "in your "
            "own forward and backward, and the module as reference: chainrule.check(mine, x, like=module)"
        )
    for i, value in enumerate(inputs):
        if is_tensor(value):
            raise TypeError(
                f"input {i} is a torch tensor, and the doctor works on NumPy arrays: hand in "
                "x.detach().numpy() (a torch.autograd.Function takes tensors: hand in the class itself)"
            )
    where = _tensor_inside(subject)
    if where is not None:
        raise TypeError(
            f"{type(subject).__name__}.{where} is a torch tensor, and the doctor moves NumPy arrays: "
            "keep weights "
            "as arrays (w.detach().numpy()), or write the layer as a torch.autograd.Function and hand "
            "in the class"
        )


def _tensor_inside(root: Any, depth: int = 4) -> str | None:
    """The path of the first tensor that an object holds."""
    seen = {id(root)}
    level = [("", root)]
    for _ in range(depth):
        below: list[tuple[str, Any]] = []
        for path, value in level:
            for name, child in children_of(value):
                way = f"{path}.{name}" if path else name
                if is_tensor(child):
                    return way
                if id(child) not in seen and not is_leaf(child) and not is_module(child):
                    seen.add(id(child))
                    below.append((way, child))
        level = below
    return None
