"""What other code of a kernel does to what we share: hooks, finders, comms, the collector."""

from __future__ import annotations

import gc
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from jupyter_memguard.kernel import bootstrap, protocol
from jupyter_memguard.kernel.channel import Channel
from jupyter_memguard.kernel.guard import hook
from jupyter_memguard.kernel.retention import paths

if TYPE_CHECKING:
    import pytest

    from jupyter_memguard.kernel.tests.support import Kernel


class Finder:
    """Another package's finder of modules."""

    def find_spec(self, *_: Any) -> None:
        return None


def test_another_finder_before_ours_stays_and_ours_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    ours, other = bootstrap.Texts(), Finder()
    before = list(sys.meta_path)
    with ours.importing():
        sys.meta_path.insert(0, other)
    assert sys.meta_path == [other, *before]


def test_a_finder_that_somebody_took_out_is_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    before = list(sys.meta_path)
    with bootstrap.Texts().importing():
        del sys.meta_path[0]
    assert sys.meta_path == before


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with bootstrap.collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_hook_of_another_kind_is_nobodys() -> None:
    assert hook._patched_class(object) is None


def test_the_dict_of_a_module_is_a_step() -> None:
    assert paths.steps_along([vars(sys), sys], "") == [".__dict__"]


class Comm:
    """A comm as in ipykernel before 7.4."""

    comm_id = "1"

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def send(self, message: Any) -> None:
        self.sent.append(message)

    def on_msg(self, handle: Any) -> None:
        self.handle = handle

    def on_close(self, handle: Any) -> None:
        self.close = handle


def test_a_comm_without_subshells_is_answered_and_a_forked_child_tells_nothing() -> None:
    channel = Channel(SimpleNamespace(), dict, lambda *_: {}, lambda: None)
    comm = Comm()
    channel._on_open(comm, {"content": {"data": {"version": protocol.VERSION}}})
    assert [message["event"] for message in comm.sent] == ["hello"]
    channel._pid = -1
    channel.tell("guard", {})
    assert len(comm.sent) == 1
    answered = {"id": "1", "ok": True}
    channel._find_reply(comm, None, answered)
    assert answered == {"id": "1", "ok": True}


def test_the_installed_copy_answers_where_nothing_was_started(stock: Kernel) -> None:
    stock.run("[1, 2]")
    assert stock.value("__import__('jupyter_memguard.kernel').kernel.report()['count']") == 1


def test_what_is_asked_of_numbers_and_keys_that_hold_nothing_is_nothing(kernel: Kernel) -> None:
    kernel.run("[1, 2]")
    kernel.comm().request("report")
    holders = "__import__('sys').modules['_jupyter_memguard.retention.holders']"
    shell = "get_ipython()"
    assert kernel.value(f"{holders}.retained_under({shell}, 99)") is None
    assert not kernel.value(f"{holders}.is_ipythons({shell}, {shell}.user_ns, 5, None)")


def test_a_final_report_that_has_aged_is_measured_again(kernel: Kernel) -> None:
    kernel.run("[1, 2]")
    comm = kernel.comm()
    assert comm.request("report", budget_ms=5000)["final"]
    survey = "__import__('sys').modules['_jupyter_memguard.reports.survey']"
    assert kernel.value(f"setattr({survey}, '_FRESH_S', -1.0)") is None
    for _ in range(2):
        assert comm.request("overview", budget_ms=5000)["final"]
        assert comm.request("report", budget_ms=5000)["count"] == 1
