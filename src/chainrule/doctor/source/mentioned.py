"""What an edit of backward may be made of: what its own text mentions, and what the object keeps."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..calling import source_tree
from ..case import Case
from ..objects import stored_attributes
from .adjoints import BackwardTrace
from .edits import Pool
from .sites import Site


def mentioned(case: Case) -> Pool:
    """The arrays and numbers that backward's own text mentions, and those of the object."""
    trace = BackwardTrace(case)
    shapes: dict[str, tuple[int, ...]] = {}
    scalars: dict[str, None] = {}

    def note(site: Site, execution: int, value: Any) -> Any:
        text = site.text
        if site.kind == "use" and len(text) < 40 and "(" not in text:
            if isinstance(value, np.ndarray) and value.ndim:
                shapes.setdefault(text, value.shape)
            else:
                scalars.setdefault(text)
        elif site.kind == "assign" and isinstance(value, np.ndarray) and re.fullmatch(r"[\w.]+", text):
            shapes.setdefault(text, value.shape)
        return value

    for name, value in _unpacked_for_nothing(case):
        if isinstance(value, np.ndarray) and value.ndim:
            shapes[name] = value.shape
        elif isinstance(value, (int, float)):
            scalars[name] = None
    with trace.running():
        trace.observed(note)
    subject = case.probe.subject
    upstream = [name for role, name in subject.call.roles if role == "upstream"]
    for number in (*_settings(case), *_numbers(case)):
        scalars.setdefault(number)
    return Pool(list(shapes)[:24], list(scalars)[:20], upstream, shapes, _indexed(list(shapes))[:8])


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
