"""`jupyter memguard`: what it writes and undoes, and that kernels and terminals then guard."""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from nbclient import NotebookClient

from jupyter_memguard.always_on import drop_in, main
from jupyter_memguard.kernel.tests.support import MEASURED, running_kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]
# The article's experiment: what is freed when a shown array is deleted, in MB.
SHOW = "import psutil, numpy as np; arr = np.ones(10**7); arr"
HELD = "held = psutil.Process().memory_info().rss"
DELETE = "del arr"
TELL = "print('MB', round((held - psutil.Process().memory_info().rss) / 1e6))"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for IPython that has a profile with a startup file of the user's."""
    folder = tmp_path / "ipython"
    startup = folder / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "10-mine.py").write_text("mine = 1\n")
    monkeypatch.setenv("IPYTHONDIR", str(folder))
    return folder


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of its own that has all that this one has; returns its Python."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    [packages] = folder.glob("lib/python*/site-packages")
    # This tree first: an editable install may be of another.
    lines = [str(ROOT), *site.getsitepackages()]
    if MEASURED:
        lines.append("import coverage; coverage.process_startup()")
    (packages / "all.pth").write_text("\n".join(lines) + "\n")
    return folder / "bin" / "python"


@pytest.fixture
def enabled(environment: Path) -> Iterator[Path]:
    """That environment with the guard always on."""
    call(environment, "enable")
    yield environment
    call(environment, "disable")


def call(python: Path, *words: str) -> str:
    done = subprocess.run(
        [str(python), "-m", "jupyter_memguard", *words],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return done.stdout


def tree(folder: Path) -> dict[str, str | None]:
    """Return each file's text by its path; None for a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_text() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def file_of(home: Path) -> Path:
    return home / "profile_default" / "startup" / drop_in.NAME


# What is written and undone


def test_disabling_undoes_exactly_what_enabling_did(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = tree(home)
    assert main(["enable", "--user", "--guard", "last"]) == 0
    assert str(file_of(home)) in capsys.readouterr().out
    after = tree(home)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {file_of(home).relative_to(home).as_posix()}
    assert main(["disable", "--user"]) == 0
    assert tree(home) == before


def test_folders_that_were_made_go_again_unless_they_are_used(home: Path) -> None:
    shutil.rmtree(home)
    main(["enable", "--user"])
    main(["disable", "--user"])
    assert not home.exists()
    main(["enable", "--user"])
    (home / "profile_default" / "mine").write_text("x")
    main(["disable", "--user"])
    assert tree(home) == {"profile_default": None, "profile_default/mine": "x"}


def test_enabling_again_changes_the_guard_and_nothing_else(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["enable", "--user"])
    assert drop_in.read(file_of(home)) == ("large", None)
    main(["enable", "--user", "--threshold", "50MB"])
    assert drop_in.read(file_of(home)) == ("large", 50_000_000)
    capsys.readouterr()
    main(["enable", "--user", "--threshold", "50MB"])
    assert "was as wanted" in capsys.readouterr().out
    main(["disable", "--user"])
    main(["disable", "--user"])
    assert "was not enabled" in capsys.readouterr().out


CHANGED = {
    "changed by somebody": drop_in.text(drop_in.Wanted("large"), 0) + "print('mine')\n",
    "of a newer format": "# jupyter-memguard, format 2: something\n",
    "no text": "\0\1",
    "empty": "",
    "broken": "def (:\n",
}


@pytest.mark.parametrize("what", CHANGED)
@pytest.mark.parametrize("action", ["enable", "disable"])
def test_a_file_that_is_not_ours_is_told_and_left_alone(
    home: Path, capsys: pytest.CaptureFixture[str], what: str, action: str
) -> None:
    file_of(home).write_text(CHANGED[what])
    assert main([action, "--user"]) == 1
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert str(file_of(home)) in told
    assert file_of(home).read_text() == CHANGED[what]


def test_a_folder_that_cannot_be_written_is_told(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(home)
    home.write_text("a file")
    assert main(["enable", "--user"]) == 1
    assert "cannot be changed" in capsys.readouterr().err
    assert home.read_text() == "a file"


@pytest.mark.parametrize(
    "words",
    [[], ["start"], ["enable", "--guard", "biggest"], ["enable", "--threshold", "lots"]],
)
def test_wrong_words_get_the_right_ones(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert any(right in told for right in ("enable", "large", "10MB"))


# In effect


def test_the_experiment_in_a_kernel_without_a_line_of_ours(enabled: Path, home: Path) -> None:
    assert home.exists()
    with running_kernel(python=enabled) as kernel:
        assert kernel.value("[len(Out), get_ipython().execution_count]") == [0, 1]
        assert kernel.value("sorted(n for n in globals() if 'memguard' in n)") == []
        for code in (SHOW, HELD, DELETE):
            kernel.run(code)
        assert int(kernel.run(TELL).split()[-1]) > 70


def test_the_experiment_in_a_terminal_without_a_line_of_ours(enabled: Path, home: Path) -> None:
    assert home.exists()
    done = subprocess.run(
        [str(enabled), "-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor"],
        input=f"{SHOW}\n{HELD}\n{DELETE}\n{TELL}\n",
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert int(done.stdout.split("MB ")[-1].split()[0]) > 70, done.stdout


def test_the_experiment_in_nbclient_without_a_line_of_ours(enabled: Path, home: Path) -> None:
    with_kernelspec(enabled, home)
    cells = [nbformat.v4.new_code_cell(code) for code in (SHOW, HELD, DELETE, TELL)]  # type: ignore[no-untyped-call]
    notebook = nbformat.v4.new_notebook(cells=cells)  # type: ignore[no-untyped-call]
    NotebookClient(notebook, kernel_name="guarded").execute(
        env={**os.environ, "JUPYTER_PATH": str(home)}
    )
    assert int(notebook.cells[-1].outputs[0].text.split()[-1]) > 70


@pytest.fixture(autouse=True)
def _jupyter_path(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_PATH", str(home))


def with_kernelspec(python: Path, home: Path) -> None:
    """Offer the environment's kernel to Jupyter."""
    folder = home / "kernels" / "guarded"
    folder.mkdir(parents=True)
    argv = f'["{python}", "-m", "ipykernel_launcher", "-f", "{{connection_file}}"]'
    (folder / "kernel.json").write_text(
        f'{{"argv": {argv}, "display_name": "guarded", "language": "python"}}'
    )


def test_what_is_configured_beats_a_front_ends_default(enabled: Path, home: Path) -> None:
    assert home.exists()
    with running_kernel(python=enabled) as kernel:
        kernel.inject({"mode": "off"})
        assert kernel.comm().event("hello")["guard_state"]["mode"] == "large"


def test_the_users_configuration_beats_the_environments(enabled: Path, home: Path) -> None:
    assert home.exists()
    main(["enable", "--user", "--guard", "off"])
    with running_kernel(python=enabled) as kernel:
        assert "Guard off" in str(kernel.execute("%memguard guard")[1])


def test_an_environment_without_the_package_starts_as_ever(home: Path, tmp_path: Path) -> None:
    main(["enable", "--user"])
    script = file_of(home)
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(script)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert tmp_path.exists()


# What is told of it


def test_the_status_tells_where_it_is_in_effect_and_why_not_elsewhere(
    enabled: Path, home: Path, tmp_path: Path
) -> None:
    with_kernelspec(enabled, home)
    bare = tmp_path / "bare"
    venv.create(bare, with_pip=False, symlinks=True)
    for name, argv, language in (
        ("bare", bare / "bin" / "python", "python"),
        ("gone", tmp_path / "gone" / "python", "python"),
        ("ir", "R", "R"),
    ):
        folder = home / "kernels" / name
        folder.mkdir()
        (folder / "kernel.json").write_text(
            f'{{"argv": ["{argv}"], "display_name": "x", "language": "{language}"}}'
        )
    told = call(enabled, "status")
    lines = {line.split(" (")[0].split(": ")[0]: line for line in told.splitlines()}
    assert "enabled, guard large" in lines["this environment"]
    assert "not enabled" in lines["this user"]
    assert "in effect: guard large, by " in lines["guarded"]
    assert "not in effect: there is no IPython" in lines["bare"]
    assert "could not be asked" in lines["gone"]
    assert "not in effect: its language is r" in lines["ir"]


def test_the_status_tells_a_changed_file_and_broken_configuration(
    enabled: Path, home: Path
) -> None:
    file_of(home).write_text(CHANGED["changed by somebody"])
    (home / "profile_default" / "ipython_config.py").write_text("c.x = (\n")
    told = call(enabled, "status")
    assert told.count("is not as `jupyter memguard enable` writes it") >= 2
    assert "ipython_config.py is broken" in told
    assert "in effect: guard large" in told


def test_the_status_says_when_the_package_is_missing(home: Path, tmp_path: Path) -> None:
    assert home.exists()
    from jupyter_memguard.always_on.environments import Environment, verdict

    other = tmp_path / "other"
    venv.create(other, with_pip=False, symlinks=True)
    [packages] = other.glob("lib/python*/site-packages")
    for name in ("IPython", "IPython/core"):
        (packages / name).mkdir()
    for name, code in {
        "IPython/__init__.py": "__version__ = '8.0'",
        "IPython/core/__init__.py": "",
        "IPython/core/shellapp.py": "ENV_CONFIG_DIRS = SYSTEM_CONFIG_DIRS = []",
        "IPython/core/application.py": "SYSTEM_CONFIG_DIRS = []",
        "IPython/paths.py": "get_ipython_dir = lambda: '/nowhere'",
    }.items():
        (packages / name).write_text(code)
    environment = Environment("other", str(other / "bin" / "python"), {}, "python")
    assert "jupyter_memguard is not installed there" in verdict(environment)
