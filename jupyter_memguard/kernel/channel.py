"""The comms: requests in, replies and events out. docs/protocol.md describes the messages."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from typing import Any, Callable

from .protocol import (
    DETAIL_LENGTH,
    INTERNAL,
    MESSAGE_BYTES,
    TARGET,
    VERSION,
    Refused,
    check_request,
    id_of,
)
from .stages import module

_name_of = type.__dict__["__qualname__"].__get__
LIMIT = 1000
# A subscriber that sends nothing for this many cells counts as gone: many pages go away without
# closing their comm.
SILENT_CELLS = 500
# Requests that are answered again if an interrupt breaks their answer off: else half is done.
AGAIN = ("set_guard", "subscribe")


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

        `hello` returns the data of the event `hello`. `answer` returns the result of a request,
        given its method and its checked parameters. `changed` is called when subscribers have
        come or gone.
        """
        self.shell = shell
        self._hello = hello
        self._result_of = answer
        self._changed = changed
        self._comms: dict[str, Any] = {}
        self._subscribers: dict[str, Any] = {}
        # The number of cells since each subscriber's last message, by comm.
        self._silent: dict[str, int] = {}
        self._opened = self._on_open
        self._pid = os.getpid()

    def register(self) -> None:
        """Register the comm target with the kernel's comm manager, if there is one."""
        manager = _manager(self.shell)
        if manager is not None:
            manager.register_target(TARGET, self._opened)

    def close(self) -> None:
        """Close the comms, and unregister the comm target if it is still ours."""
        for comm in list(self._comms.values()):
            comm.close()
        self._comms.clear()
        self._subscribers.clear()
        self._silent.clear()
        manager = _manager(self.shell)
        if manager is not None and manager.targets.get(TARGET) is self._opened:
            manager.unregister_target(TARGET, self._opened)

    def has_subscribers(self) -> bool:
        """Return whether a comm wants an event at each cell's end."""
        return bool(self._subscribers)

    def count_cell_end(self) -> None:
        """Close the comms of subscribers that sent nothing for too long.

        A page that is still there opens a new comm. Call it only for a cell before which the
        kernel has read all messages.
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
        """Send an event on every comm, or on those of subscribers; never on the comm `but`.

        A forked child has the comms of its parent, and sends nothing on them.
        """
        if os.getpid() != self._pid:
            return
        for comm_id, comm in list((self._subscribers if subscribers else self._comms).items()):
            if comm_id != but:
                # If one comm fails, the others still get the event.
                with suppress(Exception):
                    _send(comm, {"event": event, "data": data})

    def _on_open(self, comm: Any, message: dict[str, Any]) -> None:
        data = message["content"].get("data")
        _send(comm, {"event": "hello", "data": self._hello()})
        version = data.get("version") if type(data) is dict else None
        if type(version) is not int or version != VERSION:
            comm.close()
            return
        self._comms[comm.comm_id] = comm

        def handle(received: dict[str, Any]) -> None:
            self._on_message(comm, received)

        comm.on_msg(handle)
        # The comm's own method would run the user's `pre_execute` and `post_execute` callbacks.
        with suppress(AttributeError):
            comm.handle_msg = handle
        # ipykernel 7.4 would send what is asked to the subshell that was last heard on the comm:
        # to another thread, or to nowhere when the subshell has gone.
        if hasattr(comm, "_reply_subshell_for"):
            comm._reply_subshell_for = lambda _data, named: named  # noqa: SLF001
        comm.on_close(lambda _received: self._on_close(comm.comm_id))

    def _on_close(self, comm_id: str) -> None:
        self._comms.pop(comm_id, None)
        self._subscribers.pop(comm_id, None)
        self._silent.pop(comm_id, None)
        self._changed()

    def _on_message(self, comm: Any, message: dict[str, Any]) -> None:
        self._silent.pop(comm.comm_id, None)
        data = message["content"].get("data")
        reply: dict[str, Any] = {}
        # An interrupt breaks a step off, never the reply. The step is taken again.
        left = [self._tell_others, self._send_reply, self._find_reply]
        while left:
            try:
                while left:
                    left[-1](comm, data, reply)
                    left.pop()
            except KeyboardInterrupt:  # noqa: PERF203
                continue

    def _find_reply(self, comm: Any, data: Any, reply: dict[str, Any]) -> None:
        if "ok" in reply:
            return
        is_again = "id" in reply
        try:
            own_id, method, params = check_request(data)
            result = None
            if method.startswith("release"):
                # What this release has done before it was broken off, and no earlier one.
                result = self._result_of("done", {"forget": not is_again})
            reply["id"] = own_id
            if not is_again or method in AGAIN:
                result = self._answer(comm, method, params)
            elif result is None:
                raise Refused(INTERNAL, KeyboardInterrupt.__name__)  # noqa: TRY301
            reply.update(ok=True, result=result)
        except Refused as refused:
            error = {"code": refused.code}
            if refused.detail is not None:
                error["detail"] = refused.detail
            reply.update(id=id_of(data), ok=False, error=error)
        except Exception as error:  # noqa: BLE001 - the reply has it as a code
            # Nothing is imported for it: that may be what has failed.
            detail = str.__str__(_name_of(type(error)))[:DETAIL_LENGTH]
            reply.update(id=id_of(data), ok=False, error={"code": INTERNAL, "detail": detail})

    def _send_reply(self, comm: Any, _data: Any, reply: dict[str, Any]) -> None:
        _send(comm, reply)

    def _tell_others(self, comm: Any, data: Any, reply: dict[str, Any]) -> None:
        if reply["ok"] and data["method"].startswith("release"):
            self.tell("released", reply["result"], but=comm.comm_id)

    def _answer(self, comm: Any, method: str, params: dict[str, Any]) -> Any:
        if method == "subscribe":
            if params["cell_end"]:
                self._subscribers[comm.comm_id] = comm
            else:
                self._subscribers.pop(comm.comm_id, None)
            self._changed()
        if method == "report":
            params = {"limit": LIMIT, **params}
        return self._result_of(method, params)


def _manager(shell: Any) -> Any:
    """Return the kernel's comm manager, or None; this does not import the package `comm`.

    Before version 6.18, ipykernel does not share its manager with the package `comm`.
    """
    found = getattr(getattr(shell, "kernel", None), "comm_manager", None)
    comm = sys.modules.get("comm")
    return comm.get_comm_manager() if found is None and comm is not None else found


def _send(comm: Any, message: dict[str, Any]) -> None:
    comm.send(message if _fits(message) else module("shortened").shortened(message))


def _fits(message: dict[str, Any]) -> bool:
    """Return whether a message is small enough, and has no lone surrogates in its texts."""
    try:
        json.dumps(message, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return len(json.dumps(message)) < MESSAGE_BYTES
