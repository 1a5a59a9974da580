"""Compiling, also where nothing can be kept on disk."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("numba", reason="compiled twins need Numba: pip install 'chainrule[train]'")


def test_without_a_folder_to_write_to_it_compiles_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    from numba.core.dispatcher import Dispatcher

    from chainrule.kernels.compiler import compiled

    def refuse(self: Any) -> None:
        raise RuntimeError("cannot cache function: no locator available for file 'there.py'")

    monkeypatch.setattr(Dispatcher, "enable_caching", refuse)

    @compiled()
    def twice(number: float) -> float:
        return 2 * number

    assert twice(3.5) == 7.0
