"""Play the newcomer in an empty folder and take the time: `python3 scripts/newcomer.py [suite...]`.

Clones the last commit, runs README's first command until JupyterLab answers, does the main job
there (the experiment's array is shown, deleted, still there, freed, gone), and runs README's second
command, or only the suites that are named. Prints the rows of a table; a step that fails ends it.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from environment import ROOT, WINDOWS

TOKEN = "newcomer"  # noqa: S105 - of a server that is gone in a minute
PATIENCE_SECONDS = 1800
# Run by the clone's own Python, whose jupyter_server has a client for WebSockets.
MAIN_JOB = """
import json, sys, urllib.request, uuid
import websocket
port, token = sys.argv[1:]
base = f"http://127.0.0.1:{port}/"
head = {"Authorization": f"token {token}"}

def ask(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(base + path, data, head)) as answer:
        return json.load(answer)

path = "experiment.ipynb"  # the server's root is the folder of the notebook
notebook = ask(f"api/contents/{path}")["content"]
cells = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]
session = {"path": path, "type": "notebook", "name": path, "kernel": {"name": "python3"}}
kernel = ask("api/sessions", session)["kernel"]["id"]
client = websocket.create_connection(
    f"ws://127.0.0.1:{port}/api/kernels/{kernel}/channels", header=[f"Authorization: token {token}"]
)

def run(code):
    message = uuid.uuid4().hex
    header = {"msg_id": message, "msg_type": "execute_request", "username": "", "session": message}
    content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}}
    content |= {"allow_stdin": False, "stop_on_error": True}
    client.send(json.dumps({"header": header, "parent_header": {}, "metadata": {},
                            "content": content, "channel": "shell", "buffers": []}))
    shown = ""
    while True:
        told = json.loads(client.recv())
        if told["parent_header"].get("msg_id") != message:
            continue
        shown += told["content"].get("data", {}).get("text/plain", "")
        if told["msg_type"] == "status" and told["content"]["execution_state"] == "idle":
            return shown

def memory():
    return ask(f"jupyter-memguard/kernels/{kernel}/memory")["rss_bytes"]

show, delete, whether = cells[:3]
run(show), run(delete)
assert "still alive" in run(whether)
before = memory()
run("%load_ext jupyter_memguard"), run("%memguard free")
assert "gone" in run(whether)
came_back = before - memory()
assert came_back > 0.95 * 800_000_000, came_back
"""


def main(suites: list[str]) -> int:
    """Play it; 0 if every step did what README says."""
    times: list[str] = []

    def took(step: str, began: float) -> None:
        times.append(step)
        print(f"| {step} | {time.monotonic() - began:.0f} s |", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "jupyter-memguard"
        began = time.monotonic()
        subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
        took("clone", began)
        port = free_port()
        options = [f"--port={port}", "--no-browser", f"--IdentityProvider.token={TOKEN}"]
        began = time.monotonic()
        with (Path(folder) / "demo.log").open("w+") as log:
            demo = subprocess.Popen(
                ["python3", "scripts/demo.py", *options],
                cwd=clone,
                env=outside(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                wait_for(demo, port)
                took("`python3 scripts/demo.py`, until JupyterLab answers", began)
                began = time.monotonic()
                python = clone / ".venv" / ("Scripts" if WINDOWS else "bin") / "python"
                subprocess.run([python, "-c", MAIN_JOB, str(port), TOKEN], check=True)
                took("show, delete and free the array", began)
            finally:
                if demo.poll() is None:
                    os.killpg(demo.pid, signal.SIGTERM)
                demo.wait()
                log.seek(0)
                end = log.read()[-2000:]
                if len(times) < len(("clone", "demo", "job")):
                    print(end)
        began = time.monotonic()
        done = subprocess.run(
            ["python3", "scripts/test.py", *suites], cwd=clone, env=outside(), check=False
        )
        took(f"`{' '.join(['python3 scripts/test.py', *suites])}`", began)
    return done.returncode


def outside() -> dict[str, str]:
    """The variables of somebody who has never heard of this checkout."""
    own = str(ROOT)
    paths = [path for path in os.environ["PATH"].split(os.pathsep) if not path.startswith(own)]
    kept = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    return {**kept, "PATH": os.pathsep.join(paths)}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
    return port


def wait_for(demo: subprocess.Popen[bytes], port: int) -> None:
    """Wait until the demo's server answers."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    address = f"http://127.0.0.1:{port}/api/status?token={TOKEN}"
    while time.monotonic() < deadline:
        if demo.poll() is not None:
            sys.exit(f"the demo ended with {demo.returncode}")
        try:
            with urllib.request.urlopen(address, timeout=10):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    sys.exit("JupyterLab did not answer")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
