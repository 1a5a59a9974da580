"""Optional packages: imported when needed, missed with a clear word."""

import subprocess
import sys

import pytest

from chainrule.data.extras import require


def test_a_module_that_is_there_is_returned() -> None:
    import json

    assert require("json", "reading") is json


def test_a_missing_package_says_what_for_and_how_to_install_it() -> None:
    with pytest.raises(
        ImportError, match=r"reading stars .* no_such_package: pip install 'chainrule\[train\]'"
    ):
        require("no_such_package.sub", "reading stars")


def test_importing_chainrule_data_imports_none_of_them() -> None:
    code = "import sys, chainrule.data; print({'sklearn', 'PIL', 'pooch', 'rich'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
