"""Packages that only some data sets need, imported when they are."""

from __future__ import annotations

import importlib
from typing import Any


def require(module: str, purpose: str) -> Any:
    """Imports a module. Raises ImportError that says what it is needed for, and how to install it."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise ImportError(f"{purpose} needs the package {package}: pip install 'chainrule[train]'") from error
