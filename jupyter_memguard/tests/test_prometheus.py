"""A real Prometheus scrapes a real server, and answers what the dashboard asks."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
import subprocess
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tornado.httpclient import AsyncHTTPClient
from tornado.httputil import url_concat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import Kernels

pytestmark = pytest.mark.skipif(
    shutil.which("prometheus") is None or shutil.which("promtool") is None,
    reason="Prometheus is not installed here (Debian: prometheus)",
)

DOCS = Path(__file__).parents[2] / "docs"
QUICK = {
    "ServerApp": {"jpserver_extensions": {"jupyter_memguard": True}},
    "Memguard": {"metrics_seconds": 0.2},
}


def dashboard_queries() -> list[str]:
    """Every expression of the dashboard, for all jobs and instances and the last hour."""
    dashboard = json.loads((DOCS / "grafana-dashboard.json").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            listed = re.fullmatch(r"label_values\((.+), (\w+)\)", variable["query"]["query"])
            assert listed is not None, variable
            asked.append(f"count by ({listed[2]}) ({listed[1]})")
    values = {"$job": ".+", "$instance": ".+", "$__range": "1h"}
    for name, value in values.items():
        asked = [expression.replace(name, value) for expression in asked]
    assert not [expression for expression in asked if "$" in expression]
    return asked


class Prometheus:
    """A Prometheus that scrapes one server."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/api/v1/query"

    async def ask(self, expression: str) -> list[dict[str, Any]]:
        """Evaluate an expression now; no series while it is not up."""
        url = url_concat(self._url, {"query": expression})
        answer = await AsyncHTTPClient().fetch(url, raise_error=False)
        if answer.code == 599:
            return []
        assert answer.code == 200, (expression, answer.body)
        found: list[dict[str, Any]] = json.loads(answer.body)["data"]["result"]
        return found

    async def until(self, expression: str) -> list[dict[str, Any]]:
        """Evaluate an expression until it has a series."""
        deadline = time.monotonic() + 60
        while not (found := await self.ask(expression)):
            assert time.monotonic() < deadline, f"no series: {expression}"
            await asyncio.sleep(0.2)
        return found


@pytest.fixture
def jp_base_url() -> str:
    """As under JupyterHub; Prometheus cannot ask for one with an escaped character."""
    return "/user/ada/"


@pytest.fixture
def prometheus(
    kernels: Kernels, jp_http_port: int, jp_base_url: str, tmp_path: Path
) -> Iterator[Prometheus]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = {
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [
            {
                "job_name": "notebooks",
                "metrics_path": f"{jp_base_url}metrics",
                "authorization": {
                    "type": "token",
                    "credentials": kernels.app.identity_provider.token,
                },
                "static_configs": [{"targets": [f"127.0.0.1:{jp_http_port}"]}],
            }
        ],
    }
    file = tmp_path / "prometheus.yml"
    file.write_text(json.dumps(config))  # JSON is YAML
    command = [
        "prometheus",
        f"--config.file={file}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    with subprocess.Popen(command) as process:
        yield Prometheus(port)
        process.terminate()


@pytest.mark.parametrize("jp_server_config", [QUICK])
async def test_every_query_of_the_dashboard_has_an_answer(
    kernels: Kernels, prometheus: Prometheus
) -> None:
    kernel_id = await kernels.start()
    await kernels.run(kernel_id, "held = bytearray(b'x') * 200_000_000")
    await prometheus.until("jupyter_memguard_kernels == 1")
    await prometheus.until("jupyter_memguard_largest_kernel_rss_bytes > 200e6")
    queries = dashboard_queries()
    assert len(queries) > 10
    for expression in queries:
        await prometheus.until(expression)
    (ratio,) = await prometheus.ask("jupyter_memguard_nearest_limit_ratio")
    assert ratio["metric"]["job"] == "notebooks"
    assert 0 < float(ratio["value"][1]) < 1


@pytest.mark.parametrize(
    ("block", "header", "check"),
    [
        ("- alert:", "groups:\n- name: memory\n  rules:\n", "rules"),
        ("- job_name:", "scrape_configs:\n", "config"),
    ],
)
def test_what_the_notes_give_to_copy_is_valid(
    tmp_path: Path, block: str, header: str, check: str
) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (DOCS / "fleet.md").read_text(), re.DOTALL)
    (text,) = [each for each in blocks if each.startswith(block)]
    # Debian's Prometheus is built without Kubernetes: check only the rules for the pods.
    text = text.replace("kubernetes_sd_configs: [{ role: pod }]", "static_configs: []")
    file = tmp_path / "copied.yml"
    file.write_text(header + textwrap.indent(text, "  "))
    done = subprocess.run(
        ["promtool", "check", check, str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SUCCESS" in done.stdout
