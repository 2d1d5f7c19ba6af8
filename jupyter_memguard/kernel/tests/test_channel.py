"""Requests, replies and events over the comm of a real kernel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_client.jsonutil import json_default

from jupyter_memguard.kernel import messages, protocol
from jupyter_memguard.kernel.protocol import METHODS, Refused, check_request
from jupyter_memguard.kernel.tests import support

if TYPE_CHECKING:
    from jupyter_memguard.kernel.tests.support import Comm, Kernel

SAMPLES = json.loads((Path(__file__).parent / "protocol_samples.json").read_text())
# The shape of each method's result, and of each event's data.
SHAPES: dict[str, Any] = {
    "reply.report": messages.Report,
    "reply.release": messages.Released,
    "reply.release_shown": messages.Released,
    "reply.release_tracebacks": messages.Released,
    "reply.set_guard": messages.GuardState,
    "reply.refine": {"final"},
    "reply.joint": messages.Joint,
    "reply.overview": messages.Overview,
    "reply.rest": messages.Rest,
    "reply.explain": messages.Explained,
    "event.guard": messages.GuardState,
    "event.cell_end": messages.CellEnd,
    "event.released": messages.Released,
    "event.settled": {"before_rss_bytes", "after_rss_bytes"},
}


def valid(prefix: str) -> list[Any]:
    return [
        pytest.param(kind, message, id=f"{kind}-{i}")
        for kind, messages in SAMPLES["valid"].items()
        if kind.startswith(prefix)
        for i, message in enumerate(messages)
    ]


def test_there_are_samples_of_every_message() -> None:
    kinds = set(SAMPLES["valid"])
    assert {f"request.{m}" for m in METHODS} | {f"reply.{m}" for m in METHODS} <= kinds
    events = ("hello", "guard", "cell_end", "released", "settled")
    assert {f"event.{name}" for name in events} <= kinds
    codes = {m["error"]["code"] for m in SAMPLES["valid"]["reply.error"]}
    assert codes == support.ERROR_CODES


@pytest.mark.parametrize(("kind", "message"), valid("request."))
def test_a_valid_request_is_taken(kind: str, message: dict[str, Any]) -> None:
    request_id, method, params = check_request(message)
    assert f"request.{method}" == kind
    assert (request_id, params) == (message["id"], message["params"])


@pytest.mark.parametrize("sample", [s for s in SAMPLES["invalid"] if "error" in s])
def test_an_invalid_request_is_refused_with_its_code(sample: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        check_request(sample["message"])
    error = {"code": refused.value.code, "detail": refused.value.detail}
    assert error == {"detail": None, **sample["error"]}


@pytest.mark.parametrize("kind", SHAPES)
def test_the_samples_have_the_shape_that_the_kernel_declares(kind: str) -> None:
    for message in SAMPLES["valid"][kind]:
        body = message["result"] if "result" in message else message["data"]
        assert set(body) == set(getattr(SHAPES[kind], "__annotations__", SHAPES[kind]))


def test_the_parts_of_a_report_and_an_overview_have_the_shape_that_the_kernel_declares() -> None:
    for message in SAMPLES["valid"]["reply.report"]:
        for row in message["result"]["results"]:
            assert set(row) == set(messages.Row.__annotations__)
        for group in message["result"]["groups"]:
            assert set(group) == set(messages.SharedGroup.__annotations__)
    for message in SAMPLES["valid"]["reply.overview"]:
        for value in message["result"].values():
            if isinstance(value, dict):
                assert set(value) == set(messages.Part.__annotations__)
        for variable in message["result"]["largest"]:
            assert set(variable) == set(messages.Variable.__annotations__)


def test_the_parts_of_the_rest_have_the_shape_that_the_kernel_declares() -> None:
    for message in SAMPLES["valid"]["reply.rest"]:
        assert set(message["result"]["memory"]) == set(messages.RestMemory.__annotations__)
        for hoard in message["result"]["hoards"]:
            assert set(hoard) == set(messages.RestHoard.__annotations__)
        for left_out in message["result"]["left_out"]:
            assert set(left_out) == set(messages.LeftOut.__annotations__)


def shape(value: Any) -> Any:
    """Return the names in a message, to compare it with a sample."""
    return sorted(value) if isinstance(value, dict) else type(value).__name__


def test_the_kernels_replies_look_like_the_samples(kernel: Kernel) -> None:
    kernel.run("cache = {'a': [[1, 2]]}")
    kernel.run("cache['a'][0]")
    comm = kernel.comm()
    assert shape(comm.event("hello")) == shape(SAMPLES["valid"]["event.hello"][0]["data"])
    key = comm.request("report")["results"][0]["key"]
    params: dict[str, dict[str, Any]] = {
        "set_guard": {"mode": "off"},
        "explain": {"key": key},
        "explain_variable": {"name": "cache"},
        "rescue": {"key": key, "name": "rescued"},
        "subscribe": {"cell_end": True},
        "joint": {"keys": [key]},
        "load_engine": {"digest": "test", "text": ""},
    }
    # `release` last: the others need a result.
    for method in sorted(METHODS, key=lambda name: name.startswith("release")):
        result = comm.request(method, **params.get(method, {}))
        sample = SAMPLES["valid"][f"reply.{method}"][0]["result"]
        assert shape(result) == shape(sample), method
    row = kernel.comm().request("report")
    assert row["results"] == []


def test_invalid_messages_get_an_error_and_the_kernel_goes_on(kernel: Kernel) -> None:
    comm = kernel.comm()
    # As a browser does it: jupyter_client's own way cannot send lone surrogates.
    kernel.client.session.pack = lambda each: json.dumps(each, default=json_default).encode()
    for sample in SAMPLES["invalid"]:
        if "error" in sample and isinstance(sample["message"], dict):
            assert comm.reply(sample["message"])["error"] == sample["error"]
    assert comm.request("report")["count"] == 0


def test_the_kernels_own_comm_manager_is_used_where_it_is_not_shared(stock: Kernel) -> None:
    # As in ipykernel before 6.18, where the package `comm` has another or is not there.
    stock.run("import comm; comm.get_comm_manager = None")
    assert stock.inject() == support.VERSION
    assert stock.comm().request("report")["count"] == 0


def test_another_version_gets_ours_and_is_closed(kernel: Kernel) -> None:
    comm = kernel.comm(version=999)
    assert comm.event("hello")["version"] == protocol.VERSION
    assert comm.receive() == {"id": None, "closed": True}


def test_a_row_names_holders_variables_and_the_cell_that_showed_it(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("subscribe", cell_end=True)
    kernel.run("a = b = [1, 2, 3]")
    kernel.run("\n# a comment\na")
    row = comm.request("report")["results"][0]
    assert row["numbers"] == [2]
    assert row["variables"] == ["a", "b"]
    assert row["source"] == "a"
    assert row["time"] is not None
    assert (row["type"], row["summary"]) == ("list", "3 items")
    assert (
        row["holders"]
        == [
            "Out[2]",
            "_2",
            "user_ns_hidden['_2']",
            "_",
            "user_ns_hidden['_']",
            "displayhook._",
        ]
        or row["holders"][-1] == "last_execution_result.result"
    )


def test_new_garbage_that_holds_a_result_does_not_count_as_a_holder(kernel: Kernel) -> None:
    comm = kernel.comm()
    kernel.run("import gc; gc.set_threshold(10**6)\nimport numpy as np\nclass Ring: pass")
    kernel.run("x = np.ones(10**6); x")
    kernel.run(
        "def fail():\n"
        "    local = np.ones(10**6); ring = Ring(); ring.me, ring.held = ring, [local, x]\n"
        "    del ring\n"
        "    1 / 0"
    )
    kernel.execute("try:\n    fail()\nfinally:\n    del x")
    report = comm.request("report", budget_ms=2000)
    assert [row["freed_bytes"] > 8 * 10**6 for row in report["results"]] == [True]
    assert report["tracebacks"]["bytes"] > 8 * 10**6
    overview = comm.request("overview", budget_ms=2000)
    assert overview["results"]["bytes"] > 8 * 10**6
    assert overview["tracebacks"]["bytes"] > 8 * 10**6


def test_the_cells_id_is_reported(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("subscribe", cell_end=True)
    message = kernel.client.session.msg(
        "execute_request",
        {"code": "[5] * 10**5", "silent": False, "store_history": True, "user_expressions": {}},
        metadata={"cellId": "the-cell"},
    )
    kernel.client.shell_channel.send(message)
    event = comm.event("cell_end")
    assert event["cell_id"] == "the-cell"
    assert [r["number"] for r in event["results"]] == [1]
    assert comm.request("report")["results"][0]["cell_id"] == "the-cell"


def test_a_cells_end_reports_what_was_withheld(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("subscribe", cell_end=True)
    comm.request("set_guard", mode="all")
    for cell in ("list(range(1000))", "x = 1", "list(range(10_000))"):
        kernel.run(cell)
    # Small results are not listed.
    event = comm.event("cell_end")
    assert event["execution_count"] == 3
    assert event["results"] == []
    assert event["withheld"][0]["number"] == 3
    assert event["withheld"][0]["bytes"] > 80_000


def cell_ends(comm: Comm, count: int) -> list[tuple[list[int], list[int]]]:
    """Return for each of the next cells' ends the numbers that have gone and those that are new."""
    known: set[int] = set()
    found: list[tuple[list[int], list[int]]] = []
    for _ in range(count):
        end = comm.event("cell_end")
        known.difference_update(end["gone"])
        # A figure for which there was little time may be told again.
        numbers = {shown["number"] for shown in end["results"]}
        found.append((end["gone"], sorted(numbers - known)))
        known |= numbers
    return found


@pytest.mark.parametrize(
    "way", ["%reset -f out", "del Out[2], Out[3], _2, get_ipython().user_ns_hidden['_3']"]
)
def test_a_cells_end_reports_which_results_have_gone(kernel: Kernel, way: str) -> None:
    comm = kernel.comm()
    comm.request("set_guard", mode="large", threshold_bytes=10**8)
    comm.request("subscribe", cell_end=True)
    kernel.run("5")
    for _ in range(2):
        kernel.run("[0] * 10**5")
    kernel.run("del _3, get_ipython().user_ns_hidden['_2']")
    kernel.run(way)
    kernel.run("[0] * 10**5")
    kernel.run("5")
    kernel.run("%xdel _6")
    assert cell_ends(comm, 4) == [([], [2]), ([], [3]), ([2, 3], []), ([], [6])]


def test_a_cells_end_reports_what_the_full_cache_dropped(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("set_guard", mode="last", keep_last=100)
    comm.request("subscribe", cell_end=True)
    kernel.run("get_ipython().displayhook.cache_size = 5")
    for _ in range(6):
        kernel.run("[0] * 10**5")
    assert cell_ends(comm, 6)[4:] == [([], [6]), ([2, 3], [7])]


def test_results_of_a_report_are_announced_as_gone(kernel: Kernel) -> None:
    comm = kernel.comm()
    for _ in range(3):
        kernel.run("[0] * 10**5")
    comm.request("report", sort="number", limit=2)
    comm.request("set_guard", mode="last", keep_last=10)
    comm.request("subscribe", cell_end=True)
    kernel.inject(digest="another")
    again = kernel.comm()
    again.request("subscribe", cell_end=True)
    kernel.run("%reset -f out")
    # The third one was in no report, but a page that begins to listen is told of all.
    assert cell_ends(again, 2) == [([], [1, 2, 3]), ([1, 2, 3], [])]


def test_a_result_that_is_held_elsewhere_has_not_gone(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("subscribe", cell_end=True)
    kernel.run("[0] * 10**5")
    kernel.run("del Out[1], _1")
    kernel.run("del get_ipython().user_ns_hidden['_1']")
    assert cell_ends(comm, 2) == [([], [1]), ([1], [])]


def test_another_object_under_a_number_is_another_result(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("subscribe", cell_end=True)
    kernel.run("[0] * 10**5")
    kernel.run("get_ipython().execution_count = 1")
    kernel.run("[1] * 10**5")
    assert cell_ends(comm, 2) == [([], [1]), ([1], [1])]


def test_without_subscribers_no_event_comes_and_no_callback_stays(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("subscribe", cell_end=True)
    comm.request("subscribe", cell_end=False)
    kernel.run("5")
    callbacks = "sum(map(len, get_ipython().events.callbacks.values()))"
    assert kernel.value(callbacks) == kernel.value(callbacks)
    assert not kernel.value(
        "[e for e, c in get_ipython().events.callbacks.items() if 'memguard' in repr(c)]"
    )
    comm.request("subscribe", cell_end=True)
    comm.close()
    assert not kernel.value(
        "[e for e, c in get_ipython().events.callbacks.items() if 'memguard' in repr(c)]"
    )


def test_a_comm_that_says_nothing_for_many_cells_is_closed(kernel: Kernel) -> None:
    kernel.run("import _jupyter_memguard as m; m._stages.module('channel').SILENT_CELLS = 3")
    kernel.run("m._stages.module('cells').PAUSE_S = 0.0")
    gone, there = kernel.comm(), kernel.comm()
    for comm in (gone, there):
        comm.request("subscribe", cell_end=True)
        comm.events.clear()
    for number in range(3, 8):
        kernel.run("[0] * 10**5")
        assert there.event("cell_end")["execution_count"] == number
        assert there.request("report", limit=0)["count"] > 0
    assert [gone.event("cell_end")["execution_count"] for _ in range(3)] == [3, 4, 5]
    assert gone.receive() == {"id": None, "closed": True}
    callbacks = "[len(c) for c in get_ipython().events.callbacks.values()]"
    kernel.run("5")  # which ends what a report's measurement holds, and its callback
    before = kernel.value(f"sum({callbacks})")
    for _ in range(3):
        kernel.run("5")
    assert there.receive() == {"id": None, "closed": True}
    assert kernel.value(f"sum({callbacks})") == before - 2
    again = kernel.comm()
    again.request("subscribe", cell_end=True)
    kernel.run("[0] * 10**5")
    assert again.event("cell_end")["results"] != []


def test_a_comm_is_not_closed_while_what_it_says_waits_behind_cells(kernel: Kernel) -> None:
    kernel.run("import _jupyter_memguard as m; m._stages.module('channel').SILENT_CELLS = 3")
    # However slow the machine is, this is one run without a pause.
    kernel.run("m._stages.module('cells').PAUSE_S = 1e6")
    comm = kernel.comm()
    comm.request("subscribe", cell_end=True)
    for _ in range(10):
        kernel.client.execute("[0] * 10**5")
    assert comm.request("release")["released"] == 10
    assert [comm.event("cell_end")["execution_count"] for _ in range(10)] == [*range(3, 13)]


def test_other_comms_hear_of_a_release(kernel: Kernel) -> None:
    first, second = kernel.comm(), kernel.comm()
    kernel.run("[5]")
    released = first.request("release")
    assert released["released"] == 1
    assert second.event("released") == released
    assert not [m for m in first.events if m["event"] == "released"]


def test_of_two_pages_that_free_one_row_the_second_is_told_that_it_is_gone(
    kernel: Kernel,
) -> None:
    first, second = kernel.comm(), kernel.comm()
    kernel.run("[5]")
    kernel.run("{6}")
    rows = {row["type"]: row["key"] for row in first.request("report")["results"]}
    assert rows == {row["type"]: row["key"] for row in second.request("report")["results"]}
    ask = {"id": "1", "method": "release", "params": {"keys": [rows["list"]]}}
    # Both are under way before either is answered.
    first.post(ask)
    second.post(ask)
    while (answer := first.receive()).get("id") != "1":
        pass
    while (late := second.receive()).get("id") != "1":
        second.events.append(late)
    assert answer["result"]["released"] == 1
    assert late["error"] == {"code": "unknown_key", "detail": rows["list"]}
    assert second.event("released") == answer["result"]
    assert [row["type"] for row in second.request("report")["results"]] == ["set"]


def test_keys_stay_with_their_objects_and_unknown_ones_are_refused(kernel: Kernel) -> None:
    comm = kernel.comm()
    kernel.run("[5]")
    kernel.run("{6}")
    first = {row["type"]: row["key"] for row in comm.request("report")["results"]}
    kernel.run("(7,)")
    second = {row["type"]: row["key"] for row in comm.request("report")["results"]}
    assert {k: v for k, v in second.items() if k in first} == first
    assert comm.request("release", keys=[first["list"]])["released"] == 1
    third = {row["type"] for row in comm.request("report")["results"]}
    assert third == {"set", "tuple"}
    refused = comm.reply({"id": "1", "method": "release", "params": {"keys": [first["list"]]}})
    assert refused["error"] == {"code": "unknown_key", "detail": first["list"]}
    assert comm.request("report")["count"] == 2


def test_numbers_limit_offset_and_order(kernel: Kernel) -> None:
    comm = kernel.comm()
    for size in (10, 1000, 100):
        kernel.run(f"list(range({size}))")
    by_size = comm.request("report")["results"]
    assert [row["summary"] for row in by_size] == ["1000 items", "100 items", "10 items"]
    by_number = comm.request("report", sort="number", limit=1, offset=1)
    assert [row["numbers"] for row in by_number["results"]] == [[2]]
    assert by_number["count"] == 3
    some = comm.request("report", numbers=[3])
    assert [row["numbers"] for row in some["results"]] == [[3]]
    assert some["freed_bytes_all"] == some["results"][0]["freed_bytes"]


def test_what_shares_memory_is_released_together_above_the_minimum(kernel: Kernel) -> None:
    comm = kernel.comm()
    kernel.run("import numpy as np")
    kernel.run("big = np.ones(10**6); first = big[:5]; first")
    kernel.run("big[5:9]")
    kernel.run("del big, first")
    kernel.run("'small'")
    released = comm.request("release", min_bytes=2**20)
    assert released["released"] == 2
    assert [row["type"] for row in comm.request("report")["results"]] == ["str"]


def test_what_is_still_alive_is_reported_with_its_holder(kernel: Kernel) -> None:
    comm = kernel.comm()
    kernel.run("import numpy as np\nclass Holder: pass\nholder = Holder()")
    kernel.run("df = np.ones(10**6); df")
    kernel.run("holder.kept = {'x': [np.ones(10**6)]}; holder.kept['x'][0]")
    kernel.run("def f():\n    deep = np.ones(10**6)\n    yield deep\ng = f(); next(g)")
    kernel.run("loop = [1, 2]; loop.append(loop); loop")
    kernel.run("del loop")
    alive = {a["key"]: a["held_by"] for a in comm.request("release")["still_alive"]}
    assert list(alive.values()) == [["df"], ["holder.kept['x'][0]"], ["<frame f>"]]


def test_explain_gives_the_path_to_a_name(kernel: Kernel) -> None:
    comm = kernel.comm()
    kernel.run("cache = {'a': [[1, 2]]}")
    kernel.run("cache['a'][0]")
    key = comm.request("report")["results"][0]["key"]
    explained = comm.request("explain", key=key)
    assert explained["paths"] == [["[0]", "['a']", "cache"]]
    assert "Out[2]" in explained["holders"]
    assert explained["cut"] is False


def test_a_variable_is_explained_by_its_names_and_by_who_else_holds_it(kernel: Kernel) -> None:
    comm = kernel.comm()
    kernel.run("df = table = [1, 2]\ncache = {'a': [df]}")
    kernel.run("df")
    for name in ("df", "table"):
        explained = comm.request("explain_variable", name=name)
        assert explained["key"] == name
        assert explained["holders"] == ["df", "table"]
        assert explained["paths"] == [["[0]", "['a']", "cache"]]
        assert not explained["cut"]
    assert comm.request("explain_variable", name="cache")["paths"] == []
    for name in ("_", "Out", "no_such", "_2"):
        reply = comm.reply({"id": "1", "method": "explain_variable", "params": {"name": name}})
        assert reply["error"] == {"code": "unknown_key", "detail": name}


def test_a_variable_is_explained_by_what_holds_it_far_away(kernel: Kernel) -> None:
    kernel.run("import sys\nmine = [1]\nfor _ in range(7): mine_in = [mine if _ == 0 else mine_in]")
    kernel.run("sys.far_away = mine_in; del mine_in")
    explained = kernel.comm().request("explain_variable", name="mine")
    assert explained["paths"] == [["[0]"] * 7 + [".far_away", "sys"]]


def test_rescue_binds_a_new_variable_only(kernel: Kernel) -> None:
    comm = kernel.comm()
    kernel.run("taken = 1")
    kernel.run("[5]")
    key = comm.request("report")["results"][0]["key"]
    for name, code in {
        "taken": "name_taken",
        "In": "name_taken",
        "a b": "bad_name",
        "class": "bad_name",
        "_x": "bad_name",
        "": "bad_name",
        "x" * 1000: "bad_name",
    }.items():
        request = {"id": "1", "method": "rescue", "params": {"key": key, "name": name}}
        assert comm.reply(request)["error"]["code"] == code
    assert comm.request("rescue", key=key, name="kept") == {"name": "kept"}
    assert comm.request("release")["still_alive"][0]["held_by"] == ["kept"]
    assert kernel.value("kept") == [5]


def test_rescue_binds_a_name_that_can_be_typed_and_hides_nothing(kernel: Kernel) -> None:
    comm = kernel.comm()
    kernel.run("[5]")
    key = comm.request("report")["results"][0]["key"]
    request = {"id": "1", "method": "rescue", "params": {"key": key, "name": "print"}}
    assert comm.reply(request)["error"]["code"] == "name_taken"
    name = comm.request("rescue", key=key, name="\u00b5")["name"]
    assert name == "\u03bc"
    assert kernel.shown("\u00b5") == "[5]"
    request = {"id": "1", "method": "rescue", "params": {"key": key, "name": "\u00b5"}}
    assert comm.reply(request)["error"]["code"] == "name_taken"
    request = {"id": "1", "method": "rescue", "params": {"key": key, "name": "\uff3fx"}}
    assert comm.reply(request)["error"]["code"] == "bad_name"


def test_an_overview_tells_results_from_variables_and_from_what_both_hold(kernel: Kernel) -> None:
    comm = kernel.comm()
    kernel.run("import numpy as np\nkept = np.ones(2 * 10**6); both = np.ones(10**6)")
    kernel.run("both")
    kernel.run("np.ones(3 * 10**6)")
    overview = comm.request("overview", budget_ms=5000)
    for part, size in (("results", 24e6), ("shared", 8e6), ("variables", 16e6)):
        assert overview[part]["bytes"] == pytest.approx(size, rel=0.01)
        assert overview[part]["exact"]
    kept, both = overview["largest"][:2]
    assert (kept["name"], both["name"]) == ("kept", "both")
    assert kept["freed_bytes"] == kept["size_bytes"] == pytest.approx(16e6, rel=0.01)
    assert (both["freed_bytes"], both["results"]) == (0, ["Out[2]"])
    assert both["size_bytes"] == pytest.approx(8e6, rel=0.01)
    assert "np" in {v["name"] for v in overview["largest"]}


def test_release_and_guard_are_refused_from_another_thread(kernel: Kernel) -> None:
    kernel.run("import _jupyter_memguard as m, threading\nseen = []")
    kernel.run(
        "def ask():\n"
        "    for call in (m.release, m.release_shown, m.release_tracebacks,\n"
        "                 lambda: m.set_guard('all')):\n"
        "        try: call()\n"
        "        except m.Refused as refused: seen.append(refused.code)\n"
        "thread = threading.Thread(target=ask); thread.start(); thread.join()"
    )
    assert kernel.value("seen") == ["wrong_thread"] * 4


def test_many_large_rows_stay_under_the_limit_of_a_message(kernel: Kernel) -> None:
    comm = kernel.comm()
    kernel.run("shell = get_ipython(); shell.displayhook.cache_size = 10**6")
    kernel.run(
        "def put(n, result): Out[n] = shell.user_ns_hidden['_%d' % n] = result\n"
        "for n in range(20_000): put(10**6 + n, [n])\n"
        "x = Out[10**6]\n"
        "for n in range(20_000): put(2 * 10**6 + n, x)"
    )
    kernel.run("for n in range(3000): globals()['v%d' % n] = x")
    report = comm.request("report", limit=20_000, budget_ms=300)
    assert report["count"] == 20_000
    assert 0 < len(report["results"]) < 20_000
    assert len(json.dumps(report)) < 1_000_000
