"""The front end asks an application for the versions that package.json promises, no newer ones.

Without that, the builder writes the versions of its own JupyterLab into the extension, and the
browser's console has a warning for each package in an older one.
"""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_each_shared_package_is_asked_for_as_it_is_promised() -> None:
    package = json.loads((ROOT / "package.json").read_text())
    shared = package["jupyterlab"]["sharedPackages"]
    promised = {
        name: {"requiredVersion": versions}
        for name, versions in package["dependencies"].items()
        if shared.get(name) is not False
    }
    assert {name: shared.get(name) for name in promised} == promised
