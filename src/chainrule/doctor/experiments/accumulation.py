"""Gradients that add up over calls, beside others that do not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import numpy as np

from ..case import Case, close, source_place
from ..probe import Arrays
from ..report import Finding
from ..source.read import source_tree
from .not_reset import not_reset


def accumulation(case: Case) -> Iterator[Finding]:
    """Forward and backward again, on the same values: which gradients have added up?"""
    assert case.run is not None
    values: Arrays = {n: case.probe.value(n) for n in case.probe.names if case.probe.is_parameter(n)}
    second = case.again(rounds=2, changes=values)
    third = case.again(rounds=3, changes=values)
    if second is None or third is None:
        return
    adding, steady = [], []
    for name in case.probe.names:
        first = case.run.gradients.get(name)
        if not isinstance(first, np.ndarray) or np.abs(first).max(initial=0) <= 1e-9 * case.scale:
            continue
        if not isinstance(second.get(name), np.ndarray) or np.shape(second[name]) != first.shape:
            continue
        if close(second[name], 2 * first, tolerance=1e-6) and close(third[name], 3 * first, tolerance=1e-6):
            adding.append(name)
        elif close(second[name], first, tolerance=1e-6):
            steady.append(name)
    inputs = [n for n in adding if not case.probe.is_parameter(n)]
    mixed = [n for n in adding if case.probe.is_parameter(n)]
    same_layer = [n for n in steady if case.probe.is_parameter(n)]
    bad = inputs or (mixed if same_layer else [])
    if not bad and len(mixed) > 1:
        yield from not_reset(case, values, mixed)
    elif bad and not case.probe.subject.is_pair:
        yield case.finding(
            "accumulates-across-calls",
            bad,
            verified=True,
            place=_added_to(case, bad[0]),
            evidence={"second call / first": 2.0, "steady": steady},
            detail=f"{', '.join(bad)} doubles at the second call and triples at the third; "
            f"{', '.join(steady) or 'nothing else'} does not",
        )
    elif bad:
        yield case.finding(
            "accumulates-across-calls",
            bad,
            verified=True,
            evidence={"second call / first": 2.0},
            detail=f"{', '.join(bad)} doubles at the second call",
        )


def _added_to(case: Case, name: str) -> tuple[str, int] | None:
    """The statement of backward that adds to a gradient: g += ..., g = g + ..., np.add.at(g, ...)."""
    function = case.probe.subject.backward_function
    tree = source_tree(function)
    parameter = next((p for p in case.probe.subject.parameters if p.name == name), None)
    stored = parameter.gradient.name if parameter is not None and parameter.gradient is not None else name
    for node in ast.walk(tree) if tree is not None else ():
        adds = isinstance(node, ast.AugAssign) or (
            isinstance(node, ast.Expr) and ast.unparse(node).startswith(("np.add.at(", "numpy.add.at("))
        )
        text = ast.unparse(node).partition("+=")[0].partition(",")[0]
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            text = ast.unparse(node.targets[0])
            adds = any(ast.unparse(n) == text for n in ast.walk(node.value))
        if adds and isinstance(node, ast.stmt) and re.search(rf"\b{re.escape(stored)}\b", text):
            return source_place(function)[0], node.lineno
    return None
