"""An interrupt never costs a reply, and what was done is told as done."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_memguard.kernel.channel import Channel
from jupyter_memguard.kernel.tests.test_left_behind import at_each_step

if TYPE_CHECKING:
    from jupyter_memguard.kernel.tests.support import Kernel

# A cell after which `interrupted(name, of, before)` interrupts the next call of a function of ours.
SETUP = """
import os, signal, _jupyter_memguard as m
def interrupted(name, of, before=True, only=lambda *args: True):
    module = m._stages.module(of) if type(of) is str else of
    real = getattr(module, name)
    def call(*args, **kwargs):
        if not only(*args):
            return real(*args, **kwargs)
        setattr(module, name, real)
        if before:
            os.kill(os.getpid(), signal.SIGINT)
        result = real(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGINT)
        return result
    setattr(module, name, call)
session = get_ipython()._jupyter_memguard
is_reply = lambda comm, message: 'ok' in message
"""
WHERE = {
    "as the places are changed": "interrupted('put', 'retention.release')",
    "in the search for holders": "interrupted('still_alive', 'releases')",
    "after the search for holders": "interrupted('still_alive', 'releases', before=False)",
    "as the allocators are asked": (
        "interrupted('let_go', m._stages.module('releases').Beginning)"
    ),
    "before the reply is sent": "interrupted('_send', 'channel', only=is_reply)",
    "after the reply is sent": "interrupted('_send', 'channel', before=False, only=is_reply)",
    "as others are told": "interrupted('tell', session.channel)",
}


@pytest.mark.parametrize("where", WHERE)
def test_a_release_is_told_as_done_to_all_pages(kernel: Kernel, where: str) -> None:
    first, second = kernel.comm(), kernel.comm()
    kernel.run(SETUP)
    kernel.run("[5]")
    first.request("report")
    kernel.run(WHERE[where])
    released = first.request("release")
    assert released["released"] == 1
    assert released["after_rss_bytes"]
    if where == "after the reply is sent":
        assert first.receive()["result"] == released  # the same once more
    assert second.event("released") == released
    assert first.request("report")["count"] == 0
    assert kernel.shown("3 + 4") == "7"
    assert kernel.shown("_") == "7"


@pytest.mark.parametrize("method", ["release_shown", "release_tracebacks"])
def test_what_was_shown_and_tracebacks_are_told_as_done(kernel: Kernel, method: str) -> None:
    comm = kernel.comm()
    kernel.run(SETUP)
    kernel.run("print('x' * 10**5)")
    kernel.execute("1 / 0")
    kernel.run("interrupted('still_alive', 'releases')")
    assert comm.request(method)["released"] >= 1
    assert comm.request(method)["released"] == 0


@pytest.mark.parametrize("is_pages", [True, False])
def test_a_release_that_had_not_begun_is_told_as_broken_off(
    kernel: Kernel, *, is_pages: bool
) -> None:
    comm = kernel.comm()
    kernel.run(SETUP)
    kernel.run("[5]")
    # What this one does is not told of the next.
    if is_pages:
        comm.request("release")
    else:
        kernel.run("m.release();")
    kernel.run("[6]")
    kernel.run("interrupted('measure', session.reporter)")
    answer = comm.reply({"id": "1", "method": "release", "params": {}})
    assert answer["error"] == {"code": "internal", "detail": "KeyboardInterrupt"}
    assert kernel.value("list(Out.values())[-1]") == [6]
    assert comm.request("release")["released"] >= 1


def test_a_guard_that_was_being_set_is_set(kernel: Kernel) -> None:
    comm, other = kernel.comm(), kernel.comm()
    kernel.run(SETUP)
    kernel.run("interrupted('weigh_kept', session.guard)")
    state = comm.request("set_guard", mode="large", threshold_bytes=10**5)
    assert (state["mode"], state["on_top"]) == ("large", "us")
    assert other.event("guard")["mode"] == "large"
    kernel.run("[0] * 10**5")
    assert kernel.value("type(Out[3]).__name__") == "Placeholder"


def test_an_interrupt_at_a_cells_beginning_interrupts_the_cell(kernel: Kernel) -> None:
    kernel.comm().request("set_guard", mode="large")
    kernel.run(SETUP)
    kernel.run("import time\ninterrupted('before_cell', session.guard)")
    reply, published = kernel.execute(
        "end = time.monotonic() + 30\nwhile time.monotonic() < end: 1"
    )
    assert reply["ename"] == "KeyboardInterrupt"
    # Once, and in the cell.
    [error] = [message for message in published if message["msg_type"] == "error"]
    assert "while" in "".join(error["content"]["traceback"])
    assert not [message for message in published if message["msg_type"] == "stream"]
    assert kernel.shown("3 + 4") == "7"


def test_an_interrupt_at_a_cells_beginning_interrupts_no_later_cell(kernel: Kernel) -> None:
    kernel.comm().request("set_guard", mode="large")
    kernel.run(SETUP)
    kernel.run("import time\ninterrupted('before_cell', session.guard)")
    kernel.execute("'short'")  # it ends before it is interrupted, or by that
    reply, _published = kernel.execute("time.sleep(4 * m._stages.module('cells').AGAIN_S)")
    assert reply["status"] == "ok"


class FakeComm:
    """Keeps what is sent."""

    comm_id = "1"

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def send(self, message: Any) -> None:
        self.sent.append(message)


@pytest.mark.parametrize("method", ["release", "report", "nonsense", "set_guard"])
def test_every_step_of_a_request_ends_in_a_reply(method: str) -> None:
    answered: list[str] = []

    def answer(name: str, _params: dict[str, Any]) -> Any:
        if name == "done":
            return None
        answered.append(name)
        return {"released": 1}

    channel = Channel(SimpleNamespace(), dict, answer, lambda: None)
    data = {"id": "7", "method": method, "params": {"mode": "off"} if "guard" in method else {}}
    comm = FakeComm()

    def ask() -> None:
        comm.sent.clear()
        answered.clear()
        channel._on_message(comm, {"content": {"data": data}})

    def check(step: int) -> None:
        # An interrupt at the first steps comes as if there had been no message.
        assert comm.sent or (not answered and step < 45), step
        for reply in comm.sent:
            assert reply["id"] == "7"
            assert reply["ok"] is True or reply["error"]["code"] in {"internal", "unknown_method"}

    assert at_each_step(ask, check) > 100
