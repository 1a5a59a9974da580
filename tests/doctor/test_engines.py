"""Code that differentiates itself: operations leave closures, or nodes, that hand gradients on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from protocol import normal

import chainrule


class Value:
    """An array that remembers how it came about."""

    def __init__(self, data: np.ndarray, back: Callable[[np.ndarray], None] = lambda _: None) -> None:
        self.data, self.grad, self.back = data, np.zeros_like(data), back

    def __mul__(self, other: Value) -> Value:
        def back(g: np.ndarray) -> None:
            self.grad = g * other.data
            other.grad = g * self.data

        return Value(self.data * other.data, back)

    def __add__(self, other: Value) -> Value:
        def back(g: np.ndarray) -> None:
            self.grad += g
            other.grad += g

        return Value(self.data + other.data, back)

    def tanh(self) -> Value:
        y = np.tanh(self.data)

        def back(g: np.ndarray) -> None:
            self.grad += g * (1 - y**2)

        return Value(y, back)


class Gate:
    """x tanh(x w) + x, on a tape."""

    def forward(self, x: np.ndarray, w: np.ndarray) -> np.ndarray:
        self.x, self.w = Value(x), Value(w)
        z = self.x * self.w
        a = z.tanh()
        p = a * self.x
        y = p + self.x
        self.tape = [z, a, p, y]
        return y.data

    def backward(self, dy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.tape[-1].grad = dy
        for value in reversed(self.tape):
            value.back(value.grad)
        return self.x.grad, self.w.grad


class Node:
    grad: Any = 0.0

    def __init__(self, value: np.ndarray, *parents: Node) -> None:
        self.value, self.parents, self.grad = value, parents, np.zeros_like(value)

    def push(self) -> None: ...


class Product(Node):
    def push(self) -> None:
        a, b = self.parents
        a.grad = self.grad * b.value
        b.grad = self.grad * a.value


class Squared:
    def forward(self, x: np.ndarray, w: np.ndarray) -> np.ndarray:
        self.leaves = Node(x), Node(w)
        first = Product(x * w, *self.leaves)
        second = Product(first.value * x, first, self.leaves[0])
        self.nodes = [first, second]
        return second.value

    def backward(self, dy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.nodes[-1].grad = dy
        for node in reversed(self.nodes):
            node.push()
        return self.leaves[0].grad, self.leaves[1].grad


@pytest.mark.parametrize(
    ("layer", "wrong"),
    [(Gate(), "self.grad = g * other.data"), (Squared(), "a.grad = self.grad * b.value")],
    ids=["closures", "nodes"],
)
def test_an_operation_that_overwrites_is_found_in_the_engine(layer: Any, wrong: str) -> None:
    report = chainrule.check(layer, normal(3, 4), normal(3, 4, seed=1))
    assert [f.code for f in report.findings] == ["branch-overwritten"], report
    finding = report.findings[0]
    assert finding.verified
    assert Path(finding.file).read_text(encoding="utf-8").splitlines()[finding.line - 1].strip() == wrong


class Adds(Node):
    def push(self) -> None:
        for parent in self.parents:
            parent.grad = parent.grad + self.grad


class Twice(Squared):
    def forward(self, x: np.ndarray, w: np.ndarray) -> np.ndarray:
        self.leaves = Node(x), Node(w)
        first = Adds(x + w, *self.leaves)
        self.nodes = [first, Adds(first.value + x, first, self.leaves[0])]
        return self.nodes[-1].value


def test_an_engine_that_adds_is_left_alone() -> None:
    assert chainrule.check(Twice(), normal(3, 4), normal(3, 4, seed=1)).ok
