"""The linter of the packages' imports finds what it is there for."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "scripts" / "import_order.py"


def linter() -> Any:
    spec = importlib.util.spec_from_file_location("import_order", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GOOD = {
    "__init__.py": "from . import session\nfrom .protocol import VERSION\n",
    "protocol.py": "import sys\n",
    "session.py": "from . import protocol\nfrom .reports.rows import row\n",
    "retention/__init__.py": "",
    "retention/sizes.py": "from ..protocol import VERSION\n",
    "sizing/__init__.py": "from .walk import Walk\n",
    "sizing/walk.py": "from ..retention.sizes import Size\n",
    "reports/__init__.py": "",
    "reports/rows.py": "from ..sizing import measure\n",
    "tests/test_sizing.py": "from jupyter_memguard.kernel.sizing import walk\n",
}
LATER = "def ask():\n    from {} import {}\n"
TYPES = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from {} import {}\n"

BAD = {
    "a circle": ("sizing/blocks.py", "from .walk import Walk", "circle"),
    "a circle for types alone": ("sizing/blocks.py", TYPES.format(".walk", "Walk"), "circle"),
    "a circle in a function": ("sizing/blocks.py", LATER.format(".walk", "Walk"), "circle"),
    "a floor above": ("sizing/blocks.py", "from ..reports.rows import row", "a floor above"),
    "above for types": ("retention/sizes.py", TYPES.format("..sizing", "measure"), "a floor above"),
    "above in a function": ("sizing/walk.py", LATER.format("..session", "ask"), "a floor above"),
    "above by name": ("sizing/walk.py", "from .. import stages\nstages.module('session')", "above"),
    "inside the engine": ("reports/rows.py", "from ..sizing.walk import Walk", "sizing itself"),
    "not relative": ("sizing/walk.py", "import jupyter_memguard.kernel.session", "relative"),
    "not relative at all": ("sizing/walk.py", "from jupyter_memguard import kernel", "relative"),
}


def made(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return root


def test_a_package_in_order_is_in_order(tmp_path: Path) -> None:
    assert linter().problems(made(tmp_path, GOOD)) == []


@pytest.mark.parametrize("what", BAD)
def test_what_is_wrong_is_said(what: str, tmp_path: Path) -> None:
    name, text, said = BAD[what]
    extra = {"sizing/walk.py": "from .blocks import Block\n"} if "circle" in what else {}
    found = linter().problems(made(tmp_path, {**GOOD, **extra, name: text}))
    assert any(said in problem for problem in found)


def test_all_of_the_kernel_package_is_read() -> None:
    modules = linter().modules_of(linter().KERNEL)
    assert {"", "protocol", "sizing", "sizing.libraries.numpy", "retention.holders"} <= set(modules)


def test_the_server_package_is_read_without_the_kernel_package_in_it() -> None:
    modules = linter().modules_of(linter().SERVER)
    assert {"", "extension", "routes", "kernel_memory"} <= set(modules)
    assert not [name for name in modules if name.startswith(("kernel.", "tests"))]


def test_a_circle_in_the_server_package_is_said(tmp_path: Path) -> None:
    files = {"extension.py": "from .routes import add\n", "routes.py": "from . import extension\n"}
    (found,) = linter().problems(made(tmp_path, files))
    assert "circle" in found
