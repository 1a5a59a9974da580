"""What every stop has: a story, twins that differ in one thing, a training, a verdict, a proof."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..report import Report

Number = float | int | str


@dataclass(frozen=True)
class Training:
    """What a training did: the loss of every step, and the share of right answers on fresh data (0 to 1)."""

    losses: list[float]
    accuracy: float


@dataclass(frozen=True)
class Figures:
    """Numbers of both twins (or of what `heads` names), side by side: a column for each.

    bars: drawn, too, on a logarithmic scale.
    """

    title: str
    names: Sequence[str]
    columns: Sequence[Sequence[Number]]
    bars: bool = False
    heads: tuple[str, str] = ("faulty", "repaired")


@dataclass(frozen=True)
class Symptom:
    """The training of both twins, what else is seen in it, and what one would say of it."""

    faulty: Training
    repaired: Training
    words: str
    figures: tuple[Figures, ...] = ()


@dataclass(frozen=True)
class Proof:
    """The deciding experiment: what is done, what comes out, what follows."""

    words: str
    figures: Figures


@dataclass(frozen=True)
class Variant:
    """The same bug in another form: what is different, the function to show, and the report."""

    words: str
    shown: Any
    examine: Callable[[], Report]


@dataclass(frozen=True)
class Stop:
    """One historical bug.

    shown: the faulty classes or functions, each with its repaired twin. examine(faulty) runs the doctor on
    one of the twins; call is how a user would type that. codes: the names that the doctor may give.
    """

    number: int
    name: str
    title: str
    codes: tuple[str, ...]
    story: str
    task: str
    shown: tuple[tuple[Any, Any], ...]
    train: Callable[[], Symptom]
    call: str
    examine: Callable[[bool], Report]
    prove: Callable[[], Proof]
    repair: str
    variants: tuple[Variant, ...] = field(default=())
