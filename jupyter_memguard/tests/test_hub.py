"""A real JupyterHub: who may ask a person's server for their kernels' memory."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psutil
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE_S = 120.0
# The hub's own proxy is a program for Node.js. The test asks the servers themselves, so it needs
# to know where they are and no more.
CONFIG = """
import json, sys
from pathlib import Path
from jupyterhub.proxy import Proxy
folder = Path({folder!r})

class Written(Proxy):
    should_start = False
    routes = {{}}

    async def add_route(self, routespec, target, data):
        self.routes[routespec] = {{"routespec": routespec, "target": target, "data": data}}
        targets = {{routespec: route["target"] for routespec, route in self.routes.items()}}
        (folder / "routes.new").write_text(json.dumps(targets))
        (folder / "routes.new").rename(folder / "routes.json")

    async def delete_route(self, routespec):
        self.routes.pop(routespec, None)

    async def get_all_routes(self):
        return self.routes

c = get_config()
c.JupyterHub.proxy_class = Written
c.JupyterHub.bind_url = "http://127.0.0.1:{ports[0]}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{ports[1]}"
c.JupyterHub.db_url = f"sqlite:///{{folder / 'hub.sqlite'}}"
c.JupyterHub.cookie_secret_file = str(folder / "cookie_secret")
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(folder / "{{username}}")
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.args = ["--allow-root", "--ServerApp.jpserver_extensions=jupyter_memguard=True"]
c.Spawner.start_timeout = c.Spawner.http_timeout = 120
c.JupyterHub.services = [{{"name": "test", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [{{
    "name": "test", "services": ["test"],
    "scopes": ["admin:users", "admin:servers", "tokens", "shares"],
}}, {{"name": "user", "scopes": ["self", "shares!user"]}}]
"""
TOKEN = "0123456789abcdef" * 2


def asked(url: str, token: str | None, method: str = "GET", body: Any = None) -> tuple[int, Any]:
    """Send a request; return the status and the answer's JSON."""
    headers = {} if token is None else {"Authorization": f"token {token}"}
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, method=method, headers=headers, data=data)  # noqa: S310 - http, ours
    try:
        with urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except HTTPError as error:
        error.close()
        return error.code, None


class Hub:
    """A hub with servers of people."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.api = f"http://127.0.0.1:{port}/hub/api"

    def ask(self, path: str, method: str = "POST", body: Any = None) -> Any:
        """Ask the hub, as its administrator."""
        status, answer = asked(f"{self.api}/{path}", TOKEN, method, body)
        assert status < 400, (path, status)
        return answer

    def token(self, name: str, **options: Any) -> str:
        """Return a new token of a person's."""
        found: str = self.ask(f"users/{name}/tokens", body=options)["token"]
        return found

    def start(self, name: str) -> str:
        """Start a person's server; return its address."""
        self.ask(f"users/{name}/server")
        deadline = time.monotonic() + PATIENCE_S
        while not self.ask(f"users/{name}", "GET")["servers"].get("", {}).get("ready"):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        routes = json.loads((self.folder / "routes.json").read_text())
        return f"{routes[f'/user/{name}/']}/user/{name}"


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """Run a hub with the people alice and bob."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [free.getsockname()[1] for free in sockets]
    for free in sockets:
        free.close()
    config = tmp_path / "config.py"
    config.write_text(CONFIG.format(folder=str(tmp_path), ports=ports, token=TOKEN))
    places = ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", str(config)],
            env={**os.environ, **dict.fromkeys(places, str(tmp_path))},
            cwd=tmp_path,
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            deadline = time.monotonic() + PATIENCE_S
            while not listens(ports[1]):
                assert process.poll() is None, (tmp_path / "log").read_text()
                assert time.monotonic() < deadline, (tmp_path / "log").read_text()
                time.sleep(0.05)
            made = Hub(tmp_path, ports[1])
            made.ask("users", body={"usernames": ["alice", "bob"]})
            yield made
        finally:
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
            process.kill()


def test_the_hubs_scopes_decide_as_for_the_servers_own_kernels(hub: Hub) -> None:
    server = hub.start("alice")
    alice = hub.token("alice")
    status, kernel = asked(f"{server}/api/kernels", alice, "POST", {"name": "python3"})
    assert status == 201
    freed = {"before_bytes": 3, "after_bytes": 1, "released": 2}
    ours = [
        ("GET", "jupyter-memguard/kernels", None),
        ("GET", f"jupyter-memguard/kernels/{kernel['id']}/memory", None),
        ("GET", f"jupyter-memguard/kernels/{kernel['id']}/samples", None),
        ("POST", f"jupyter-memguard/kernels/{kernel['id']}/freed", freed),
    ]

    def statuses(token: str | None) -> tuple[set[int], int]:
        found = {asked(f"{server}/{path}", token, verb, body)[0] for verb, path, body in ours}
        return found, asked(f"{server}/api/kernels", token)[0]

    who = {
        "alice": alice,
        "alice, with a token that may not use servers": hub.token(
            "alice", scopes=["read:users!user"]
        ),
        "bob": hub.token("bob"),
        "nobody": None,
        "a stranger": "f" * 32,
    }
    found = {name: statuses(token) for name, token in who.items()}
    assert found.pop("alice") == ({200, 204}, 200)
    assert found == dict.fromkeys(found, ({403}, 403))
    # Whom alice lets into her server may do there what she may.
    hub.ask("shares/alice/", body={"user": "bob"})
    assert statuses(hub.token("bob")) == ({200, 204}, 200)
