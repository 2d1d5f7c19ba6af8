"""JupyterLab's debugger stops where it stops without us."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from jupyter_memguard.kernel.tests.support import PATIENCE_S, VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_memguard.kernel.tests.support import Kernel

CELL = "x = [5]\nx"
INITIALIZE = {
    "clientID": "test",
    "adapterID": "",
    "pathFormat": "path",
    "linesStartAt1": True,
    "columnsStartAt1": True,
}


def ask(kernel: Kernel, command: str, **arguments: Any) -> Any:
    """Send a request as JupyterLab's debugger does; return the answer's body."""
    content = {"type": "request", "seq": 1, "command": command, "arguments": arguments}
    message = kernel.client.session.msg("debug_request", content)
    kernel.client.control_channel.send(message)
    while True:
        reply = kernel.client.get_control_msg(timeout=PATIENCE_S)
        if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
            assert reply["content"]["success"], reply["content"]
            return reply["content"].get("body")


def stops(kernel: Kernel, cell_id: str) -> Iterator[int]:
    """Yield the thread each time that it stops, until the cell has ended."""
    end = time.monotonic() + PATIENCE_S
    while True:
        message = kernel.client.get_iopub_msg(timeout=max(end - time.monotonic(), 0.1))
        content = message["content"]
        if message["msg_type"] == "debug_event" and content["event"] == "stopped":
            yield content["body"]["threadId"]
        is_cells = message["parent_header"].get("msg_id") == cell_id
        if is_cells and message["msg_type"] == "status" and content["execution_state"] == "idle":
            return


@pytest.mark.parametrize("step", ["next", "stepIn"])
def test_a_step_past_a_cells_end_stops_nowhere(stock: Kernel, step: str) -> None:
    kernel = stock
    assert kernel.inject(of_files=False) == VERSION
    comm = kernel.comm()
    comm.request("set_guard", mode="large")
    comm.request("subscribe", cell_end=True)
    ask(kernel, "initialize", **INITIALIZE)
    ask(kernel, "attach")
    path = ask(kernel, "dumpCell", code=CELL)["sourcePath"]
    ask(kernel, "setBreakpoints", source={"path": path}, breakpoints=[{"line": 2}])
    ask(kernel, "configurationDone")
    stood_in = []
    for thread in stops(kernel, kernel.client.execute(CELL)):
        frame = ask(kernel, "stackTrace", threadId=thread)["stackFrames"][0]
        stood_in.append((frame["name"], frame["line"]))
        ask(kernel, step if len(stood_in) == 1 else "continue", threadId=thread)
    assert stood_in == [("<module>", 2)]
