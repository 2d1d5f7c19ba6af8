"""The built packages: what is in them, and the wheel beside JupyterLab where there is no Node."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from base64 import urlsafe_b64encode
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
MOST_BYTES = 435_000
LAB = "share/jupyter/labextensions/jupyter-memguard/"

# The first build takes half a minute of a processor, and a loaded machine has less than one.
pytestmark = pytest.mark.timeout(900)


def without_node(programs: Path) -> dict[str, str]:
    """Variables with only the environment's own programs and the system's shell on the path."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    return {**kept, "PATH": str(programs)}


def ask(programs: Path, *command: str) -> str:
    """What a Jupyter command says, on either stream, without its colours."""
    done = subprocess.run(
        [programs / "jupyter", *command],
        capture_output=True,
        text=True,
        check=True,
        env=without_node(programs),
    )
    return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)


def contents(wheel: Path) -> set[str]:
    """The wheel's files, without versions and without the hashes in names."""
    found = set()
    for name in zipfile.ZipFile(wheel).namelist():
        short = re.sub(r"^jupyter_memguard-[^/]+\.(data/data|dist-info)/", r"\1/", name)
        found.add(re.sub(r"\.[0-9a-f]{16}\.js$", ".js", short))
    return found


def packed(sdist: Path) -> dict[str, str]:
    """The package's own sources, as the sdist has them, without tests."""
    with tarfile.open(sdist) as archive:
        found = {}
        for member in archive:
            name = member.name.split("/", 1)[1]
            if name.startswith("jupyter_memguard/") and not re.search(
                "/(tests|labextension)/", name
            ):
                data = archive.extractfile(member)
                assert data is not None
                found[name] = data.read().decode()
        return found


def test_wheel_holds_the_package_the_front_end_and_nothing_else(wheel: Path, sdist: Path) -> None:
    package = set(packed(sdist))
    made = {"jupyter_memguard/_version.py", "jupyter_memguard/kernel/digest.txt"}
    about = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
    installed = {
        "etc/jupyter/jupyter_server_config.d/jupyter_memguard.json",
        f"{LAB}install.json",
        f"{LAB}package.json",
        f"{LAB}schemas/jupyter-memguard/package.json.orig",
        f"{LAB}schemas/jupyter-memguard/plugin.json",
        f"{LAB}static/third-party-licenses.json",
    }
    found = contents(wheel)
    scripts = {name for name in found if name.startswith(f"data/data/{LAB}static/")}
    scripts = {name for name in scripts if name.endswith(".js")}
    assert found - scripts == (
        package
        | made
        | {f"dist-info/{name}" for name in about}
        | {f"data/data/{name}" for name in installed}
    )
    # The parts of the page that have a name; the builder numbers the others.
    named = {Path(name).stem for name in scripts if not Path(name).stem.isdigit()}
    assert named == {
        *("remoteEntry", "style", "documents", "kernel-core", "kernel-engine"),
        *("chart", "diagnostics", "kernels", "marks", "newCell", "releases", "runs", "warnings"),
    }


def test_wheel_is_small_and_runs_everywhere(wheel: Path) -> None:
    assert wheel.name.endswith("-py3-none-any.whl")
    assert wheel.stat().st_size < MOST_BYTES
    with zipfile.ZipFile(wheel) as archive:
        [about] = [name for name in archive.namelist() if name.endswith(".dist-info/WHEEL")]
        assert "Root-Is-Purelib: true" in archive.read(about).decode()


def test_wheel_carries_the_code_line_by_line_and_the_apis_whole(wheel: Path, sdist: Path) -> None:
    ours = {name: text for name, text in packed(sdist).items() if name.endswith(".py")}
    api = "jupyter_memguard/kernel/__init__.py"
    with zipfile.ZipFile(wheel) as archive:
        theirs = {name: archive.read(name).decode() for name in ours}
    assert theirs[api] == ours[api], "people read its docstrings"
    for name, text in ours.items():
        assert theirs[name].count("\n") == text.count("\n"), name
    core = "jupyter_memguard/kernel/session.py"
    assert not re.search(r"^\s*#", theirs[core], re.MULTILINE)


def test_wheel_carries_of_package_json_what_jupyterlab_reads(wheel: Path) -> None:
    ours = json.loads((ROOT / "package.json").read_text())
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if "/package.json" in name]
        assert len(names) == 2
        for theirs in (json.loads(archive.read(name)) for name in names):
            left_out = {name for name in ours if name not in theirs}
            assert left_out == {
                "devDependencies",
                "prettier",
                "resolutions",
                "scripts",
                "stylelint",
            }
            theirs["jupyterlab"].pop("_build", None)
            assert theirs == {name: ours[name] for name in theirs}


def test_wheel_lists_its_files_as_they_are(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        [record] = [name for name in archive.namelist() if name.endswith(".dist-info/RECORD")]
        listed = {}
        for line in archive.read(record).decode().splitlines():
            name, digest, size = line.split(",")
            listed[name] = (digest, size)
        assert listed.pop(record) == ("", "")
        found = {}
        for name in set(archive.namelist()) - {record}:
            data = archive.read(name)
            digest = urlsafe_b64encode(sha256(data).digest()).decode().rstrip("=")
            found[name] = (f"sha256={digest}", str(len(data)))
    assert listed == found


def test_wheel_carries_a_production_build_of_the_front_end(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        scripts = {
            name: archive.read(name).decode()
            for name in archive.namelist()
            if "labextensions/jupyter-memguard/static/" in name and name.endswith(".js")
        }
        others = [name for name in archive.namelist() if name.endswith(".map")]
    assert len(scripts) > 5, "the parts that are loaded later are files of their own"
    assert not others, "a development build has source maps"
    for name, text in scripts.items():
        assert not re.search(r"^//# sourceMappingURL=", text, re.MULTILINE), name
        assert "eval(" not in text, name
        # Minified code has a line or two; the style sheets within it keep theirs.
        assert re.sub(r"`[^`]*`", "", text).count("\n") < 10, f"{name} is not minified"


def test_wheel_for_a_kernel_alone_asks_for_no_other_package(wheel: Path) -> None:
    lines = metadata(wheel)
    wanted = [line for line in lines if line.startswith("Requires-Dist: ")]
    assert wanted
    assert [line for line in wanted if "extra ==" not in line] == []
    assert "Requires-Python: >=3.8" in lines
    with zipfile.ZipFile(wheel) as archive:
        [commands] = [name for name in archive.namelist() if name.endswith("/entry_points.txt")]
        assert (
            "jupyter-memguard = jupyter_memguard.always_on:main" in archive.read(commands).decode()
        )


def metadata(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        [about] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return archive.read(about).decode().splitlines()


def test_metadata_is_complete(wheel: Path) -> None:
    lines = metadata(wheel)
    fields = {line.split(": ", 1)[0] for line in lines[: lines.index("")]}
    assert {"Author", "Description-Content-Type", "Keywords", "License-Expression"} <= fields
    links = {line.split(", ")[0] for line in lines if line.startswith("Project-URL: ")}
    names = ("Homepage", "Documentation", "Changelog", "Issues", "Source")
    assert links == {f"Project-URL: {name}" for name in names}
    package = json.loads((ROOT / "package.json").read_text())
    assert f"Summary: {package['description']}" in lines
    assert f"Version: {package['version']}" in lines


def test_the_description_leads_into_the_repository(wheel: Path) -> None:
    """PyPI shows README, and has none of the files beside it."""
    lines = metadata(wheel)
    assert "Description-Content-Type: text/markdown" in lines
    version = json.loads((ROOT / "package.json").read_text())["version"]
    source = "https://github.com/jupyter-memguard/jupyter-memguard"
    assert f"Project-URL: Source, {source}" in lines
    readme = (ROOT / "README.md").read_text().splitlines()
    description = "\n".join(lines[lines.index(readme[0]) :])
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]*)\)", description)
    pages = re.findall(r"(?<!!)\[[^\]]*\]\(([^)]*)\)", description)
    assert pictures == [f"{source}/raw/v{version}/docs/images/freeing.webp"]
    assert f"{source}/blob/v{version}/docs/protocol.md#kernels-that-answer-themselves" in pages
    for target in [*pictures, *pages]:
        assert target.startswith("https://"), target
        ours = re.match(rf"{source}/(?:raw|blob)/v{version}/([^#]+)", target)
        assert ours is None or (ROOT / ours[1]).is_file(), target
    # Nothing else is changed.
    back = re.sub(rf"{source}/(?:raw|blob)/v{re.escape(version)}/", "", description)
    assert back.splitlines() == readme


def test_a_python_is_claimed_if_and_only_if_it_was_tried(wheel: Path) -> None:
    claimed = re.findall(r"^Classifier: .* :: (3\.\d+)$", "\n".join(metadata(wheel)), re.MULTILINE)
    found = json.loads((ROOT / "docs" / "compatibility.json").read_text())
    tried = [re.match(r"Python (3\.\d+)", row.get("versions", "")) for row in found.values()]
    assert set(claimed) == {version[1] for version in tried if version}


def test_both_packages_have_the_same_version(wheel: Path, sdist: Path) -> None:
    version = json.loads((ROOT / "package.json").read_text())["version"]
    with zipfile.ZipFile(wheel) as archive:
        written = archive.read("jupyter_memguard/_version.py").decode()
        [front] = [name for name in archive.namelist() if name.endswith(f"{LAB}package.json")]
        assert json.loads(archive.read(front))["version"] == version
    assert f'"{version}"' in written.replace("'", '"')
    assert sdist.name == f"jupyter_memguard-{version}.tar.gz"
    recipe = (ROOT / "recipe" / "recipe.yaml").read_text()
    assert f'version: "{version}"' in recipe
    assert json.loads((ROOT / "ui-tests" / "package.json").read_text())["version"] == version


def test_the_same_sources_give_the_same_bytes(dist: Path, tmp_path: Path, builder: Any) -> None:
    """Elsewhere, later, in another time zone, with other permissions."""
    before = os.umask(0o077)
    try:
        builder(tmp_path / "in" / "another" / "folder", tmp_path / "dist", TZ="Asia/Tokyo")
    finally:
        os.umask(before)
    first = {path.name: path.read_bytes() for path in dist.iterdir()}
    second = {path.name: path.read_bytes() for path in (tmp_path / "dist").iterdir()}
    assert set(first) == set(second)
    assert [name for name in first if first[name] != second[name]] == []


def test_sdist_builds_and_has_no_pictures_and_no_tests_of_the_page(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    assert {"package.json", "src/index.ts", "yarn.lock", "webpack.config.js"} <= names
    assert "jupyter_memguard/labextension/package.json" in names, "else pip would need Node.js"
    assert not [name for name in names if name.startswith(("ui-tests/", "docs/images/"))]


def test_the_checkers_of_packages_find_nothing(dist: Path, wheel: Path) -> None:
    checkers: list[list[str | Path]] = [
        ["-m", "twine", "check", "--strict", *sorted(dist.iterdir())],
        ["-m", "check_wheel_contents", wheel],
    ]
    for words in checkers:
        done = subprocess.run(
            [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_npm_would_publish_the_sources_the_styles_and_the_settings() -> None:
    done = subprocess.run(
        ["npm", "pack", "--dry-run", "--json", "--ignore-scripts"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "npm warn" not in done.stderr.lower(), done.stderr
    [package] = json.loads(done.stdout)
    names = {file["path"] for file in package["files"]}
    assert {
        "package.json",
        "README.md",
        "LICENSE",
        "style/index.css",
        "schema/plugin.json",
    } <= names
    assert {"lib/index.js", "lib/index.d.ts", "lib/tokens.d.ts"} <= names
    assert not [name for name in names if "__tests__" in name]
    outside = [name for name in names if not name.startswith(("lib/", "src/", "style/", "schema/"))]
    assert sorted(outside) == ["LICENSE", "README.md", "package.json"]


@pytest.mark.parametrize("name", ["python3.8-ipython7", "papermill", "ipyparallel"])
def test_a_part_of_the_matrix(
    wheel: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The article's experiment by scripts/matrix.py, where that takes seconds."""
    monkeypatch.syspath_prepend(ROOT / "scripts")
    matrix = import_module("matrix")
    found = matrix.look(name, wheel, tmp_path)
    if "not_tried" in found:
        pytest.skip(found["not_tried"])
    assert found["ways"]
    for way, row in found["ways"].items():
        assert row["plain"] < 20, way
        assert matrix.is_right(row, "by_hand"), (way, row)
        assert matrix.is_right(row, "always"), (way, row)


def test_both_extensions_are_enabled_and_ok_without_node(installed: Path) -> None:
    assert shutil.which("node", path=without_node(installed)["PATH"]) is None
    assert re.search(
        r"jupyter-memguard v[\d.]+\S* .*enabled.*OK", ask(installed, "labextension", "list")
    )
    server = ask(installed, "server", "extension", "list")
    assert re.search(r"jupyter_memguard .*enabled", server)
    assert re.search(r"jupyter_memguard \S+ .*OK", server)
