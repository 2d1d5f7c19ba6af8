"""The comm: requests in, replies and events out, as docs/protocol.md tells them."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import Any, Callable

from .protocol import INTERNAL, MESSAGE_BYTES, TARGET, VERSION, Refused, check_request
from .stages import module

LIMIT = 1000
# So many ends of cells before which it was heard a subscriber may say nothing: many pages go away
# without a word.
SILENT_CELLS = 500


class Channel:
    """The open comms of one kernel."""

    def __init__(
        self,
        shell: Any,
        hello: Callable[[], dict[str, Any]],
        answer: Callable[[str, dict[str, Any]], Any],
        changed: Callable[[], None],
    ) -> None:
        """Take the InteractiveShell, and what to call.

        `hello` returns what a page is greeted with, `answer` the result of a request with its
        checked parameters; `changed` is called when subscribers have come or gone.
        """
        self.shell = shell
        self._hello = hello
        self._result_of = answer
        self._changed = changed
        self._comms: dict[str, Any] = {}
        self._subscribers: dict[str, Any] = {}
        # Cells' ends since each subscriber's last message.
        self._silent: dict[str, int] = {}
        self._opened = self._on_open

    def register(self) -> None:
        """Register the comm target with the kernel's comm manager, if there is one."""
        manager = _manager(self.shell)
        if manager is not None:
            manager.register_target(TARGET, self._opened)

    def close(self) -> None:
        """Close the comms and take the target away if it is still ours."""
        for comm in list(self._comms.values()):
            comm.close()
        self._comms.clear()
        self._subscribers.clear()
        self._silent.clear()
        manager = _manager(self.shell)
        if manager is not None and manager.targets.get(TARGET) is self._opened:
            manager.unregister_target(TARGET, self._opened)

    def has_subscribers(self) -> bool:
        """Tell whether a comm wants to hear of each cell's end."""
        return bool(self._subscribers)

    def count_cell_end(self) -> None:
        """Close the comms that have said nothing for too long; a page that is there opens anew.

        To be called for cells before which the kernel heard what was said.
        """
        for comm_id, comm in list(self._subscribers.items()):
            self._silent[comm_id] = self._silent.get(comm_id, 0) + 1
            if self._silent[comm_id] > SILENT_CELLS:
                with suppress(Exception):
                    comm.close()
                self._on_close(comm_id)

    def tell(
        self, event: str, data: Any, *, subscribers: bool = False, but: str | None = None
    ) -> None:
        """Send an event on every comm, or on those of subscribers, except the one named."""
        for comm_id, comm in list((self._subscribers if subscribers else self._comms).items()):
            if comm_id != but:
                # What cannot be told to one is told to the others all the same.
                with suppress(Exception):
                    _send(comm, {"event": event, "data": data})

    def _on_open(self, comm: Any, message: dict[str, Any]) -> None:
        data = message["content"].get("data")
        _send(comm, {"event": "hello", "data": self._hello()})
        if type(data) is not dict or data.get("version") != VERSION:
            comm.close()
            return
        self._comms[comm.comm_id] = comm

        def handle(received: dict[str, Any]) -> None:
            self._on_message(comm, received)

        comm.on_msg(handle)
        # Its own would run the user's callbacks for `pre_execute` and `post_execute`.
        with suppress(AttributeError):
            comm.handle_msg = handle
        comm.on_close(lambda _received: self._on_close(comm.comm_id))

    def _on_close(self, comm_id: str) -> None:
        self._comms.pop(comm_id, None)
        self._subscribers.pop(comm_id, None)
        self._silent.pop(comm_id, None)
        self._changed()

    def _on_message(self, comm: Any, message: dict[str, Any]) -> None:
        self._silent.pop(comm.comm_id, None)
        data = message["content"].get("data")
        request_id = data.get("id") if type(data) is dict else None
        reply: dict[str, Any] = {"id": request_id if type(request_id) is str else ""}
        try:
            _id, method, params = check_request(data)
            reply.update(ok=True, result=self._answer(comm, method, params))
        except Refused as refused:
            error = {"code": refused.code}
            if refused.detail is not None:
                error["detail"] = refused.detail
            reply.update(ok=False, error=error)
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - told as a code
            detail = module("retention.describe").type_name(type(error))
            reply.update(ok=False, error={"code": INTERNAL, "detail": detail})
        _send(comm, reply)
        if reply["ok"] and data["method"].startswith("release"):
            self.tell("released", reply["result"], but=comm.comm_id)

    def _answer(self, comm: Any, method: str, params: dict[str, Any]) -> Any:
        if method == "subscribe":
            if params["cell_end"]:
                self._subscribers[comm.comm_id] = comm
            else:
                self._subscribers.pop(comm.comm_id, None)
            self._changed()
            return {}
        if method == "report":
            params = {"limit": LIMIT, **params}
        return self._result_of(method, params)


def _manager(shell: Any) -> Any:
    """Return the kernel's comm manager, or None; `comm` is not imported for it.

    Before 6.18 ipykernel does not share its own with the package `comm`.
    """
    found = getattr(getattr(shell, "kernel", None), "comm_manager", None)
    comm = sys.modules.get("comm")
    return comm.get_comm_manager() if found is None and comm is not None else found


def _send(comm: Any, message: dict[str, Any]) -> None:
    comm.send(message if _fits(message) else module("shortened").shortened(message))


def _fits(message: dict[str, Any]) -> bool:
    """Return whether the message can be sent as it is: Python's texts may have lone surrogates."""
    try:
        json.dumps(message, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return len(json.dumps(message)) < MESSAGE_BYTES
