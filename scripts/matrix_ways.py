"""The ways to run cells: each takes an environment's Python and cells, and returns what is printed.

An environment is a folder with its name; what the runs need beside it is in the folder around it.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_S = 120

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


def _place(python: Path) -> Path:
    """Return the folder with all environments, by the Python of one."""
    return python.parents[2]


def variables(python: Path) -> dict[str, str]:
    """Variables with which only that environment is found, and no profile of the user's."""
    folder = _place(python) / "home"
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
        manager.start_kernel(env=variables(python), cwd=str(_place(python)))
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
            str(python), words, env=variables(python), cwd=str(_place(python)), encoding="utf-8",
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
            env=variables(python), cwd=_place(python), timeout=3 * PATIENCE_S, check=False,
        )  # fmt: skip
        return done.stdout + done.stderr

    return run


def by_notebook(*words: str) -> Callable[[Path, list[str]], str]:
    """Have a command run a notebook; `IN` and `OUT` in its words are the files."""

    def run(python: Path, cells: list[str]) -> str:
        import nbformat  # noqa: PLC0415

        with tempfile.TemporaryDirectory(dir=_place(python)) as folder:
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
        log = _place(python) / "server.log"
        with log.open("w") as output:
            server = subprocess.Popen(
                [str(python), "-m", *(word.replace("PORT", str(port)) for word in words)],
                stdout=output, stderr=output, env=variables(python), cwd=_place(python),
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
