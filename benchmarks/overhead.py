"""What the kernel side adds to a cell's time, mode by mode, as figures and ratios of one run.

    python benchmarks/overhead.py [--cells 200]

Each column is a forked shell of IPython's that runs the same cells: a small
result, a DataFrame, a list of 10^6 lists, and a function (whose globals reach
everything); then a small result and an array of 1 MiB after 110 such arrays, of
which `large` keeps no more than 100 MiB. The columns take turns cell by cell, so
that a busy machine slows all of them alike; the median and the 99th percentile
of each are told, and their difference to the first column, which has nothing
loaded. Where the guard is on, a comm hears of each cell's end, as the browser's
does while the panel is hidden; what it hears is packed and sent as by a kernel.

The last column is jupyterlab-variableInspector's kernel-side work after each
cell, as its panel asks for it: its script is read from its wheel on PyPI when
this runs. Without a registry, that column is left out.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
import zipfile
from pathlib import Path
from typing import Any

INSPECTOR = "lckr_jupyterlab_variableinspector"
SETUP = """
import numpy as np, pandas as pd
frame = pd.DataFrame({"a": np.arange(200_000), "b": np.ones(200_000)})
lists = [[i] for i in range(10**6)]
def function(): return frame, lists
"""
FILL = "np.ones(2**17)"
CELLS = {
    "small": "3 + 4",
    "DataFrame": "frame",
    "10^6 lists": "lists",
    "function": "function",
    "small, 100 MiB kept": "3 + 4",
    "1 MiB, 100 MiB kept": FILL,
}
FIRST_OF_FULL = "small, 100 MiB kept"
COLUMNS: dict[str, dict[str, Any] | None] = {
    "nothing loaded": None,
    "loaded, never set": {"guard": None},
    "off": {"guard": {"mode": "off"}},
    "large": {"guard": {"mode": "large"}},
    "last": {"guard": {"mode": "last"}},
    "all": {"guard": {"mode": "all"}},
}


def inspector_script() -> str | None:
    """Return variableInspector's kernel script from its wheel, or None if it cannot be had."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder]
        subprocess.run([*command, INSPECTOR], capture_output=True, check=False)
        for wheel in Path(folder).glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                for name in archive.namelist():
                    text = archive.read(name).decode("utf-8", "replace")
                    if name.endswith(".js") and ".py_script=" in text:
                        return _literal(text.partition(".py_script=")[2])
    return None


def _literal(text: str) -> str:
    """Return the value of the JavaScript text literal that the text begins with."""
    quote, end = text[0], 1
    while text[end] != quote:
        end += 2 if text[end] == "\\" else 1
    body = text[1:end].replace("\\`", "`").replace("\\$", "$")
    return str(ast.literal_eval(f"'''{body}'''"))


class Column:
    """One forked shell, which runs a cell when told to and tells the seconds it took."""

    def __init__(self, options: dict[str, Any] | None, script: str | None) -> None:
        """Fork it; `script` is variableInspector's."""
        here, there = os.pipe(), os.pipe()
        if os.fork() == 0:
            os.close(here[1])
            os.close(there[0])
            _serve(here[0], there[1], options, script)
            os._exit(0)
        os.close(here[0])
        os.close(there[1])
        self._ask = os.fdopen(here[1], "w", buffering=1)
        self._answers = os.fdopen(there[0])

    def run(self, cell: str) -> float:
        """Run the cell and return its seconds."""
        self._ask.write(json.dumps(cell) + "\n")
        return float(self._answers.readline())


class Hearing:
    """A comm as the browser's, which sends what it is told as ipykernel does."""

    comm_id = "browser"

    def __init__(self, manager: Any) -> None:
        """Open it with the comm manager's target, and ask to hear of each cell's end."""
        import zmq  # noqa: PLC0415
        from jupyter_client.session import Session  # noqa: PLC0415

        from jupyter_memguard.kernel import PROTOCOL_VERSION  # noqa: PLC0415

        self._session = Session(key=b"key")
        self._socket = zmq.Context().socket(zmq.PUB)
        self._socket.bind_to_random_port("tcp://127.0.0.1")
        self._handler: Any = None
        manager.targets["jupyter_memguard"](self, _message({"version": PROTOCOL_VERSION}))
        request = {"id": "1", "method": "subscribe", "params": {"cell_end": True}}
        self._handler(_message(request))

    def send(self, data: dict[str, Any]) -> None:
        """Send it to whoever listens."""
        content = {"comm_id": self.comm_id, "data": data}
        self._session.send(self._socket, "comm_msg", content, ident=b"comm")

    def on_msg(self, handler: Any) -> None:
        """Take the handler of requests."""
        self._handler = handler

    def on_close(self, handler: Any) -> None:
        """Ignore it: nothing is closed."""

    def close(self) -> None:
        """Complain: the versions differ."""
        raise RuntimeError


def _message(data: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"data": data}}


def _serve(asked: int, told: int, options: dict[str, Any] | None, script: str | None) -> None:
    from IPython.core.interactiveshell import InteractiveShell  # noqa: PLC0415

    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    warnings.simplefilter("ignore")  # IPython tells that it culls the oldest results
    hearing = None
    answers = os.fdopen(told, "w", buffering=1)
    with contextlib.redirect_stdout(io.StringIO()):
        shell.run_cell(SETUP, store_history=True)
        if script is not None:
            shell.run_cell(script, silent=True)
        if options is not None:
            import comm  # noqa: PLC0415

            from jupyter_memguard.kernel import start  # noqa: PLC0415

            manager = comm.get_comm_manager()
            start(options)
            hearing = (options["guard"] or {}).get("mode", "off") != "off" and Hearing(manager)
    for line in os.fdopen(asked):
        with contextlib.redirect_stdout(io.StringIO()):
            started = time.perf_counter()
            shell.run_cell(json.loads(line), store_history=True)
            if script is not None:
                shell.run_cell("_jupyterlab_variableinspector_dict_list()", silent=True)
            took = time.perf_counter() - started
        answers.write(f"{took}\n")
    del hearing


def main() -> None:
    """Run all columns and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cells", type=int, default=200)
    count = parser.parse_args().cells
    columns = {name: Column(options, None) for name, options in COLUMNS.items()}
    script = inspector_script()
    if script is None:
        print(f"{INSPECTOR} cannot be had here: its column is left out")
    else:
        columns["variableInspector"] = Column(None, script)
    print(f"{count} cells each; milliseconds: median, 99th percentile; added to the median; ratio")
    rows = []
    for kind, cell in CELLS.items():
        for column in columns.values() if kind == FIRST_OF_FULL else ():
            for _ in range(110):
                column.run(FILL)
        times: dict[str, list[float]] = {name: [] for name in columns}
        for turn in range(count + 5):
            for name, column in columns.items():
                took = column.run(cell)
                if turn >= 5:  # noqa: PLR2004 - the first few warm up
                    times[name].append(took * 1000)
        base = statistics.median(times["nothing loaded"])
        print(f"\n{kind}")
        row = [kind]
        for name, found in times.items():
            median, late = statistics.median(found), statistics.quantiles(found, n=100)[98]
            print(
                f"  {name:20} {median:9.3f} {late:9.3f} {median - base:+9.3f} {median / base:7.2f}"
            )
            row.append(f"{median - base:+.3f} ({median / base:.2f})")
        rows.append(row)
    print("\nadded to the median, ms (ratio), as in docs/guard.md")
    for row in [["", *list(columns)], ["---"] * (1 + len(columns)), *rows]:
        print("|", " | ".join(row[:1] + row[2:]), "|")


if __name__ == "__main__":
    main()
