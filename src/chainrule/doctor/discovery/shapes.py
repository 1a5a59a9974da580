"""Which arrays could be handed to forward: for each argument its choices, the most plausible first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .choices import Choice, Slot, array, generator, numbers, plain
from .dims import Dims
from .facts import Facts
from .templates import templates_for


def input_slot(
    name: str, roles: list[str], facts: Facts, documented: list[tuple[str, ...]], dims: Dims, hints: set[str]
) -> Slot:
    """The choices for one argument of forward."""
    slot = Slot(name)
    scalars = _scalars(name, roles, facts)
    templates = templates_for(name, roles, facts, documented, hints, dims.named)
    whole = facts.ids or (bool(roles) and roles[0] == "ids")
    choices: list[Choice] = []
    for template, cost in templates:
        for shape, more in dims.expand(template, 6 if len(templates) > 12 else 12):
            total = cost + more + _misfit(len(shape), facts)
            choices += _kinds(roles, shape, total, whole, dims)
    if facts.gappy and "labels" in roles:
        choices += [
            array("gappy", c.shape, c.cost - 1.0) for c in choices if c.shape and c.said == str(c.shape)
        ]
    if "bias" in roles:
        choices.append(array("normal", (), -2.0 if "bias is a number" in hints else 2.5))
    for told in dims.shapes:
        choices += [array("normal", told, -2.0), array("normal", (dims.of["B"][0], *told), -1.5)]
    if "adjacency" not in roles and ("image" in hints or any(len(t) >= 3 for t, _ in templates)):
        choices += _square_images(facts, dims, hints)
    if whole or ("words" in hints and not roles) or "ids" in roles:
        choices += _ids(dims, -3.0 if whole else 0.5, "labels" in roles)
    if roles[:1] and roles[0] in ("share", "rate", "eps", "seed", "flag", "mode"):
        choices = [replace(c, cost=c.cost + 5.0) for c in choices]  # a number, rather
    slot.choices = [*scalars, *choices]
    slot.sort(160)
    return slot


def _misfit(rank: int, facts: Facts) -> float:
    """What the code says about the number of axes weighs more than what is usual."""
    cost = 0.0
    if facts.ranks and rank not in facts.ranks:
        cost += 6.0
    if rank < facts.least:
        cost += 6.0
    return cost


def _kinds(roles: list[str], shape: tuple[int, ...], cost: float, whole: bool, dims: Dims) -> list[Choice]:
    """The array of a shape in the kinds that its name allows."""
    classes = dims.of["K"][0]
    found: list[Choice] = []
    if whole:
        cost += 5
    if "adjacency" in roles:
        return [array("adjacency" if len(shape) == 2 and shape[0] == shape[1] else "normal", shape, cost)]
    if "condition" in roles:
        return [array("booleans", shape, cost)]
    if "mask" in roles:
        if len(shape) > 1:
            found.append(array("booleans", shape, cost + 3.0))
        return [*found, *_masks(dims)]
    if "lengths" in roles:
        return [
            *found,
            array("lengths", (dims.of["B"][0],), 0, dims.of["T"][0]),
            array("normal", shape, cost + 5),
        ]
    if "labels" in roles:
        return [*found, *_labels(shape, cost, classes, whole, dims.of["B"][0])]
    found.append(array("normal", shape, cost))
    if "prediction" in roles:
        found += [array("unit", shape, cost + 0.3), array("probabilities", shape, cost - 0.2)]
        found.append(array("columns", shape, cost + 0.4))
    elif "scores" not in roles and len(shape) <= 2:
        found += [array("positive", shape, cost + 4.0)]
    return found


def _ids(dims: Dims, cost: float, are_labels: bool) -> list[Choice]:
    """Whole numbers, to look something up with; labels are one for each sample."""
    batch, time = dims.of["B"][0], dims.of["T"][0]
    shapes = [(batch, time), (batch,), (time,), (time, batch), (1, time)]
    if are_labels:
        shapes = [(batch,), (batch, time), (time,)]
    uppers = (dims.of["K"][0], 2) if are_labels else (dims.of["V"][0], dims.of["K"][0], 2)
    return [
        array("ids", s, cost + 0.5 * i + 0.8 * j, upper)
        for i, s in enumerate(shapes)
        for j, upper in enumerate(uppers)
    ]


def _labels(shape: tuple[int, ...], cost: float, classes: int, whole: bool, batch: int) -> list[Choice]:
    """What a prediction is compared with. Whole numbers only where the code looks something up with them."""
    found = [array("normal", shape, cost + 0.3), array("binary", shape, cost + 0.4)]
    if not whole:
        if len(shape) < 2:
            return [*found, array("labels", shape, cost + 2.0, classes)]
        in_columns = len(shape) == 2 and shape[1] == batch != shape[0]
        return [
            *found,
            array("one_hot columns" if in_columns else "one_hot", shape, cost + 0.2),
            array("labels", (batch,), cost + 2.0, classes),
            array("labels", shape[:2], cost + 2.5, classes),
        ]
    if len(shape) <= 2:
        found += [array("labels", (batch,), cost + 0.1, classes), array("one_hot", shape, cost + 0.2)]
        found += [array("one_hot columns", shape, cost + 0.5), array("labels", shape, cost + 0.6, classes)]
    elif len(shape) == 3:
        found += [array("labels", shape[:2], cost + 0.1, classes), array("one_hot", shape, cost + 0.2)]
    return found


def _masks(dims: Dims) -> list[Choice]:
    batch, time, memory = dims.of["B"][0], dims.of["T"][0], dims.of["S"][0]
    found = []
    for i, kind in enumerate(("keep", "float mask", "drop")):
        shapes = (
            (batch, time),
            (batch, memory),
            (batch, 1, time),
            (batch, 1, 1, time),
            (time, batch),
            (batch, time, 1),
        )
        found += [array(kind, shape, 0.5 * i + 0.3 * j) for j, shape in enumerate(shapes)]
    found += [
        array("causal", s, 0.35 + 0.3 * j)
        for j, s in enumerate(((time, time), (batch, time, time), (1, 1, time, time)))
    ]
    return found


def _square_images(facts: Facts, dims: Dims, hints: set[str]) -> list[Choice]:
    """Images whose side a layer behind them prescribes."""
    found: list[Choice] = []
    sides = list(dict.fromkeys([*dims.square, 28, 32, 8, 7, 9, 10, 5, 12, 16, 6, 11, 14, 4, 13, 24, 64]))
    start = 1.0 if "image" in hints else 9.0
    batch = dims.of["B"][0]
    for i, side in enumerate(sides):
        cost = start + (0.0 if side in dims.square else 1.5) + 0.3 * i
        for j, channels in enumerate(dims.of["C"][:3]):
            for rank, shape in enumerate(
                ((batch, channels, side, side), (batch, side, side, channels), (channels, side, side))
            ):
                found.append(array("normal", shape, cost + j + 0.8 * rank + _misfit(len(shape), facts)))
        for shape in ((side, side), (batch, side, side)):
            found.append(array("normal", shape, cost + 1.5 + _misfit(len(shape), facts)))
    return found


def _scalars(name: str, roles: list[str], facts: Facts) -> list[Choice]:
    """Choices that are no arrays: switches, rates, strides."""
    found: list[Choice] = []
    values: dict[str, tuple[Any, ...]] = {
        "flag": (True,),
        "mode": ("train", True),
        "seed": (0,),
        "rate": (0.01,),
        "eps": (1e-5,),
        "share": (0.3,),
        "scale": (0.7,),
        "penalty": (0.01,),
        "stride": (2, 1, (2, 2), (1, 1)),
        "padding": (1, 0, (1, 1), 2),
        "kernel size": (3, 2, (3, 3), (2, 2)),
        "heads": (2, 4, 1),
    }
    for i, role in enumerate(roles):
        cost = (
            1.0 * i
            - 1.0
            + (4.0 if role == "kernel size" and "size" not in name else 2.5 if role == "scale" else 0.0)
        )
        cost += 3.0 * (len(name) == 1)  # h, k, p, s are arrays as often
        if role == "generator":
            found.append(generator(cost))
        found += numbers(values.get(role, ()), cost, 0.4)
    for i, text in enumerate(dict.fromkeys(facts.strings)):
        found.append(plain(text, -3 + 0.2 * i))
    if not roles:
        found += [plain(2, 5.0), plain(0.5, 5.5), plain(3, 6.0)]
    found += [plain(None, 8.0)]
    return found
