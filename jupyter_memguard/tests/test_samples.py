"""A kernel's memory over time: what the chart per cell is drawn from."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from typing import TYPE_CHECKING, Any

import pytest
from tornado.httpclient import HTTPClientError

from jupyter_memguard.samples import History, Sample

if TYPE_CHECKING:
    from .conftest import Kernels

FAST = {
    "ServerApp": {"jpserver_extensions": {"jupyter_memguard": True}},
    "Memguard": {"sample_seconds": 0.05},
}
SOON_OVER = {
    "ServerApp": {"jpserver_extensions": {"jupyter_memguard": True}},
    "Memguard": {"sample_seconds": 0.05, "sample_idle_seconds": 1.0},
}


async def samples_until(kernels: Kernels, kernel_id: str, condition: Any) -> list[list[Any]]:
    deadline = time.monotonic() + 60
    while True:
        samples: list[list[Any]] = (await kernels.get(kernel_id, "samples", since=0))["samples"]
        if condition(samples):
            return samples
        assert time.monotonic() < deadline, samples
        await asyncio.sleep(0.05)


async def test_the_first_question_has_a_sample_and_the_server_s_time(kernels: Kernels) -> None:
    kernel_id = await kernels.start()
    memory = await kernels.measured(kernel_id)
    reply = await kernels.get(kernel_id, "samples", since=0)
    ((at, rss_bytes, high_water_bytes),) = reply["samples"]
    assert memory["sampled"] <= at <= reply["now"]
    assert rss_bytes > 10_000_000
    assert high_water_bytes is None or high_water_bytes >= rss_bytes * 0.9


@pytest.mark.parametrize("jp_server_config", [FAST])
async def test_what_a_cell_took_and_gave_back_is_seen_by_the_samples(kernels: Kernels) -> None:
    kernel_id = await kernels.start()
    await kernels.measured(kernel_id)
    (first,) = (await kernels.get(kernel_id, "samples"))["samples"]
    await kernels.run(
        kernel_id,
        "import time\nheld = bytearray(b'x') * 200_000_000\ntime.sleep(0.5)\ndel held",
    )
    ended = time.time()
    samples = await samples_until(kernels, kernel_id, lambda found: found[-1][0] > ended)
    assert max(rss_bytes for _, rss_bytes, _ in samples) - first[1] > 190_000_000
    assert samples[-1][1] - first[1] < 100_000_000
    # The highest mark includes a peak that no sample may have seen.
    assert samples[-1][2] - first[1] > 190_000_000
    times = [at for at, _, _ in samples]
    assert times == sorted(times)
    middle = times[len(times) // 2]
    later = (await kernels.get(kernel_id, "samples", since=middle))["samples"]
    assert min(at for at, _, _ in later) > middle


@pytest.mark.parametrize("jp_server_config", [SOON_OVER])
async def test_sampling_ends_when_nobody_asks_and_begins_again(kernels: Kernels) -> None:
    kernel_id = await kernels.start()
    await kernels.measured(kernel_id)
    await samples_until(kernels, kernel_id, lambda found: len(found) > 2)
    sampler = kernels.app.web_app.settings["jupyter_memguard"].sampler
    deadline = time.monotonic() + 60
    while sampler.running:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
    assert len((await kernels.get(kernel_id, "samples"))["samples"]) == 1
    assert sampler.running


@pytest.mark.parametrize("jp_server_config", [FAST])
async def test_a_restarted_kernel_begins_anew(kernels: Kernels) -> None:
    kernel_id = await kernels.start()
    before = await kernels.measured(kernel_id)
    await samples_until(kernels, kernel_id, lambda found: len(found) > 2)
    await kernels.manager.restart_kernel(kernel_id)
    after = await kernels.until(
        kernel_id, lambda reply: reply["started"] not in (None, before["started"])
    )
    samples = await samples_until(
        kernels, kernel_id, lambda found: found and found[0][0] > after["started"]
    )
    assert samples


@pytest.mark.parametrize("since", ["soon", "nan", "inf"])
async def test_a_time_that_is_none_is_refused(kernels: Kernels, since: str) -> None:
    kernel_id = await kernels.start()
    with pytest.raises(HTTPClientError) as caught:
        await kernels.get(kernel_id, "samples", since=since)
    assert caught.value.code == 400


async def test_looking_on_is_no_activity(kernels: Kernels) -> None:
    kernel_id = await kernels.start()
    await kernels.measured(kernel_id)
    settings = kernels.app.web_app.settings
    long_ago = dt.datetime(2001, 1, 1, tzinfo=dt.timezone.utc)
    settings["api_last_activity"] = long_ago
    kernel = kernels.manager.get_kernel(kernel_id)
    deadline = time.monotonic() + 60
    before = None
    # A new kernel has messages of its own for a while. After them, our requests must not change
    # the time of its last activity.
    while before != kernel.last_activity:
        assert time.monotonic() < deadline
        before = kernel.last_activity
        await kernels.get()
        await kernels.get(kernel_id, "memory")
        await kernels.get(kernel_id, "samples")
    assert settings["api_last_activity"] == long_ago


def test_the_oldest_samples_go_first() -> None:
    history = History(3)
    for at in range(5):
        history.add(Sample(0.0, at, 1, None))
    assert [sample.at for sample in history.since(-1)] == [2, 3, 4]
    assert [sample.at for sample in history.since(3)] == [4]


def test_samples_from_before_the_clock_was_put_back_do_not_stand_after_later_ones() -> None:
    history = History(10)
    for at in (100.0, 101.0, 102.0, 99.0, 100.5):
        history.add(Sample(1.0, at, 1, None))
    assert [sample.at for sample in history.since(0)] == [99.0, 100.5]
