"""Subshells come and go; what is asked goes to the main shell, and never vanishes with one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_memguard.kernel.tests.support import Kernel

PATIENCE_S = 60.0


def control(kernel: Kernel, message_type: str, **content: Any) -> dict[str, Any]:
    """Send a request on the control channel; return the content of its reply."""
    message = kernel.client.session.msg(message_type, content)
    kernel.client.control_channel.send(message)
    while True:
        reply = kernel.client.get_control_msg(timeout=PATIENCE_S)
        if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
            return dict(reply["content"])


def run_in(kernel: Kernel, subshell: str, code: str) -> dict[str, Any]:
    """Run a cell in a subshell; return the content of its reply."""
    content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}}
    message = kernel.client.session.msg("execute_request", content)
    message["header"]["subshell_id"] = subshell
    kernel.client.shell_channel.send(message)
    while True:
        reply = kernel.client.get_shell_msg(timeout=PATIENCE_S)
        if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
            return dict(reply["content"])


def test_a_subshell_that_vanishes_takes_no_answer_with_it(kernel: Kernel) -> None:
    comm = kernel.comm()
    comm.request("subscribe", cell_end=True)
    comm.request("set_guard", mode="large", threshold_bytes=10**6)
    for number in (1, 2):
        subshell = control(kernel, "create_subshell_request")["subshell_id"]
        kernel.run("[5]")
        # The event of its cell's end comes from the subshell: it is the last that was heard there.
        assert run_in(kernel, subshell, "[0] * 10**6")["status"] == "ok"
        while not comm.event("cell_end")["withheld"]:
            pass
        if number == 1:
            # Still there, it is not asked in the main shell's place.
            assert comm.request("release")["released"] == 1
            assert run_in(kernel, subshell, "[0] * 10**6")["status"] == "ok"
            while not comm.event("cell_end")["withheld"]:
                pass
        deleted = control(kernel, "delete_subshell_request", subshell_id=subshell)
        assert deleted["status"] == "ok"
        assert comm.request("report")["count"] == number - 1
    assert comm.request("release")["released"] == 1
    assert kernel.shown("3 + 4") == "7"
    assert kernel.shown("_") == "7"


def test_a_message_to_a_subshell_that_has_vanished_costs_nothing(kernel: Kernel) -> None:
    comm = kernel.comm()
    subshell = control(kernel, "create_subshell_request")["subshell_id"]
    control(kernel, "delete_subshell_request", subshell_id=subshell)
    data = {"id": "lost", "method": "report", "params": {}}
    message = kernel.client.session.msg("comm_msg", {"comm_id": comm.id, "data": data})
    message["header"]["subshell_id"] = subshell
    kernel.client.shell_channel.send(message)
    kernel.run("[5]")
    assert comm.request("report")["count"] == 1
    assert comm.request("release")["released"] == 1


def test_the_main_shells_answer_waits_for_no_subshell(kernel: Kernel) -> None:
    comm = kernel.comm()
    kernel.run("import threading\nbusy, go = threading.Event(), threading.Event()")
    subshell = control(kernel, "create_subshell_request")["subshell_id"]
    content = {"code": "busy.set(); go.wait()", "silent": False, "user_expressions": {}}
    message = kernel.client.session.msg("execute_request", content)
    message["header"]["subshell_id"] = subshell
    kernel.client.shell_channel.send(message)
    assert kernel.value("busy.wait(60)")
    assert comm.request("report")["count"] == 0
    assert comm.request("set_guard", mode="all")["mode"] == "all"
    kernel.value("go.set()")
    assert comm.request("release")["released"] == 0
