"""Which tests `scripts/test.py --changed` runs."""

from __future__ import annotations

import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
KERNEL = "jupyter_memguard/kernel"


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    return import_module("changed")


@pytest.mark.parametrize(
    ("path", "tests"),
    [
        (f"{KERNEL}/guard/guard.py", [f"{KERNEL}/tests/guard"]),
        (f"{KERNEL}/sizing/account.py", [f"{KERNEL}/tests/sizing"]),
        (f"{KERNEL}/tests/guard/test_modes.py", [f"{KERNEL}/tests/guard/test_modes.py"]),
        (f"{KERNEL}/tests/guard/test_gone.py", []),
        (f"{KERNEL}/tests/support.py", [f"{KERNEL}/tests"]),
        ("conftest.py", ["jupyter_memguard", "tests"]),
        ("src/panel/view.tsx", []),
    ],
)
def test_the_folder_of_tests_mirrors_the_sources(changed: Any, path: str, tests: list[str]) -> None:
    assert changed.python_tests_of([path]) == tests


def test_a_file_of_no_folder_has_the_tests_of_no_folder(changed: Any) -> None:
    tests = changed.python_tests_of([f"{KERNEL}/session.py"])
    assert f"{KERNEL}/tests/test_channel.py" in tests
    assert all(Path(test).parent == Path(KERNEL, "tests") for test in tests)
    assert "jupyter_memguard/tests/test_access.py" in changed.python_tests_of(
        ["jupyter_memguard/routes.py"]
    )


def test_what_runs_anyway_is_not_named_twice(changed: Any) -> None:
    paths = [f"{KERNEL}/tests/guard/test_modes.py", f"{KERNEL}/guard/guard.py"]
    assert changed.python_tests_of(paths) == [f"{KERNEL}/tests/guard"]


def test_the_wheel_is_built_only_when_the_packaging_changed(changed: Any) -> None:
    for name in ("install.json", "scripts/wheel_hook.py"):
        assert "tests/test_wheel.py" in changed.python_tests_of([name])
    assert "tests/test_wheel.py" not in changed.python_tests_of(["README.md"])
    assert "tests/test_documents_name_tests.py" in changed.python_tests_of(["README.md"])


def test_every_python_source_has_tests(changed: Any) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "jupyter_memguard/*.py"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout.split()
    assert len(listed) > 100
    assert [path for path in listed if not changed.python_tests_of([path])] == []


def test_jest_is_asked_only_about_what_it_can_know(changed: Any) -> None:
    assert changed.units_of(["README.md", f"{KERNEL}/session.py"], "abc") is None
    assert "--changedSince=abc" in changed.units_of(["src/model/entries.ts"], "abc")
    assert changed.units_of(["jest.config.js"], "abc") == []


def test_stories_run_that_changed_or_import_what_did(changed: Any) -> None:
    assert changed.stories_of(["README.md", "src/__tests__/chunk.spec.ts"]) == []
    assert changed.stories_of(["ui-tests/tests/palette.spec.ts"]) == ["palette.spec.ts"]
    assert "find-a-row.spec.ts" in changed.stories_of(["ui-tests/tests/panel-story.ts"])
    assert changed.stories_of(["src/panel/view.tsx"]) == [changed.MAIN_STORY]
    assert changed.stories_of([f"{KERNEL}/session.py"]) == [changed.MAIN_STORY]


def test_what_git_does_not_know_yet_has_changed_too(
    changed: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def git(*command: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", *identity, *command], cwd=tmp_path, check=True, capture_output=True)

    monkeypatch.setattr(changed, "ROOT", tmp_path)
    git("init", "-b", "main")
    for name in ("left", "gone", "altered"):
        (tmp_path / name).write_text(name)
    git("add", ".")
    git("commit", "-m", "first")
    git("checkout", "-b", "work")
    (tmp_path / "committed").write_text("")
    git("add", ".")
    git("commit", "-m", "second")
    (tmp_path / "gone").unlink()
    (tmp_path / "altered").write_text("anew")
    (tmp_path / "unknown").write_text("")
    assert changed.paths(changed.base()) == ["altered", "committed", "gone", "unknown"]
