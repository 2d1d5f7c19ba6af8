"""What operators see: metrics, events, activity, and a second load."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tornado.httpclient import HTTPClientError

import jupyter_memguard
from jupyter_memguard.events import SCHEMA_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jupyter_server.serverapp import ServerApp

    from .conftest import Kernels

QUICK = {
    "ServerApp": {"jpserver_extensions": {"jupyter_memguard": True}},
    "Memguard": {"metrics_seconds": 0.2},
}
USAGE_MESSAGES = {"usage_request", "usage_reply"}


async def metrics(fetch: Any) -> dict[str, float]:
    """Read our metrics as Prometheus does."""
    text = (await fetch("metrics")).body.decode()
    return {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name.startswith("jupyter_memguard") and not sample.name.endswith("_created")
    }


async def report(fetch: Any, kernel_id: str, freed: dict[str, int]) -> None:
    """Report a release to the server as the browser does."""
    answer = await fetch(
        "jupyter-memguard/kernels", kernel_id, "freed", method="POST", body=json.dumps(freed)
    )
    assert answer.code == 204


def listen(app: ServerApp) -> None:
    """Collect our events."""
    events: list[dict[str, Any]] = []

    async def listener(logger: Any, schema_id: str, data: dict[str, Any]) -> None:  # noqa: ARG001
        events.append(data)

    assert app.event_logger is not None
    app.event_logger.add_listener(schema_id=SCHEMA_ID, listener=listener)
    app.web_app.settings["heard_by_the_test"] = events


async def heard(app: ServerApp) -> list[dict[str, Any]]:
    """Give the events that came since."""
    assert app.event_logger is not None
    await app.event_logger.gather_listeners()
    events: list[dict[str, Any]] = app.web_app.settings["heard_by_the_test"]
    return events


@pytest.mark.parametrize("jp_server_config", [QUICK])
async def test_gauges_follow_the_kernels(kernels: Kernels, jp_fetch: Any) -> None:
    first, second = await kernels.start(), await kernels.start()
    await kernels.run(first, "held = bytearray(b'x') * 100_000_000")
    await kernels.measured(second)
    sizes = [(await kernels.memory(each))["rss_bytes"] for each in (first, second)]
    deadline = time.monotonic() + 60
    while True:
        found = await metrics(jp_fetch)
        if (
            found["jupyter_memguard_kernels"] == 2
            and found["jupyter_memguard_kernels_rss_bytes"] > sum(sizes) - 20_000_000
        ):
            break
        assert time.monotonic() < deadline, found
        await asyncio.sleep(0.05)
    assert abs(found["jupyter_memguard_largest_kernel_rss_bytes"] - max(sizes)) < 20_000_000
    assert 0 < found["jupyter_memguard_nearest_limit_ratio"] < 1
    assert (
        found["jupyter_memguard_nearest_limit_used_bytes"]
        < found["jupyter_memguard_nearest_limit_bytes"]
    )


async def test_a_release_is_an_event_without_names_and_is_counted(
    kernels: Kernels, jp_fetch: Any
) -> None:
    kernel_id = await kernels.start()
    listen(kernels.app)
    before = await metrics(jp_fetch)
    freed = {"before_bytes": 900_000_000, "after_bytes": 100_000_000, "released": 3}
    await report(jp_fetch, kernel_id, freed)
    (event,) = await heard(kernels.app)
    assert {key: value for key, value in event.items() if not key.startswith("__")} == freed
    assert kernel_id not in json.dumps(event)
    after = await metrics(jp_fetch)
    assert {name: after[name] - before[name] for name in after if name.endswith("_total")} == {
        "jupyter_memguard_free_memory_total": 1,
        "jupyter_memguard_freed_bytes_total": 800_000_000,
        "jupyter_memguard_released_results_total": 3,
    }


NO_REPORTS = [
    "",
    "no json",
    "[]",
    "{}",
    '{"before_bytes": 1, "after_bytes": 1}',
    '{"before_bytes": -1, "after_bytes": 1, "released": 1}',
    '{"before_bytes": 1.5, "after_bytes": 1, "released": 1}',
    '{"before_bytes": true, "after_bytes": 1, "released": 1}',
    '{"before_bytes": "1", "after_bytes": 1, "released": 1}',
    '{"before_bytes": NaN, "after_bytes": 1, "released": 1}',
    '{"before_bytes": 1, "after_bytes": 1, "released": 1' + "0" * 40 + "}",
]


async def test_a_report_that_is_none_is_refused_and_not_counted(
    kernels: Kernels, jp_fetch: Any
) -> None:
    kernel_id = await kernels.start()
    listen(kernels.app)
    before = await metrics(jp_fetch)
    for body in NO_REPORTS:
        with pytest.raises(HTTPClientError) as caught:
            await jp_fetch("jupyter-memguard/kernels", kernel_id, "freed", method="POST", body=body)
        assert caught.value.code == 400, body
    assert await heard(kernels.app) == []
    name = "jupyter_memguard_free_memory_total"
    assert (await metrics(jp_fetch))[name] == before[name]


async def test_memory_that_grew_meanwhile_counts_as_none_freed(
    kernels: Kernels, jp_fetch: Any
) -> None:
    kernel_id = await kernels.start()
    before = await metrics(jp_fetch)
    freed = {"before_bytes": 1, "after_bytes": 2, "released": 0}
    await report(jp_fetch, kernel_id, freed)
    after = await metrics(jp_fetch)
    name = "jupyter_memguard_freed_bytes_total"
    assert after[name] == before[name]


async def test_loading_twice_changes_nothing(jp_serverapp: ServerApp, jp_fetch: Any) -> None:
    monitor = jp_serverapp.web_app.settings["jupyter_memguard"]
    jupyter_memguard._load_jupyter_server_extension(jp_serverapp)
    assert jp_serverapp.web_app.settings["jupyter_memguard"] is monitor
    answer = await jp_fetch("jupyter-memguard/kernels")
    assert json.loads(answer.body) == {"kernels": []}
    assert "jupyter_memguard_kernels" in await metrics(jp_fetch)


async def test_asking_a_kernel_for_its_memory_is_no_activity(jp_serverapp: ServerApp) -> None:
    manager = jp_serverapp.kernel_manager
    types = manager.untracked_message_types
    assert set(types) >= USAGE_MESSAGES
    assert len(types) == len(set(types))
    assert USAGE_MESSAGES.isdisjoint(type(manager)().untracked_message_types)


class Noted(logging.Handler):
    """The types of messages that the server has seen from its kernels, in order."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.types: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg.startswith("activity on"):
            assert isinstance(record.args, tuple)
            self.types.append(str(record.args[1]))


@pytest.fixture
def noted(kernels: Kernels) -> Iterator[Noted]:
    """Collect what the server notes of each message: it reads them later than a client may."""
    log = kernels.manager.log
    level = log.level
    handler = Noted()
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    yield handler
    log.setLevel(level)
    log.removeHandler(handler)


async def until(holds: Callable[[], bool]) -> None:
    """Wait for a condition, for a minute at most."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def test_a_usage_request_in_mid_cell_leaves_the_kernel_busy(
    kernels: Kernels, noted: Noted, tmp_path: Path
) -> None:
    kernel_id = await kernels.start()
    kernel = kernels.manager.get_kernel(kernel_id)
    answered = tmp_path / "answered"
    client = kernels.client(kernel_id)
    await client.wait_for_ready(timeout=60)
    # The server may be the later of the two to hear a kernel that has just started.
    while "execute_input" not in noted.types:
        await kernels.run(kernel_id, "")
    printed = noted.types.count("stream")  # at the kernel's start
    cell = asyncio.ensure_future(
        kernels.run(
            kernel_id,
            f"""
import os, time
print("begun", flush=True)
while not os.path.exists({str(answered)!r}): time.sleep(0.01)
print("still here", flush=True)
while True: time.sleep(0.01)
""",
        )
    )
    try:
        await until(lambda: noted.types.count("stream") == printed + 1)
        assert kernel.execution_state == "busy"
        request = client.session.msg("usage_request", {})
        client.control_channel.send(request)
        seen = []
        while "idle" not in seen:
            message = await client.get_iopub_msg(timeout=60)
            if message["parent_header"].get("msg_type") == "usage_request":
                seen.append(message["content"].get("execution_state"))
        answered.touch()
        await until(lambda: noted.types.count("stream") == printed + 2)
        assert kernel.execution_state == "busy"
    finally:
        cell.cancel()
        client.stop_channels()


@pytest.mark.parametrize(
    "jp_server_config",
    [
        {
            "ServerApp": {
                "jpserver_extensions": {"jupyter_memguard": True, "jupyterlab": True},
            },
            "LabApp": {"core_mode": True},
        }
    ],
)
async def test_the_page_carries_the_list_to_the_client(jp_serverapp: ServerApp) -> None:
    page = jp_serverapp.web_app.settings["page_config_data"]
    assert set(page["untracked_message_types"]) >= USAGE_MESSAGES


def test_the_front_end_is_found_where_it_is_built() -> None:
    assert jupyter_memguard._jupyter_labextension_paths() == [
        {"src": "labextension", "dest": "jupyter-memguard"}
    ]


async def test_the_dashboard_and_the_notes_name_metrics_that_exist(jp_fetch: Any) -> None:
    exported = set(await metrics(jp_fetch))
    docs = Path(__file__).parents[2] / "docs"
    pattern = re.compile(r"jupyter_memguard_[a-z_]+(?:kernels|bytes|ratio|total)\b")
    dashboard = set(pattern.findall((docs / "grafana-dashboard.json").read_text()))
    notes = set(pattern.findall((docs / "fleet.md").read_text()))
    assert dashboard
    assert dashboard <= exported
    assert notes - {"jupyter_memguard_kernels"} == exported - {"jupyter_memguard_kernels"}
