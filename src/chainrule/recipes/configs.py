"""What all configs have to go through: being made, being read again, and values that make no sense."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

from chainrule.training import Run

Config = TypeVar("Config")


def lasting(data: str, is_own: Callable[[Path], bool] = Path.is_file) -> str:
    """A path of the user's own (is_own says whether it is one) becomes absolute, so that the run finds it
    again from any other directory; names of data sets stay as they are.
    """
    path = Path(data)
    return str(path.resolve()) if is_own(path) else data


def new_config(
    kind: Callable[..., Config], data: str, defaults: Mapping[str, Any], options: Mapping[str, Any]
) -> Config:
    """A config of this kind: its own defaults, over them these, over both the options that are not None."""
    given = {name: value for name, value in options.items() if value is not None}
    return kind(**{"data": data, **defaults, **given})


def read_config(run: Run, kind: type[Config]) -> Config:
    """The config that a run was started with. Raises ValueError if the file holds something else."""
    try:
        return kind(**run.config)
    except TypeError as error:
        raise ValueError(f"{run.path / 'config.json'} is no config of this recipe: {error}") from None


def check_counts(config: Any, *names: str) -> None:
    """Raises ValueError if one of these is below 1."""
    for name in names:
        if getattr(config, name) < 1:
            raise ValueError(f"{name} must be at least 1, got {getattr(config, name)}")


def check_positive(config: Any, *names: str) -> None:
    """Raises ValueError unless these are finite and above 0."""
    for name in names:
        if not 0 < getattr(config, name) < math.inf:
            raise ValueError(f"{name} must be a number > 0, got {getattr(config, name)}")


def check_not_negative(config: Any, *names: str) -> None:
    """Raises ValueError unless these are finite and at least 0; None is left alone."""
    for name in names:
        value = getattr(config, name)
        if value is not None and not 0 <= value < math.inf:
            raise ValueError(f"{name} must be a number >= 0, got {value}")


def check_shares(config: Any, *names: str) -> None:
    """Raises ValueError unless these are from 0 to below 1."""
    for name in names:
        if not 0 <= getattr(config, name) < 1:
            raise ValueError(f"{name} must be a share from 0 to below 1, got {getattr(config, name)}")


def check_choice(config: Any, name: str, choices: Collection[str]) -> None:
    """Raises ValueError unless this is one of the choices."""
    if getattr(config, name) not in choices:
        raise ValueError(f"no {name} is called {getattr(config, name)!r}: choose one of {', '.join(choices)}")


def check_heads(config: Any) -> None:
    """Raises ValueError unless d_model can be dealt out to the heads."""
    if config.d_model % config.heads:
        raise ValueError(
            f"d_model {config.d_model} cannot be dealt out to {config.heads} heads: choose a number of heads "
            f"that divides it, or a multiple of {config.heads} for d_model"
        )
