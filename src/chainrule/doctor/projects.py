"""Whose code it is: the user's own modules, and which of them belong together."""

from __future__ import annotations

import sys
import types
from functools import lru_cache
from pathlib import Path
from typing import Any


def is_foreign_module(name: str | None) -> bool:
    """Whether a module is the user's own: not the standard library, not an installed library of ours."""
    if not name:
        return False
    top = name.partition(".")[0]
    return name == "__main__" or not (
        top in sys.stdlib_module_names
        or (
            top in {"numpy", "torch", "scipy", "chainrule", "rich", "pytest", "_pytest"}
            and not name.startswith(("chainrule.doctor.museum", "chainrule.doctor.tour.stops"))
        )
    )


@lru_cache(maxsize=1000)
def project_of(name: str) -> str | None:
    """The folder from which a module was imported, None if it is not the user's own. Modules of one folder,
    or of packages in it, are one project; a library that was installed is one of its own.
    """
    top = name.partition(".")[0]
    file = getattr(sys.modules.get(top), "__file__", None)
    if not is_foreign_module(name) or file is None:
        return None
    path = Path(file)
    folder = path.parent.parent if path.stem == "__init__" else path.parent
    return top if folder.name in ("site-packages", "dist-packages") else str(folder)


def module_variables(value: Any) -> dict[str, Any] | None:
    """The variables of the module in which a user's object, class or function was defined."""
    owner = value if isinstance(value, (type, types.FunctionType)) else type(value)
    name = getattr(owner, "__module__", None)
    if isinstance(value, types.FunctionType):
        return value.__globals__ if is_foreign_module(name) else None
    module = sys.modules.get(name) if isinstance(name, str) else None
    return vars(module) if module is not None and is_foreign_module(name) else None


def is_of(project: str | None, value: Any) -> bool:
    """Whether a module's variable is an object of the same project, or leads to another module of it."""
    owner = value if isinstance(value, (type, types.FunctionType)) else type(value)
    name = getattr(owner, "__module__", None)
    return project is not None and isinstance(name, str) and project_of(name) == project
