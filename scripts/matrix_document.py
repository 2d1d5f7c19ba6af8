"""What scripts/matrix.py has found, as docs/compatibility.md and as a part of README.md."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from matrix_environments import ENVIRONMENTS, NEWEST
from matrix_ways import TITLES

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "compatibility.md"
README = ROOT / "README.md"
BEGIN, END = "<!-- scripts/matrix.py writes this part -->", "<!-- up to here -->"
ARRAY_MB = 200
ENOUGH_MB = 180  # of it has to come back


def is_right(row: dict[str, Any], what: str) -> bool:
    """Whether as much came back as has to."""
    return isinstance(row[what], int) and row[what] >= ENOUGH_MB


def document(found: dict[str, Any]) -> str:
    """Return docs/compatibility.md."""
    lines = [
        "# Where it works",
        "",
        _HEAD,
        "",
        "| where | versions | without us, MB | `%memguard free`, MB | always on, MB | date |",
        "| --- | --- | --: | --: | --: | --- |",
    ]
    notes = []
    for name in ENVIRONMENTS:
        entry = found.get(name, {})
        for way, row in entry.get("ways", {}).items():
            cells = []
            for what in ("plain", "by_hand", "always"):
                value = row[what]
                cells.append(str(value) if isinstance(value, int) else "failed")
                if not isinstance(value, int):
                    notes.append(f"{TITLES[way]} ({name}), {what}: `{value}`")
            lines.append(
                f"| {TITLES[way]} | {entry['versions']} | {' | '.join(cells)} | {entry['date']} |"
            )
    lines += ["", *(f"- {note}" for note in notes), *([""] if notes else [])]
    listed = {
        name: found[name]["front_end"]
        for name in ENVIRONMENTS
        if "front_end" in found.get(name, {})
    }
    if listed:
        lines += ["## The front end", "", _FRONT_END, ""]
        lines += [f"- {name}: `{text}`" for name, text in listed.items()]
        lines += [""]
    lines += _experiments(found)
    missing = [
        f"- {name}: {found[name]['not_tried'] if name in found else 'not run yet'}"
        for name in ENVIRONMENTS
        if "not_tried" in found.get(name, {"not_tried": ""})
    ]
    if missing:
        lines += ["## Not tried", "", *missing, ""]
    lines += _BY_HAND.strip().splitlines()
    return "\n".join(lines) + "\n"


_HEAD = (
    "Written by `python3 scripts/matrix.py`, which makes each environment itself and runs real "
    "processes; each row has the date of its run. "
    f"An array of {ARRAY_MB} MB is shown and deleted. The figures are what the process's "
    "memory lost: without us, with `%memguard free`, and after `jupyter memguard enable`, "
    "without a line in the notebook. _Without us_ the package is installed and not loaded; "
    "`%memguard free` also gives back what was free before."
)
_FRONT_END = (
    "What `jupyter labextension list` says of it. In a browser the stories of `ui-tests` run it, in "
    "the one JupyterLab of the project's environment. JupyterLab 4.2.7 was opened by hand on "
    "2026-11-29: the panel listed a result, and nothing of ours stood in the browser's console."
)
# What no run tells. As a document has them, a paragraph is a line.
# ruff: noqa: E501
_BY_HAND = """
## Not run, and what is known
- JupyterLite (its pyodide kernel): it cannot be run here. There is no server extension and no process there; the kernel's code needs neither, and the page shows what the kernel itself tells. What a page does where the server extension is missing is tested.
- macOS and Windows: no machine here. `malloc_trim` and `/proc` are asked for and done without where they are missing, and tests take them away.
- Colab and Databricks: no account here. In Colab, `!pip install -q jupyter_memguard && jupyter memguard enable`, then restart the runtime; in Databricks, the same line without `!` in an init script of the cluster.
- ipyparallel's client has a cache of results of its own, in `client.results`. With ipyparallel 9.2 it kept nothing of three results of 40 MB that had been fetched and deleted.
- `ptipython` and shells that `embed()` opens read no startup files, so nothing is always on there, and `%load_ext jupyter_memguard` has to be typed. With 0.1.0 listing, freeing and the guard worked in them, tried by hand.
- sparkmagic's kernels and others that say Python and pass code on get nothing: see [guard.md](guard.md).
"""


def _experiments(found: dict[str, Any]) -> list[str]:
    entry = found.get("experiments", {})
    if "experiments" not in entry:
        return []
    lines = [
        "## What people reported",
        "",
        f"What a kernel keeps at the end, in MB, in {entry['versions']}, on {entry['date']}:",
        "",
        "| report | without us | always on |",
        "| --- | --: | --: |",
    ]
    for title, row in entry["experiments"].items():
        lines.append(f"| {title} | {row['plain']} | {row['always']} |")
    return [*lines, ""]


def where(found: dict[str, Any]) -> str:
    """Return README's list, from the same figures: where at least 180 of the 200 MB came back."""
    right: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for name in ENVIRONMENTS:
        for way, row in found.get(name, {}).get("ways", {}).items():
            how = tuple(
                word
                for what, word in (("by_hand", "`%memguard`"), ("always", "always on"))
                if is_right(row, what)
            )
            if how:
                told = found[name]["versions"].split(", ")
                # The first package's version, where it is not the kernel's own; else Python's.
                version = told[0 if ENVIRONMENTS[name].told == NEWEST else 1]
                right.setdefault(how, {}).setdefault(TITLES[way], []).append(version)
    lines = []
    for how, titles in right.items():
        lines += [f"{' and '.join(how)}:".capitalize(), ""]
        for title, several in titles.items():
            # "Python 3.8.18", "Python 3.9.18" as "Python 3.8.18, 3.9.18".
            names: dict[str, list[str]] = {}
            for name, _, number in (text.rpartition(" ") for text in dict.fromkeys(several)):
                names.setdefault(name, []).append(number)
            texts = [f"{name} {', '.join(numbers)}" for name, numbers in names.items()]
            lines.append(f"- {title} ({', '.join(texts)})")
    return "\n".join(lines)


def write(found: dict[str, Any]) -> None:
    """Write both documents."""
    DOCUMENT.write_text(document(found), "utf-8")
    # As the linter of the documents wants it.
    prettier = ROOT / "node_modules" / ".bin" / "prettier"
    text = README.read_text("utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if begin and end:
        README.write_text(f"{before}{BEGIN}\n\n{where(found)}\n\n{END}{after}", "utf-8")
    if prettier.exists():
        subprocess.run([prettier, "--write", DOCUMENT, README], check=True, capture_output=True)
