"""Kernels that a real Jupyter Kernel Gateway runs."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import psutil
import pytest
import tornado.httpclient
from jupyter_server.gateway.gateway_client import GatewayClient

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .conftest import Kernels


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[str]:
    """Run a gateway; gives its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = tmp_path / "gateway"
    folder.mkdir()
    places = ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "kernel_gateway",
                f"--KernelGatewayApp.port={port}",
                "--JupyterWebsocketPersonality.list_kernels=True",
            ],
            env={**os.environ, **dict.fromkeys(places, str(folder))},
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            deadline = time.monotonic() + 60
            while not listens(port):
                assert process.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < deadline, (folder / "log").read_text()
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
            process.terminate()


@pytest.fixture
def jp_argv(gateway: str) -> Iterator[list[str]]:
    GatewayClient.clear_instance()  # an earlier test's server made one without a gateway
    yield [f"--gateway-url={gateway}"]
    GatewayClient.clear_instance()


async def test_a_gateway_s_kernel_is_reported_as_remote(kernels: Kernels, jp_fetch: Any) -> None:
    kernel_id = await kernels.start()
    reply = await kernels.memory(kernel_id)
    assert reply["reason"] == "remote"
    assert reply["rss_bytes"] is reply["source"] is reply["limit_bytes"] is None
    (listed,) = (await kernels.get())["kernels"]
    assert (listed["id"], listed["reason"], listed["name"]) == (kernel_id, "remote", "python3")
    assert (await kernels.get(kernel_id, "samples"))["samples"] == []
    with pytest.raises(tornado.httpclient.HTTPClientError) as caught:
        await kernels.memory("unknown")
    assert caught.value.code == 404
    freed = {"before_bytes": 2, "after_bytes": 1, "released": 1}
    answer = await jp_fetch(
        "jupyter-memguard/kernels", kernel_id, "freed", method="POST", body=json.dumps(freed)
    )
    assert answer.code == 204
