"""Each command line in the documents is run, or docs/command-lines.md says why not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
TABLE = ROOT / "docs" / "command-lines.md"
# The changelog tells what was, docs/words.md is made of the front end's texts.
LEFT_OUT = {"CHANGELOG.md", "words.md", TABLE.name}
DOCUMENTS = [
    path
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    if path.name not in LEFT_OUT
]
PROGRAMS = (
    r"(?:\.venv/bin/)?"
    r"(?:cd|git|gh|hatch|ipython|jlpm|jupyter|node|npm|npx|papermill|pip|pre-commit|pybabel|python3?|twine|uv)"
)
COMMAND = re.compile(rf"!?(?:[A-Z_]+=\S+ )*{PROGRAMS} \S.*")
BLOCK = re.compile(r"(?ms)^( *)```([^\n]*)\n(.*?)^\1``` *$")
HERE = Path(__file__).relative_to(ROOT)


class Row(NamedTuple):
    """A row of the table: a command line, the file or folder that runs it, and how, or why not."""

    command: str
    file: str
    text: str


def rows() -> list[Row]:
    """Read the table."""
    found = []
    for line in TABLE.read_text("utf-8").splitlines():
        match = re.fullmatch(r"\| `([^`]+)` +\| (?:`([^`]+)`|not run) +\| (.+?) +\|", line)
        if match:
            found.append(Row(match[1], match[2] or "", match[3]))
    return found


def blocks(text: str) -> list[tuple[str, str]]:
    """Return the blocks of code: language and content, without what they are indented by."""
    return [
        (language, re.sub(rf"(?m)^{indent}", "", content))
        for indent, language, content in BLOCK.findall(text)
    ]


def commands_in(path: Path) -> set[str]:
    """Return the command lines of a document: those in its blocks, and those in its lines."""
    text = path.read_text("utf-8")
    found = set()
    for language, content in blocks(text):
        for line in content.splitlines():
            command = line.partition("  #")[0].strip()
            if language == "bash" and command:
                found.add(command)
            # A block without a language, or an indented one, would hide its commands.
            assert language == "bash" or not COMMAND.fullmatch(line), f"{path.name}: {line}"
    rest = BLOCK.sub("", text)
    assert not re.search(rf"(?m)^    (?:[A-Z_]+=\S+ )*{PROGRAMS} ", rest), path.name
    return found | {code for code in re.findall(r"`([^`\n]+)`", rest) if COMMAND.fullmatch(code)}


def test_the_table_has_each_command_line() -> None:
    found = set().union(*(commands_in(path) for path in DOCUMENTS))
    told = [row.command for row in rows()]
    assert sorted(found - set(told)) == []
    assert sorted(row.command for row in rows() if row.file and row.command not in found) == []
    assert len(told) == len(set(told))


@pytest.mark.parametrize(
    "row",
    [row for row in rows() if row.file not in ("", HERE.as_posix())],
    ids=lambda row: row.command,
)
def test_the_file_that_is_said_to_run_a_command_has_it(row: Row) -> None:
    place = ROOT / row.file
    files = [place] if place.is_file() else list(place.rglob("*.py"))
    text = row.text.strip("`")
    assert any(text in file.read_text("utf-8") for file in files if file.name != HERE.name)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Variables for an environment of its own, with the package, `jupyter` and IPython."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, symlinks=True)
    programs = place / "bin"
    [packages] = (place / "lib").glob("python*/site-packages")
    (packages / "here.pth").write_text(f"{ROOT}\n{sysconfig.get_path('purelib')}\n")
    for name, call in {
        "jupyter": "from jupyter_core.command import main",
        "jupyter-memguard": "from jupyter_memguard.always_on import main",
    }.items():
        program = programs / name
        program.write_text(f"#!{programs / 'python'}\n{call}\nimport sys\nsys.exit(main())\n")
        program.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    return {
        **kept,
        "PATH": os.pathsep.join([str(programs), str(Path(sys.executable).parent), kept["PATH"]]),
        "VIRTUAL_ENV": str(place),
        "HOME": str(place / "home"),
        "IPYTHONDIR": str(place / "ipython"),
    }


@pytest.mark.parametrize("command", [row.command for row in rows() if row.file == HERE.as_posix()])
def test_the_command_runs(command: str, environment: dict[str, str]) -> None:
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout
