"""Try the package where IPython runs: `python3 scripts/matrix.py`, or with names of environments.

Each environment is made anew in `build/matrix` from what the registries have, one at a time, and
gets a wheel of this tree. In each, the article's experiment is run three times by a real process: a
shown array of 200 MB is deleted without us, then freed by `%memguard free`, then deleted with
`jupyter memguard enable`, without a line in the notebook. What came back is read from /proc.

Writes docs/compatibility.md and the part "Where it works" of README.md. What was found is kept in
`build/matrix/found.json`, so that a run of some environments leaves the rows of the others;
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
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / "build" / "matrix"
FOUND = PLACE / "found.json"
DOCUMENT = ROOT / "docs" / "compatibility.md"
README = ROOT / "README.md"
BEGIN, END = "<!-- scripts/matrix.py writes this part -->", "<!-- up to here -->"
PATIENCE_S = 120
ARRAY_MB = 200
ENOUGH_MB = 180  # of it has to come back

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


class Environment(NamedTuple):
    """What is installed together, and the ways to run cells there."""

    python: str
    packages: list[str]
    ways: list[str]
    told: list[str]  # packages whose versions are told


NEWEST = ["ipykernel", "ipython"]
ENVIRONMENTS = {
    "python3.8-ipython7": Environment(
        "3.8", ["ipython==7.34.*", "ipykernel==6.9.*", "jupyter_client<8"], ["kernel", "terminal"],
        NEWEST,
    ),
    "python3.8": Environment("3.8", ["ipykernel==6.29.*"], ["kernel", "terminal"], NEWEST),
    "python3.9": Environment("3.9", ["ipykernel==6.29.*"], ["kernel", "terminal"], NEWEST),
    "python3.10": Environment(
        "3.10", ["ipykernel==6.29.*", "ipython==8.*"], ["kernel", "terminal"], NEWEST
    ),
    "python3.11": Environment("3.11", ["ipykernel"], ["kernel", "terminal"], NEWEST),
    "python3.12": Environment("3.12", ["ipykernel"], ["kernel", "terminal"], NEWEST),
    "python3.13": Environment("3.13", ["ipykernel"], ["kernel", "terminal"], NEWEST),
    "python3.14": Environment("3.14", ["ipykernel"], ["kernel", "terminal"], NEWEST),
    "console": Environment("3.11", ["jupyter_console"], ["console"], ["jupyter_console", *NEWEST]),
    "nbclient": Environment("3.11", ["nbclient", "ipykernel"], ["nbclient"], ["nbclient", *NEWEST]),
    "papermill": Environment(
        "3.11", ["papermill", "ipykernel"], ["papermill"], ["papermill", *NEWEST]
    ),
    "nbconvert": Environment(
        "3.11", ["nbconvert", "ipykernel"], ["nbconvert"], ["nbconvert", *NEWEST]
    ),
    "jupyterlab": Environment(
        "3.11", ["jupyterlab>=4,<5", "psutil>=6"], ["lab"], ["jupyterlab", *NEWEST]
    ),
    "jupyterlab4.2": Environment(
        "3.11", ["jupyterlab==4.2.*", "psutil>=6"], ["lab"], ["jupyterlab", *NEWEST]
    ),
    "notebook": Environment("3.11", ["notebook>=7", "psutil>=6"], ["lab"], ["notebook", *NEWEST]),
    "gateway": Environment(
        "3.11", ["jupyter_kernel_gateway", "ipykernel"], ["gateway"],
        ["jupyter_kernel_gateway", *NEWEST],
    ),
    "xeus-python": Environment("3.11", ["xeus-python"], ["xeus"], ["xeus-python", "ipython"]),
    "spyder": Environment("3.11", ["spyder-kernels"], ["spyder"], ["spyder-kernels", *NEWEST]),
    "ipyparallel": Environment(
        "3.11", ["ipyparallel"], ["ipyparallel"], ["ipyparallel", *NEWEST]
    ),
    "experiments": Environment(
        "3.11", ["ipykernel", "pandas==2.2.*"], ["experiments"], ["pandas", *NEWEST]
    ),
}  # fmt: skip

TITLES = {
    "kernel": "a client of jupyter_client without comms, as VS Code",
    "terminal": "`ipython` in a terminal",
    "console": "`jupyter console`",
    "nbclient": "nbclient",
    "papermill": "papermill",
    "nbconvert": "nbconvert",
    "lab": "the kernel of JupyterLab's or Notebook's server, over the browser's websocket",
    "gateway": "a kernel gateway's kernel, over its websocket",
    "xeus": "xeus-python's `xpython`",
    "spyder": "Spyder's kernel",
    "ipyparallel": "an engine of ipyparallel",
}


# Ways to run cells: each takes an environment's Python and the cells, and returns what is printed


def python_of(name: str) -> Path:
    """Where an environment has its Python."""
    return PLACE / name / "bin" / "python"


def variables(python: Path) -> dict[str, str]:
    """Variables with which only that environment is found, and no profile of the user's."""
    folder = PLACE / "home"
    folder.mkdir(exist_ok=True)
    kept = {name: os.environ[name] for name in ("LANG", "HTTP_PROXY", "HTTPS_PROXY") if
            name in os.environ}  # fmt: skip
    return {
        **kept,
        "PATH": f"{python.parent}:/usr/bin:/bin",
        "HOME": str(folder),
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def in_kernel(argv: list[str]) -> Callable[[Path, list[str]], str]:
    """Run cells in a kernel that is started with these words."""

    def run(python: Path, cells: list[str]) -> str:
        from jupyter_client.kernelspec import KernelSpec  # noqa: PLC0415
        from jupyter_client.manager import KernelManager  # noqa: PLC0415

        manager = KernelManager()
        manager._kernel_spec = KernelSpec(  # noqa: SLF001 - the kernel is of another environment
            argv=[str(python), *argv], display_name="other", language="python"
        )
        manager.start_kernel(env=variables(python), cwd=str(PLACE))
        client = manager.client()
        client.start_channels()
        said: list[str] = []

        def note(message: dict[str, Any]) -> None:
            content = message["content"]
            said.append(content.get("text") or content.get("data", {}).get("text/plain", ""))
            said.extend(content.get("traceback", []))

        try:
            client.wait_for_ready(timeout=PATIENCE_S)
            for cell in cells:
                client.execute_interactive(
                    cell, allow_stdin=False, timeout=PATIENCE_S, output_hook=note
                )
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
        return "\n".join(said)

    return run


def at_prompt(words: list[str]) -> Callable[[Path, list[str]], str]:
    """Type cells at the prompt of a program."""

    def run(python: Path, cells: list[str]) -> str:
        import pexpect  # noqa: PLC0415

        child = pexpect.spawn(
            str(python), words, env=variables(python), cwd=str(PLACE), encoding="utf-8",
            timeout=PATIENCE_S, dimensions=(40, 200),
        )  # fmt: skip
        said = []
        for number, cell in enumerate(cells, 1):
            child.expect_exact(f"In [{number}]: ")
            said.append(child.before)
            child.sendline(cell)
        child.expect_exact(f"In [{len(cells) + 1}]: ")
        said.append(child.before)
        child.close(force=True)
        return "".join(said)

    return run


def in_python(code: str) -> Callable[[Path, list[str]], str]:
    """Run a program in the environment; it finds the cells as JSON in its input."""

    def run(python: Path, cells: list[str]) -> str:
        done = subprocess.run(
            [str(python), "-c", code], input=json.dumps(cells), capture_output=True, text=True,
            env=variables(python), cwd=PLACE, timeout=3 * PATIENCE_S, check=False,
        )  # fmt: skip
        return done.stdout + done.stderr

    return run


def by_notebook(*words: str) -> Callable[[Path, list[str]], str]:
    """Have a command run a notebook; `IN` and `OUT` in its words are the files."""

    def run(python: Path, cells: list[str]) -> str:
        import nbformat  # noqa: PLC0415

        with tempfile.TemporaryDirectory(dir=PLACE) as folder:
            into, out = Path(folder) / "in.ipynb", Path(folder) / "out.ipynb"
            made = [nbformat.v4.new_code_cell(cell) for cell in cells]
            about = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
            nbformat.write(nbformat.v4.new_notebook(cells=made, metadata=about), into)
            files = {"IN": str(into), "OUT": str(out)}
            done = subprocess.run(
                [str(python), "-m", *(files.get(word, word) for word in words)],
                capture_output=True, text=True, env=variables(python), cwd=folder,
                timeout=3 * PATIENCE_S, check=False,
            )  # fmt: skip
            return out.read_text() if out.exists() else done.stdout + done.stderr

    return run


def through_server(*words: str) -> Callable[[Path, list[str]], str]:
    """Start a server, and run cells in a kernel of its over the websocket that a browser uses."""

    def run(python: Path, cells: list[str]) -> str:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        log = PLACE / "server.log"
        with log.open("w") as output:
            server = subprocess.Popen(
                [str(python), "-m", *(word.replace("PORT", str(port)) for word in words)],
                stdout=output, stderr=output, env=variables(python), cwd=PLACE,
            )  # fmt: skip
        try:
            return _over_websocket(port, cells)
        finally:
            server.terminate()
            server.wait(30)

    return run


def _over_websocket(port: int, cells: list[str]) -> str:
    import asyncio  # noqa: PLC0415

    kernel = None
    for _ in range(PATIENCE_S):
        with contextlib.suppress(OSError):
            request = urllib.request.Request(
                f"http://127.0.0.1:{port}/api/kernels", data=b"{}", method="POST"
            )
            with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own server
                kernel = json.load(answer)["id"]
            break
        time.sleep(1)
    return asyncio.run(_run_cells(f"ws://127.0.0.1:{port}/api/kernels/{kernel}/channels", cells))


async def _run_cells(url: str, cells: list[str]) -> str:
    import asyncio  # noqa: PLC0415

    from tornado.websocket import websocket_connect  # noqa: PLC0415

    connection = await websocket_connect(url)
    said = []
    for number, cell in enumerate(cells):
        header = {"msg_id": f"cell{number}", "msg_type": "execute_request", "session": "matrix",
                  "username": "", "version": "5.3", "date": ""}  # fmt: skip
        content = {"code": cell, "silent": False, "store_history": True, "user_expressions": {},
                   "allow_stdin": False, "stop_on_error": False}  # fmt: skip
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content,
                   "channel": "shell", "buffers": []}  # fmt: skip
        await connection.write_message(json.dumps(message))
        while True:
            text = await asyncio.wait_for(connection.read_message(), PATIENCE_S)
            found = json.loads(text)
            if found["parent_header"].get("msg_id") != header["msg_id"]:
                continue
            content = found["content"]
            said.append(content.get("text", "") + "".join(content.get("traceback", [])))
            if content.get("execution_state") == "idle":
                break
    connection.close()
    return "\n".join(said)


NBCLIENT = """
import json, sys, nbformat
from nbclient import NotebookClient
cells = [nbformat.v4.new_code_cell(cell) for cell in json.load(sys.stdin)]
notebook = nbformat.v4.new_notebook(cells=cells)
NotebookClient(notebook, kernel_name="python3").execute()
print(json.dumps(notebook))
"""
IPYPARALLEL = """
import json, sys, ipyparallel
cells = json.load(sys.stdin)
with ipyparallel.Cluster(n=1) as client:
    for cell in cells:
        done = client[0].execute(cell, silent=False)
        done.get()
        done.wait_for_output(30)  # what is printed comes by another way than the answer
        print(done.stdout)
"""
SERVER = ["--no-browser", "--allow-root", "--ServerApp.port=PORT", "--IdentityProvider.token=",
          "--ServerApp.disable_check_xsrf=True"]  # fmt: skip
WAYS: dict[str, Callable[[Path, list[str]], str]] = {
    "kernel": in_kernel(["-m", "ipykernel_launcher", "-f", "{connection_file}"]),
    "xeus": in_kernel(["-m", "xpython_launcher", "-f", "{connection_file}"]),
    "spyder": in_kernel(["-m", "spyder_kernels.console", "-f", "{connection_file}"]),
    "terminal": at_prompt(["-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor"]),
    "console": at_prompt(["-m", "jupyter_console", "--simple-prompt"]),
    "nbclient": in_python(NBCLIENT),
    "ipyparallel": in_python(IPYPARALLEL),
    "papermill": by_notebook("papermill", "IN", "OUT"),
    "nbconvert": by_notebook(
        "nbconvert", "--to", "notebook", "--execute", "IN", "--output", "OUT", "--allow-errors"
    ),
    "lab": through_server("jupyterlab", *SERVER),
    "gateway": through_server(
        "jupyter", "kernelgateway", "--KernelGatewayApp.port=PORT",
        "--KernelGatewayApp.allow_origin=*",
    ),
}  # fmt: skip


# Making environments


def interpreter(version: str) -> str | None:
    """Find a Python by its version: on the path, or among pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for found in sorted(pyenv.glob(f"{version}.*/bin/python")):
        return str(found)
    on_path = shutil.which(f"python{version}")
    return None if on_path is None or "shims" in on_path else on_path


def uv(*words: str | Path) -> None:
    """Run uv, which is in the project's own environment."""
    command = [str(Path(sys.executable).with_name("uv")), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])


def wheel() -> Path:
    """Build the wheel of this tree, with the front end that is built already."""
    shutil.rmtree(PLACE / "dist", ignore_errors=True)
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", PLACE / "dist"],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    [found] = (PLACE / "dist").glob("*.whl")
    return found


def versions(python: Path, names: list[str]) -> str:
    """Return Python's version and those of packages, as a text."""
    code = (
        "import json, platform, sys\n"
        "from importlib.metadata import version\n"
        "print(json.dumps([platform.python_version()] + [version(n) for n in sys.argv[1:]]))"
    )
    done = subprocess.run([python, "-c", code, *names], capture_output=True, text=True, check=True)
    numbers = json.loads(done.stdout)
    return ", ".join(
        f"{name} {number}" for name, number in zip(["Python", *names], numbers, strict=True)
    )


@contextlib.contextmanager
def always_on(python: Path) -> Iterator[None]:
    """Return a context in which the environment has the guard from its start."""
    command = [str(python.with_name("jupyter-memguard"))]
    subprocess.run([*command, "enable"], check=True, capture_output=True, env=variables(python))
    try:
        yield
    finally:
        subprocess.run(
            [*command, "disable"], check=True, capture_output=True, env=variables(python)
        )


# Finding out


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


def look(name: str, package: Path) -> dict[str, Any]:
    """Make an environment, and find out what works there."""
    asked = ENVIRONMENTS[name]
    today = dt.datetime.now(tz=dt.timezone.utc).date().isoformat()
    base = interpreter(asked.python)
    if base is None:
        return {"not_tried": f"there is no Python {asked.python} on this machine", "date": today}
    shutil.rmtree(PLACE / name, ignore_errors=True)
    try:
        uv("venv", "-q", "--python", base, PLACE / name)
        uv("pip", "install", "-q", "--python", python_of(name), package, "numpy", *asked.packages)
    except RuntimeError as error:
        return {"not_tried": f"it cannot be installed: {error}", "date": today}
    python = python_of(name)
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
    shutil.rmtree(PLACE / name, ignore_errors=True)
    return found


# Writing it down


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
    package = wheel()
    for name in names or ENVIRONMENTS:
        print(name, flush=True)
        found[name] = look(name, package)
        FOUND.write_text(json.dumps(found, indent=1))
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
