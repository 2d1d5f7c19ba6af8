"""The recipe of the conda package, read by rattler-build and compared with pyproject.toml."""

from __future__ import annotations

import json
import re
import sys
from importlib import import_module
from pathlib import Path

import rattler_build

# It is in the standard library from 3.11 on; hatchling brings the other before that.
tomllib = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
ROOT = Path(__file__).resolve().parent.parent


def test_recipe_is_valid_and_asks_for_what_the_wheel_asks_for() -> None:
    recipe = rattler_build.Stage0Recipe.from_file(str(ROOT / "recipe" / "recipe.yaml"))
    [variant] = recipe.render()
    found = variant.recipe.to_dict()
    package = json.loads((ROOT / "package.json").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert found["package"] == {"name": "jupyter-memguard", "version": package["version"]}
    assert found["about"]["license"] == project["project"]["license"]
    assert found["about"]["summary"] == package["description"]

    def plain(wanted: list[str]) -> set[str]:
        return {re.sub(r"[\s_]", "", name.split(";")[0]).replace("-", "") for name in wanted}

    lab = project["project"]["optional-dependencies"]["lab"]
    needs = found["requirements"]
    assert plain(needs["run"]) == plain(lab) | {"python>=3.10"}
    assert plain(project["build-system"]["requires"]) <= plain(needs["host"])
    least = package["dependencies"]["@jupyterlab/application"].removeprefix("^")
    assert needs["run_constraints"] == [f"jupyterlab >={least},<5"]
    [entry] = found["build"]["python"]["entry_points"]
    assert dict([entry.split(" = ")]) == project["project"]["scripts"]
