"""What a lab is: a question, an experiment, a picture, and an answer made of what was measured."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Generic, TypeVar

Options = TypeVar("Options")
Findings = TypeVar("Findings")


class Watch:
    """Is told how far an experiment has come. This one is silent; the command line has one that shows it."""

    def begin(self, total: int) -> None:
        """The experiment has `total` pieces of work."""

    def advance(self, doing: str) -> None:
        """One piece of work is done; it belonged to `doing`."""


@dataclass(frozen=True)
class Lab(Generic[Options, Findings]):
    """The three functions are apart, so that each can be used (and tested) without the others."""

    question: str
    options: type[Options]  # a frozen dataclass; each field is a `switch`
    experiment: Callable[[Options, int, Watch], Findings]  # (options, seed, watch)
    picture: Callable[[Findings, Path], None]
    answer: Callable[[Findings], str]  # Markdown; every claim in it follows from the findings
    full: tuple[str, ...] = ()  # settings ("steps=5000") of the long experiment, if there is one: --full


def switch(default: Any, help: str) -> Any:
    """A field of a lab's options: its default says what type it has, and `help` what it does."""
    return field(default=default, metadata={"help": help})


def require_positive(options: Any, *names: str) -> None:
    """Raises ValueError unless each of these switches is a finite number more than 0."""
    for name in names:
        if not 0 < getattr(options, name) < math.inf:
            raise ValueError(f"{name} must be more than 0, got {getattr(options, name)}")


def parse_options(options: type[Options], settings: Iterable[str]) -> Options:
    """["depth=3", "small=0.1"] as an instance of `options`. Raises ValueError that says what can be set."""
    known = {f.name: f for f in fields(options)}  # type: ignore[arg-type]
    given: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        name = name.strip().replace("-", "_")
        if not equals or name not in known:
            raise ValueError(
                f"--set {setting} sets nothing: write NAME=VALUE with one of these\n{describe(options)}"
            )
        kind: Callable[[str], Any] = type(known[name].default)
        try:
            given[name] = kind(text.strip())
        except ValueError:
            raise ValueError(f"--set {setting}: {name} is {_KINDS[kind]}, not {text.strip()!r}") from None
    return options(**given)


def describe(options: type[Any]) -> str:
    """One line per switch: its name, its default, and what it does."""
    rows = [(f"{f.name.replace('_', '-')}={f.default}", f.metadata["help"]) for f in fields(options)]
    width = max(len(setting) for setting, _ in rows)
    return "\n".join(f"  {setting:<{width}}   {help}" for setting, help in rows)


_KINDS: dict[Any, str] = {int: "a whole number", float: "a number", str: "a word"}
