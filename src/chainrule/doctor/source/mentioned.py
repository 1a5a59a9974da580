"""What an edit of backward may be made of: what its own text mentions, and what the object keeps."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..case import Case
from ..naming import TARGETS
from ..objects import stored_attributes
from ..probe import Arrays
from .adjoints import BackwardTrace
from .edits import Pool
from .read import source_tree
from .sites import Site


def mentioned(case: Case) -> Pool:
    """The arrays and numbers that backward's own text mentions, and those of the object."""
    trace = BackwardTrace(case)
    rng = np.random.default_rng([47, 8_191])
    other = {n: rng.normal(size=np.shape(g)) for n, g in case.probe.upstream.items()}
    unpacked = dict(_unpacked_for_nothing(case))
    subject = case.probe.subject
    labels = _other_labels(case) if subject.is_loss else {}
    with trace.running():
        here, there = _met(trace, None), _met(trace, other, labels)
    given = [name for role, name in subject.call.roles if role == "upstream"]
    here.values = {n: v for n, v in unpacked.items() if isinstance(v, np.ndarray) and v.ndim} | here.values
    scalars = {n: None for n, v in unpacked.items() if isinstance(v, (int, float))} | here.scalars
    for number in (*_settings(case), *_numbers(case)):
        scalars.setdefault(number)
    moved = {t for t, sizes in here.sizes.items() if sizes != there.sizes.get(t)}
    if subject.is_loss and not labels:  # then it cannot be told
        moved = set(here.values)
    return Pool(
        list(here.values)[:24],
        list(scalars)[:20],
        given,
        {text: value.shape for text, value in here.values.items()},
        _indexed(list(here.values))[:8],
        gradients=moved,
        later={text: shapes[1:] for text, shapes in here.shapes.items() if len(shapes) > 1},
        activations={t for t, v in here.values.items() if np.all(np.abs(v) <= 1)},
    )


@dataclass
class _Met:
    """What one run of backward mentions, by text: values, their shapes, their size each time, and numbers."""

    values: dict[str, np.ndarray] = field(default_factory=dict)
    shapes: dict[str, list[tuple[int, ...]]] = field(default_factory=dict)
    sizes: dict[str, list[float]] = field(default_factory=dict)
    scalars: dict[str, None] = field(default_factory=dict)


def _other_labels(case: Case) -> Arrays:
    """Of a loss: what depends on the labels, and is not one of them, is a gradient."""
    rng = np.random.default_rng([53, 8_191])
    names = [
        n for n in case.probe.names if TARGETS.match(n.rpartition(".")[2]) and not case.probe.is_parameter(n)
    ]
    return {n: case.probe.value(n) + rng.normal(size=case.probe.value(n).shape) for n in names}


def _met(trace: BackwardTrace, upstream: Arrays | None, changes: Arrays | None = None) -> _Met:
    met = _Met()

    def note(site: Site, execution: int, value: Any) -> Any:
        text = site.text
        used = site.kind == "use" and len(text) < 40 and "(" not in text
        assigned = site.kind == "assign" and bool(re.fullmatch(r"[\w.]+", text))
        if isinstance(value, np.ndarray) and ((used and value.ndim) or assigned):
            met.values.setdefault(text, value.copy())
            shapes = met.shapes.setdefault(text, [])
            shapes += [value.shape] if value.shape not in shapes else []
            met.sizes.setdefault(text, []).append(float(np.vdot(value, value)))
        elif used:
            met.scalars.setdefault(text)
        return value

    trace.observed(note, upstream, changes)
    return met


def _indexed(texts: list[str]) -> list[str]:
    """What is read element by element: self.zs, of self.zs[-l]."""
    found = [re.fullmatch(r"([\w.]+)\[[^\[\]:,]+\]", text) for text in texts]
    return list(dict.fromkeys(m[1] for m in found if m))


def _unpacked_for_nothing(case: Case) -> Iterator[tuple[str, Any]]:
    """What backward unpacks from forward's cache and never reads: it was kept for something."""
    tree = source_tree(case.probe.subject.backward_function)
    cache: Any = case.run.forward.cache if case.run is not None and case.run.forward is not None else None
    nodes = list(ast.walk(tree)) if tree is not None and isinstance(cache, tuple) else []
    read = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    for node in nodes:
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if isinstance(target, ast.Tuple) and len(target.elts) == len(cache):
            for part, value in zip(target.elts, cache, strict=True):
                if isinstance(part, ast.Name) and part.id not in read and part.id != "_":
                    yield part.id, value


def _settings(case: Case) -> list[str]:
    """Numbers that the object keeps (self.heads, self.scale), and what forward computes from them."""
    owner = case.probe.subject.owner
    tree = source_tree(case.probe.subject.forward_function)
    if owner is None or tree is None or not tree.args.args:
        return []
    me = tree.args.args[0].arg
    found = [
        f"{me}.{k}"
        for k, v in stored_attributes(owner).items()
        if type(v) in (int, float) and k.isidentifier()
    ]
    for node in ast.walk(tree):
        text = ast.unparse(node) if isinstance(node, (ast.BinOp, ast.Call)) else ""
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        if text and names <= {me, "np", "math"} and re.search(r"sqrt|\*\* ?-?0?\.5", text) and len(text) < 40:
            found.append(f"({text})")
    return found


def _numbers(case: Case) -> list[str]:
    """Counts that a gradient may have to be divided by."""
    subject = case.probe.subject
    up = next((name for role, name in subject.call.roles if role == "upstream"), None)
    if up is None or up == "*":
        return []
    g = next(iter(case.probe.upstream.values()))
    return [f"{up}.shape[{i}]" for i in range(np.ndim(g))] + ([f"{up}.size"] if np.ndim(g) else [])
