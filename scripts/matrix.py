"""Try the package where IPython runs: `python3 scripts/matrix.py`, or with names of environments.

Each environment is made anew in `build/matrix` from what the registries have, one at a time, and
gets a wheel of this tree. In each, the article's experiment is run three times by a real process: a
shown array of 200 MB is deleted without us, then freed by `%memguard free`, then deleted with
`jupyter memguard enable`, without a line in the notebook. What came back is read from /proc.

Writes docs/compatibility.md and the part "Where it works" of README.md. What was found is kept in
docs/compatibility.json, so that a run of some environments leaves the rows of the others;
`python3 scripts/matrix.py --write` writes both anew from there.

tests/test_wheel.py runs three of the environments, which takes two minutes, so `.ci/run` does.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from matrix_document import is_right, write
from matrix_environments import ENVIRONMENTS, always_on, interpreter, uv, versions, wheel
from matrix_ways import WAYS, variables

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "build" / "matrix"
FOUND = ROOT / "docs" / "compatibility.json"

SETUP = (
    "import gc, os, numpy as np; "
    "rss = lambda: int(open('/proc/self/statm').read().split()[1]) * os.sysconf('SC_PAGE_SIZE')"
)
SHOW = ["arr = np.ones(25_000_000); arr", "held = rss()", "del arr"]
TELL = "print('MB', round((held - rss()) / 1e6))"
PLAIN = [SETUP, *SHOW, TELL]
BY_HAND = ["%load_ext jupyter_memguard", SETUP, *SHOW, "%memguard free", TELL]

GROWN = "gc.collect(); print('MB', round((rss() - start) / 1e6))"
START = "gc.collect(); start = rss()"
BIG = (
    "class Big:\n    def __init__(self): self.data = np.ones(5_000_000)\n"
    "    def _repr_html_(self): return '<b>big</b>'"
)
# What people reported, smaller: what is kept when all that has a name was deleted.
EXPERIMENTS = {
    "the article: a shown array is deleted": [
        START, "arr = np.ones(25_000_000); arr", "del arr", "del Out[4]",
    ],
    "ipykernel#1391, pandas 2.2: `head()` of a copy, five times": [
        "import pandas as pd; df = pd.DataFrame(np.ones((10**6, 5)))", START,
        *["df_temp = df.copy(deep=True); df_temp.head()"] * 5, "del df_temp",
    ],
    "ipython#14129: three arrays, then `%reset -f out`": [
        START, *["arr = np.arange(10_000_000); arr"] * 3, "del arr", "%reset -f out",
    ],
    "ipython#11204: the same cell run five times": [
        START, *["X = np.random.random((1000, 5000)); X"] * 5, "del X",
    ],
    "ipython#3452: `values`, three times, with `cache_size = 0`": [
        "import pandas as pd; get_ipython().cache_size = 0", START,
        *["big = pd.DataFrame(np.ones((10**6, 5))); big.values"] * 3, "del big",
    ],
    "jupyterlab#12969: five objects with an HTML repr": [
        BIG, START, *["Big()"] * 5,
    ],
}  # fmt: skip


def megabytes(said: str) -> int | str:
    """Return the figure that the last cell printed, or what was said in its place."""
    # In a notebook's file the end of the line is "\n" as two characters.
    # xeus-python tells what is printed in pieces.
    found = re.findall(r"MB\s+(-?\d+)(?:\\n|\s|$)", said)
    if found:
        return int(found[-1])
    lines = [line for line in re.sub(r"\x1b\[[0-9;]*m", "", said).splitlines() if line.strip()]
    return lines[-1][:200] if lines else "nothing was said"


def ways_of(name: str, python: Path) -> dict[str, Any]:
    """Run the experiment in each way; what came back in MB, or why not."""
    found: dict[str, Any] = {}
    for way in ENVIRONMENTS[name].ways:
        run = WAYS[way]
        row: dict[str, int | str] = {}
        for what, cells in (("plain", PLAIN), ("by_hand", BY_HAND), ("always", PLAIN)):
            context = always_on(python) if what == "always" else contextlib.nullcontext()
            try:
                with context:
                    row[what] = megabytes(run(python, cells))
            except Exception as error:  # noqa: BLE001 - one way's failure is a finding
                row[what] = f"{type(error).__name__}: {str(error).splitlines()[0:1]}"[:200]
            print(f"  {way}, {what}: {row[what]}", flush=True)
        found[way] = row
    return found


def experiments(python: Path) -> dict[str, Any]:
    """Run what people reported, without us and always on; what is kept in MB."""
    run = WAYS["kernel"]
    found: dict[str, Any] = {}
    for title, cells in EXPERIMENTS.items():
        every = [SETUP, *cells, GROWN]
        row = {"plain": megabytes(run(python, every))}
        with always_on(python):
            row["always"] = megabytes(run(python, every))
        print(f"  {title}: {row}", flush=True)
        found[title] = row
    return found


def look(name: str, package: Path, place: Path) -> dict[str, Any]:
    """Make an environment in a folder, and find out what works there."""
    asked = ENVIRONMENTS[name]
    today = dt.datetime.now(tz=dt.timezone.utc).date().isoformat()
    base = interpreter(asked.python)
    if base is None:
        return {"not_tried": f"there is no Python {asked.python} on this machine", "date": today}
    shutil.rmtree(place / name, ignore_errors=True)
    python = place / name / "bin" / "python"
    try:
        uv("venv", "-q", "--python", base, place / name)
        uv("pip", "install", "-q", "--python", python, package, "numpy", *asked.packages)
    except RuntimeError as error:
        return {"not_tried": f"it cannot be installed: {error}", "date": today}
    found: dict[str, Any] = {"date": today, "versions": versions(python, asked.told)}
    if asked.ways == ["experiments"]:
        found["experiments"] = experiments(python)
    else:
        found["ways"] = ways_of(name, python)
    if asked.ways == ["lab"]:
        listed = subprocess.run(
            [python, "-m", "jupyter", "labextension", "list"], capture_output=True, text=True,
            check=False, env=variables(python),
        )  # fmt: skip
        text = re.sub(r"\x1b\[[0-9;]*m", "", listed.stdout + listed.stderr)
        lines = [line.strip() for line in text.splitlines() if "jupyter-memguard" in line]
        found["front_end"] = lines[0] if lines else "not listed"
    shutil.rmtree(place / name, ignore_errors=True)
    return found


def main(names: list[str]) -> int:
    """Run the named environments, or all; 0 if what was tried works."""
    unknown = set(names) - {*ENVIRONMENTS, "--write"}
    if unknown:
        print(f"no such environment: {', '.join(sorted(unknown))}; there are:")
        print("\n".join(ENVIRONMENTS))
        return 2
    if names == ["--write"]:
        write(json.loads(FOUND.read_text()))
        return 0
    if importlib.util.find_spec("jupyter_client") is None:
        from environment import install_python, python  # noqa: PLC0415

        install_python("dev,test")
        os.execv(python(), [str(python()), __file__, *names])  # noqa: S606
    PLACE.mkdir(parents=True, exist_ok=True)
    found = json.loads(FOUND.read_text()) if FOUND.exists() else {}
    package = wheel(PLACE)
    for name in names or ENVIRONMENTS:
        print(name, flush=True)
        found[name] = look(name, package, PLACE)
        FOUND.write_text(json.dumps(found, indent=2) + "\n")
        write(found)
    wrong = [
        f"{name}, {way}, {what}"
        for name in names or ENVIRONMENTS
        for way, row in found[name].get("ways", {}).items()
        for what in ("by_hand", "always")
        if not is_right(row, what)
    ]
    print("\n".join(["did not give back enough:", *wrong]) if wrong else "all gave back enough")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
