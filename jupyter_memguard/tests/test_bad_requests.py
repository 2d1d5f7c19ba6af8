"""What a client may send that is no proper request: it costs nothing, and says nothing."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tornado.httpclient import HTTPClientError

from jupyter_memguard.events import Freed, parse_freed
from jupyter_memguard.routes import parse_time

if TYPE_CHECKING:
    from .conftest import Kernels

BAD_REQUESTS = 250  # of each of four kinds: 1,000
FREED = {"before_bytes": 3, "after_bytes": 1, "released": 2}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


async def answer(kernels: Kernels, kernel_id: str, request: str, rest: bytes = b"") -> bytes:
    """Send bytes to the endpoint `freed`, and return the first bytes of the answer."""
    at = urlsplit(kernels.app.connection_url)
    head = (
        f"POST {at.path}jupyter-memguard/kernels/{kernel_id}/freed HTTP/1.1\r\n"
        f"Host: {at.netloc}\r\nAuthorization: token {kernels.app.identity_provider.token}\r\n"
        f"{request}\r\n\r\n"
    )

    def ask() -> bytes:
        with socket.create_connection((at.hostname, at.port), timeout=60) as connection:
            connection.sendall(head.encode() + rest)
            return connection.recv(1000)

    return await asyncio.to_thread(ask)


async def test_a_large_body_is_refused_by_its_length_before_it_is_sent(kernels: Kernels) -> None:
    kernel_id = await kernels.start()
    for length in ("20000000", "1001", "9" * 18):
        got = await answer(kernels, kernel_id, f"Content-Length: {length}")
        assert got.startswith(b"HTTP/1.1 413 "), (length, got)


async def test_a_body_that_does_not_tell_its_length_is_broken_off(kernels: Kernels) -> None:
    kernel_id = await kernels.start()
    chunk = b"2000\r\n" + b" " * 0x2000 + b"\r\n"
    got = await answer(kernels, kernel_id, "Transfer-Encoding: chunked", chunk)
    assert got.startswith(b"HTTP/1.1 400 "), got


async def test_a_body_in_parts_is_taken(kernels: Kernels) -> None:
    kernel_id = await kernels.start()
    parts = [json.dumps(FREED)[:10], json.dumps(FREED)[10:], ""]
    chunks = "".join(f"{len(part):x}\r\n{part}\r\n" for part in parts)
    got = await answer(kernels, kernel_id, "Transfer-Encoding: chunked", chunks.encode())
    assert got.startswith(b"HTTP/1.1 204 "), got


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({**FREED, "kernel": "x"}).encode(),
        json.dumps({**FREED, "": 1}).encode(),
        b"\xff\xfe",
        b"[" * 1000,
        b'{"before_bytes": 1e400, "after_bytes": 1, "released": 1}',
    ],
)
async def test_a_body_that_is_no_report_is_refused(
    kernels: Kernels, jp_fetch: Any, body: bytes
) -> None:
    kernel_id = await kernels.start()
    with pytest.raises(HTTPClientError) as caught:
        await jp_fetch("jupyter-memguard/kernels", kernel_id, "freed", method="POST", body=body)
    assert caught.value.code == 400
    assert caught.value.response is not None
    assert b"kernel" not in caught.value.response.body  # what a client wrote is not repeated


@pytest.mark.parametrize(
    "since",
    ["1_000", "\u0661\u0662", "\uff11", " 1", "1 ", "+1", "0x1", "1e999", "infinity", "--1", ""],
)
async def test_a_time_is_written_in_ascii_digits(kernels: Kernels, since: str) -> None:
    kernel_id = await kernels.start()
    with pytest.raises(HTTPClientError) as caught:
        await kernels.get(kernel_id, "samples", since=since)
    assert caught.value.code == 400


@pytest.mark.parametrize(("text", "time"), [("0", 0), ("-1.5", -1.5), ("1e3", 1000), ("17.", 17)])
def test_a_time_as_clients_write_it_is_read(text: str, time: float) -> None:
    assert parse_time(text) == time


@settings(max_examples=300, deadline=None)
@given(st.text() | st.from_regex(r"[-+0-9eE._ ]{1,8}"))
def test_any_text_is_a_finite_time_or_none(text: str) -> None:
    found = parse_time(text)
    assert found is None or (abs(found) < float("inf") and text.isascii())


@settings(max_examples=300, deadline=None)
@given(JSON | st.fixed_dictionaries(dict.fromkeys(FREED, JSON)))
def test_any_body_is_a_report_or_refused(body: Any) -> None:
    try:
        found = parse_freed(body)
    except ValueError:
        return
    assert body == vars(found)
    assert isinstance(found, Freed)


async def test_a_thousand_bad_requests_write_what_the_server_says_of_each_and_no_traceback(
    kernels: Kernels, jp_fetch: Any, caplog: pytest.LogCaptureFixture
) -> None:
    ours = f"jupyter-memguard/kernels/{await kernels.start()}"
    post = {"method": "POST", "body": "[1]"}
    for code, path, options in (
        (400, f"{ours}/freed", post),
        (400, f"{ours}/samples", {"params": {"since": "1_000"}}),
        (404, "jupyter-memguard/kernels/none/memory", {}),
        (405, f"{ours}/memory", post),
    ):
        caplog.clear()
        for _ in range(BAD_REQUESTS):
            with pytest.raises(HTTPClientError) as caught:
                await jp_fetch(path, **options)
            assert caught.value.code == code
        told = [record for record in caplog.records if record.levelno >= logging.WARNING]
        assert not [record for record in told if record.exc_info], path
        # Tornado's line, the server's on the error, and its line for each request.
        assert len(told) <= 3 * BAD_REQUESTS, path
        assert max(len(record.getMessage()) for record in told) < 500


# What is no kernel's id, as a path has it.
NO_IDS = ["..", "../..", "%2e%2e", "a/b", "%00", "x" * 5000, "\u202eid", "1", "-1", "*", "' or 1=1"]


@pytest.mark.parametrize("what", ["memory", "samples"])
async def test_tricks_in_the_place_of_an_id_find_nothing(
    kernels: Kernels, jp_fetch: Any, what: str
) -> None:
    await kernels.start()
    for no_id in NO_IDS:
        with pytest.raises(HTTPClientError) as caught:
            await jp_fetch(f"jupyter-memguard/kernels/{quote(no_id, safe='%')}/{what}")
        assert caught.value.code == 404, no_id


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@pytest.mark.usefixtures("kernels")
@given(kernel_id=st.text(min_size=1, max_size=40))
def test_no_text_in_the_place_of_an_id_is_an_error_of_the_server(
    jp_fetch: Any, jp_asyncio_loop: asyncio.AbstractEventLoop, kernel_id: str
) -> None:
    path = quote(kernel_id.encode("utf-8", "replace"), safe="")

    async def ask() -> int:
        try:
            got = await jp_fetch(f"jupyter-memguard/kernels/{path}/memory")
        except HTTPClientError as error:
            return error.code
        return int(got.code)

    assert jp_asyncio_loop.run_until_complete(ask()) in (400, 404)
