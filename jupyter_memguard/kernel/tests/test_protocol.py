"""Whatever is sent to the kernel is answered by a typed reply, and costs it nothing."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from jupyter_memguard.kernel import protocol
from jupyter_memguard.kernel.channel import Channel
from jupyter_memguard.kernel.protocol import LARGEST_INT, Refused, check_request, id_of
from jupyter_memguard.kernel.tests import support
from jupyter_memguard.kernel.tests.support import running_kernel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_memguard.kernel.tests.support import Comm, Kernel

SAMPLES = json.loads((Path(__file__).parent / "protocol_samples.json").read_text())
REQUESTS = [
    message
    for kind, messages in SAMPLES["valid"].items()
    if kind.startswith("request.")
    for message in messages
]
ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([2**53 - 1, 2**53, 2**63, -1, 0, 1])
    | st.floats()
    | st.text(st.characters())
    | st.sampled_from(["\ud800", "x" * 200, "\u202e", "__class__", "<b>", ""]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def changed(draw: st.DrawFn) -> Any:
    """Draw a valid request in which something is changed, missing or added; or anything at all."""
    if draw(st.integers(0, 9)) == 0:
        return draw(ANY)
    message = copy.deepcopy(draw(st.sampled_from(REQUESTS)))
    for _ in range(draw(st.integers(1, 2))):
        where = draw(st.sampled_from([message, message["params"]]))
        if type(where) is not dict:
            continue
        name = draw(st.sampled_from(["id", "method", *where, "extra"]) | st.text(max_size=5))
        if draw(st.booleans()) and name in where and name != "params":
            del where[name]
        elif name != "params":
            where[name] = draw(ANY)
        elif draw(st.booleans()):
            return {**message, "params": draw(ANY)}
    return message


def outcome(message: Any) -> Any:
    """Return what a message is read as, or how it is refused."""
    try:
        return check_request(message)
    except Refused as refused:
        return refused


@settings(max_examples=1000, deadline=None)
@given(changed())
def test_any_request_is_taken_or_refused_with_a_code(message: Any) -> None:
    sent = id_of(message)
    assert len(sent) <= protocol.ID_LENGTH
    assert sent.encode() is not None
    found = outcome(message)
    if type(found) is Refused:
        assert found.code in {"bad_request", "unknown_method", "bad_params"}
        assert found.detail is None or len(found.detail) <= protocol.DETAIL_LENGTH
        return
    request_id, method, params = found
    assert (request_id, method, params) == (message["id"], message["method"], message["params"])
    assert request_id == sent
    checks, needed = protocol.METHODS[method]
    assert set(needed) <= set(params) <= set(checks)


class Recorder:
    """A comm that keeps what it is to send, as text in JSON."""

    comm_id = "1"

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.closed = False

    def send(self, message: Any) -> None:
        text = json.dumps(message, allow_nan=False)
        text.encode()
        assert len(text) < protocol.MESSAGE_BYTES
        self.sent.append(json.loads(text))

    def close(self) -> None:
        self.closed = True


@settings(max_examples=500, deadline=None)
@given(changed(), ANY)
def test_any_message_gets_one_reply_that_can_be_sent(message: Any, result: Any) -> None:
    result = json.loads(json.dumps(result).replace("NaN", "0").replace("Infinity", "0"))
    channel = Channel(SimpleNamespace(), dict, lambda *_: {"results": [result]}, lambda: None)
    comm = Recorder()
    channel._on_message(comm, {"content": {"data": message}})
    [reply] = comm.sent
    assert reply["id"] == id_of(message)
    assert reply["ok"] is True or reply["error"]["code"] in support.ERROR_CODES


def test_the_guards_defaults_are_those_of_the_page() -> None:
    schema = json.loads((support.ROOT / "schema" / "plugin.json").read_text(encoding="utf-8"))
    pages = {name: each.get("default") for name, each in schema["properties"].items()}
    assert {
        "threshold_bytes": pages["guardThresholdMiB"] * 2**20,
        "total_bytes": pages["guardTotalMiB"] * 2**20,
        "keep_last": pages["guardKeepLast"],
        "shown_bytes": pages["guardShownMiB"] * 2**20,
        "tracebacks": pages["guardTracebacks"],
    } == protocol.DEFAULTS


def test_numbers_are_taken_up_to_the_largest_and_down_to_nothing() -> None:
    def taken(method: str, **params: Any) -> bool:
        return type(outcome({"id": "1", "method": method, "params": params})) is not Refused

    assert LARGEST_INT == 9_007_199_254_740_991  # JavaScript's Number.MAX_SAFE_INTEGER
    assert taken("release", min_bytes=LARGEST_INT)
    assert taken("release", min_bytes=0)
    assert taken("report", budget_ms=0)
    assert taken("report", budget_ms=0.0)
    assert taken("report", budget_ms=LARGEST_INT)
    assert taken("report", numbers=[0, LARGEST_INT])
    for method, params in (
        ("release", {"min_bytes": LARGEST_INT + 1}),
        ("release", {"min_bytes": -1}),
        ("report", {"budget_ms": LARGEST_INT + 1}),
        ("report", {"budget_ms": -0.001}),
        ("report", {"budget_ms": float("nan")}),
        ("report", {"budget_ms": float("inf")}),
        ("report", {"budget_ms": True}),
        ("report", {"numbers": [0, LARGEST_INT + 1]}),
    ):
        assert not taken(method, **params), (method, params)


def test_a_request_of_more_than_a_megabyte_is_refused() -> None:
    long = "x" * (protocol.MESSAGE_BYTES + 1)
    for method, params in (
        ("release", {"keys": [long]}),
        ("release", {"keys": ["r1"] * (protocol.MESSAGE_BYTES // 2 + 1)}),
        ("release", {"numbers": [1] * (protocol.MESSAGE_BYTES + 1)}),
        ("explain", {"key": long}),
        ("load_engine", {"digest": "", "text": long}),
        ("report", {long: 1}),
    ):
        refused = outcome({"id": "1", "method": method, "params": params})
        assert refused.code == "bad_params"
        assert len(refused.detail) <= protocol.DETAIL_LENGTH
    assert outcome({"id": "1", "method": long, "params": {}}).code == "unknown_method"


def test_exactly_a_megabyte_is_taken() -> None:
    most = 1_000_000
    for method, params in (
        ("release", {"keys": ["x" * (most // 2)] * 2}),
        ("release", {"numbers": [1] * most}),
        ("explain", {"key": "x" * most}),
    ):
        assert outcome({"id": "1", "method": method, "params": params})[1:] == (method, params)


class Text(str):
    __slots__ = ()


class Number(int):
    pass


OF_NO_TYPE: list[Any] = [None, -1, -0.5, Text("off"), Number(1), ("off",), {}, [None], b"off"]


@pytest.mark.parametrize(
    ("method", "name", "good", "bad"),
    [
        ("release", "min_bytes", [0, 5], [0.5, True, "5", []]),
        ("report", "budget_ms", [0, 5, 0.5], [True, "5", []]),
        ("explain", "key", ["", "x"], [0, True, []]),
        ("subscribe", "cell_end", [True, False], [0, 1, "", []]),
        ("report", "numbers", [[], [1, 2]], [0, "", True, [1, -1], ["x"], [True]]),
        ("joint", "keys", [[], ["x", "y"]], [0, "", True, ["x", 1], [Text("x")]]),
        ("set_guard", "mode", ["off", "large", "last", "all"], ["", "x", 0, []]),
        ("report", "sort", ["freed_bytes", "number"], ["", "x", 0, []]),
    ],
)
def test_each_parameter_is_of_its_own_type(
    method: str, name: str, good: list[Any], bad: list[Any]
) -> None:
    check = protocol.METHODS[method][0][name]
    assert list(map(check, good)) == [True] * len(good)
    assert [value for value in [*bad, *OF_NO_TYPE] if check(value)] == []


def test_the_first_wrong_parameter_is_named_and_its_name_is_cut() -> None:
    for params, detail in (
        ({"mode": "all", "total_bytes": -1, "tracebacks": 5}, "total_bytes"),
        ({"total_bytes": -1}, "mode"),
        ({"mode": "none"}, "mode"),
        ({"mode": "all", "x" * 101: 1}, "x" * 100),
        ([], None),
    ):
        refused = outcome({"id": "1", "method": "set_guard", "params": params})
        assert (refused.code, refused.detail) == ("bad_params", detail)
        assert str(refused) == ("bad_params" if detail is None else f"bad_params: {detail}")
    required = {name: needed for name, (_, needed) in protocol.METHODS.items() if needed}
    assert required == {
        "joint": ("keys",),
        "set_guard": ("mode",),
        "explain": ("key",),
        "explain_variable": ("name",),
        "rescue": ("key", "name"),
        "load_engine": ("digest", "text"),
        "subscribe": ("cell_end",),
    }


@pytest.mark.parametrize(
    "message",
    [
        [],
        None,
        {},
        {"id": "1"},
        {"id": 1, "method": "report", "params": {}},
        {"id": "1", "method": b"report", "params": {}},
        {"method": "report", "params": {}},
    ],
)
def test_what_is_no_request_is_refused_as_a_whole(message: Any) -> None:
    refused = outcome(message)
    assert (refused.code, refused.detail, str(refused)) == ("bad_request", None, "bad_request")
    assert id_of(message) == ("1" if type(message) is dict and message.get("id") == "1" else "")


def test_the_numbers_of_the_protocol_are_those_of_the_page() -> None:
    assert (protocol.VERSION, protocol.MESSAGE_BYTES) == (3, 1_000_000)
    assert (protocol.ID_LENGTH, protocol.DETAIL_LENGTH) == (100, 100)


def test_an_id_is_sent_back_as_it_is_or_refused() -> None:
    for good in ("", "x" * protocol.ID_LENGTH, "\u202e<b>\x00\U0001f600", "\ud7ff\ue000"):
        assert check_request({"id": good, "method": "report", "params": {}})[0] == good
        assert id_of({"id": good}) == good
    for bad in (
        "x" * (protocol.ID_LENGTH + 1),
        "\ud800",
        "a\udfff",
        "\udabc",
        None,
        7,
        b"x",
        ["x"],
    ):
        with pytest.raises(Refused, match="bad_request"):
            check_request({"id": bad, "method": "report", "params": {}})
        assert id_of({"id": bad}) == ""


def test_a_request_without_parameters_says_so() -> None:
    with pytest.raises(Refused, match="bad_params"):
        check_request({"id": "1", "method": "report"})


@pytest.mark.parametrize("version", [True, 3.0, "3", None, [3], 2, 4, -3])
def test_a_comm_of_another_version_is_closed(version: Any) -> None:
    channel, comm = Channel(SimpleNamespace(), dict, lambda *_: None, lambda: None), Recorder()
    channel._on_open(comm, {"content": {"data": {"version": version}}})
    assert comm.closed
    assert comm.sent == [{"event": "hello", "data": {}}]


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[tuple[Kernel, Comm]]:
    """Start one kernel for all messages, which has something to report."""
    with running_kernel() as kernel:
        assert kernel.inject() == support.VERSION
        kernel.run("kept = [[n] for n in range(100)]; kept")
        kernel.run("del kept")
        yield kernel, kernel.comm()


def no_nan(value: Any) -> Any:
    """Return what JSON can hold of a value."""
    if type(value) is float and (value != value or abs(value) == float("inf")):  # noqa: PLR0124
        return 0
    if type(value) is dict:
        return {key: no_nan(item) for key, item in value.items()}
    return list(map(no_nan, value)) if type(value) is list else value


def sendable(value: Any) -> bool:
    """Return whether the test's own client can send it."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@given(message=changed().map(no_nan).filter(sendable))
def test_a_real_kernel_answers_whatever_is_sent(fuzzed: tuple[Kernel, Comm], message: Any) -> None:
    _kernel, comm = fuzzed
    if type(message) is dict and type(message.get("params")) is dict:
        # It would take its time.
        message["params"].pop("budget_ms", None)
    reply = comm.reply(message)
    assert reply["id"] == id_of(message)
    assert reply["ok"] or reply["error"]["code"] in support.ERROR_CODES - {"internal"}, reply
    assert comm.request("subscribe", cell_end=False) == {}
    comm.events.clear()


def test_a_kernel_stays_as_it_was_after_messages_that_are_none(
    fuzzed: tuple[Kernel, Comm],
) -> None:
    kernel, _comm = fuzzed
    for content in ({}, {"data": None}, {"comm_id": "no such comm", "data": {}}):
        kernel.send("comm_msg", content)
    kernel.send("comm_open", {"comm_id": "odd", "target_name": support.TARGET, "data": [1]})
    kernel.send("comm_close", {"comm_id": "no such comm", "data": {}})
    assert kernel.shown("1 + 1") == "2"
    assert kernel.comm().request("report")["execution_count"] > 1
