"""Real kernels for the tests, and the injection as the browser does it."""

from __future__ import annotations

import json
import os
import tempfile
import threading
import time
import uuid
from contextlib import contextmanager, suppress
from functools import lru_cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from queue import Empty
from subprocess import TimeoutExpired
from typing import TYPE_CHECKING, Any

import psutil
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager
from jupyter_core.utils import ensure_event_loop

from jupyter_memguard.kernel import protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[3]
KERNEL = ROOT / "jupyter_memguard" / "kernel"
# Whether branches are measured: kernels then write down at their end what they have taken.
MEASURED = "COVERAGE_PROCESS_START" in os.environ
NO_FILES = "<frozen jupyter-memguard>/"
TARGET = "jupyter_memguard"
VERSION = 3
PATIENCE_S = 120.0
ERROR_CODES = {
    protocol.BAD_REQUEST,
    protocol.UNKNOWN_METHOD,
    protocol.BAD_PARAMS,
    protocol.VERSION_DIFFERS,
    protocol.WRONG_THREAD,
    protocol.NO_SHELL,
    protocol.UNKNOWN_KEY,
    protocol.BAD_NAME,
    protocol.NAME_TAKEN,
    protocol.NO_ENGINE,
    protocol.WRONG_ENGINE,
    protocol.INTERNAL,
}
# jupyter_client chooses free ports, which another process can take before the kernel does. Names
# of Unix sockets are a kernel's own, so that tests can run beside each other.
TRANSPORT = "tcp" if os.name == "nt" else "ipc"
# A cell with `watch`, which watches what it is given and returns it, and with what tells of that.
WATCH = """
import gc, weakref
import numpy as np
watched = []
def watch(thing):
    watched.append(weakref.ref(thing))
    return thing
"""
EACH_ALIVE = "[seen() is not None for seen in watched]"
ALIVE = f"sum({EACH_ALIVE})"


def _kernel_bundle() -> Any:
    """Import scripts/kernel_bundle.py, which packs what the browser sends."""
    spec = spec_from_file_location("kernel_bundle", ROOT / "scripts" / "kernel_bundle.py")
    assert spec is not None
    assert spec.loader is not None
    found = module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


kernel_bundle = _kernel_bundle()


def injection(
    guard: dict[str, Any] | None = None,
    *,
    core: dict[str, str] | None = None,
    engine: bool = True,
    digest: str = "test",
    of_files: bool = MEASURED,
) -> str:
    """Return the expression in the browser's silent request.

    With the digest of the build a kernel of this environment imports its installed copy; with
    any other it takes the text. With `of_files` what is sent goes by the names of its files, as
    what is measured has to; a debugger then does not step over it.

    The first call parses the code. CPython 3.11.2 fails when two threads parse at once, so a test
    that injects from threads has to call this before.
    """
    stages = packed_stages()
    head, tail = kernel_bundle.expression(stages[0] if core is None else core, digest)
    values = {
        "OPTIONS_JSON": json.dumps({"guard": guard}),
        "ENGINE": kernel_bundle.packed(stages[1]) if engine else "",
    }
    text = str(head + json.dumps(values) + tail)
    return text.replace(NO_FILES, f"{KERNEL}/") if of_files else text


@lru_cache(maxsize=None)
def packed_stages() -> Any:
    """Return the texts of core and engine, made once."""
    return kernel_bundle.stages()


class CellError(Exception):
    """A cell ended with an error."""


class Kernel:
    """A kernel process with a blocking client."""

    def __init__(self, manager: KernelManager) -> None:
        self.manager = manager
        self.client = manager.client()
        self.messages: list[dict[str, Any]] = []
        self.client.start_channels()
        try:
            self._wait_until_it_answers()
        except RuntimeError:
            self.end()
            raise

    def _wait_until_it_answers(self) -> None:
        """Wait for an answer on both channels: `wait_for_ready` sleeps for each kernel."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            asked = self.client.kernel_info()
            try:
                while not _is_idle(self.client.get_iopub_msg(timeout=0.5), asked):
                    pass
                while self.client.get_shell_msg(timeout=0.5)["parent_header"]["msg_id"] != asked:
                    pass
            except Empty:  # it may have answered before iopub was connected
                if not self.manager.is_alive():
                    break
            else:
                return
        raise RuntimeError("the kernel died" if time.monotonic() < end else "no answer")

    def end(self) -> None:
        """Kill the process, and let go of the client's threads and sockets."""
        self.client.stop_channels()
        process = getattr(self.manager.provisioner, "process", None)
        if process is not None:  # the manager would look every 0.1 s whether it has gone
            if MEASURED:
                process.terminate()
                with suppress(TimeoutExpired):
                    process.wait(10)
            process.kill()
            process.wait()
        self.manager.shutdown_kernel(now=True)

    def execute(self, code: str, **options: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """Run code; return the reply's content and the messages published for it."""
        message_id = self.client.execute(code, **options)
        published = []
        while True:
            message = self.client.get_iopub_msg(timeout=PATIENCE_S)
            if message["parent_header"].get("msg_id") != message_id:
                self.messages.append(message)
                continue
            published.append(message)
            if _is_idle(message, message_id):
                break
        self.messages += [m for m in published if m["msg_type"] in ("comm_msg", "comm_close")]
        while True:
            reply = self.client.get_shell_msg(timeout=PATIENCE_S)
            if reply["parent_header"].get("msg_id") == message_id:
                return reply["content"], published

    def run(self, code: str, **options: Any) -> str:
        """Run a cell; return what it printed. Raises `CellError`."""
        reply, published = self.execute(code, **options)
        if reply["status"] != "ok":
            raise CellError("\n".join(reply.get("traceback", [])))
        return "".join(m["content"]["text"] for m in published if m["msg_type"] == "stream")

    def shown(self, code: str) -> str | None:
        """Run a cell; return the text of the result that it shows, if any."""
        reply, published = self.execute(code)
        if reply["status"] != "ok":
            raise CellError("\n".join(reply.get("traceback", [])))
        for message in published:
            if message["msg_type"] == "execute_result":
                return str(message["content"]["data"]["text/plain"])
        return None

    def value(self, expression: str) -> Any:
        """Return a JSON value of an expression, without a trace in the history."""
        code = f"__import__('json').dumps({expression})"
        reply, _ = self.execute("", silent=True, user_expressions={"x": code})
        found = reply["user_expressions"]["x"]
        if found["status"] != "ok":
            raise CellError(str(found))
        return json.loads(json.loads(_literal(found["data"]["text/plain"])))

    def inject(self, guard: dict[str, Any] | None = None, **options: Any) -> int:
        """Inject the code as the browser does; return the protocol version that it reports."""
        reply, published = self.execute(
            "pass",
            silent=True,
            store_history=False,
            allow_stdin=False,
            stop_on_error=False,
            user_expressions={"memguard": injection(guard, **options)},
        )
        assert reply["status"] == "ok", reply
        assert {m["msg_type"] for m in published} <= {"status", "comm_close"}, published
        return int(reply["user_expressions"]["memguard"]["data"]["text/plain"])

    def comm(self, version: int = VERSION, target: str = TARGET) -> Comm:
        return Comm(self, version, target)

    def send(self, message_type: str, content: dict[str, Any]) -> None:
        """Send on the shell channel."""
        message = self.client.session.msg(message_type, content)
        self.client.shell_channel.send(message)

    def next_comm_message(self, comm_id: str) -> dict[str, Any]:
        """Return the next message of a comm, waiting for it."""
        end = time.monotonic() + PATIENCE_S
        while True:
            for index, message in enumerate(self.messages):
                if message["content"].get("comm_id") == comm_id:
                    return self.messages.pop(index)
            left = end - time.monotonic()
            try:
                self.messages.append(self.client.get_iopub_msg(timeout=min(max(left, 0.1), 5)))
            except Empty:
                if left < 0 or not self.manager.is_alive():
                    raise TimeoutError(self._what_it_does()) from None

    def _what_it_does(self) -> str:
        """Say of a kernel that does not answer whether it lives, works or waits."""
        if not self.manager.is_alive():
            return "the kernel died"
        process = psutil.Process(getattr(self.manager.provisioner, "process").pid)  # noqa: B009
        return f"no answer: {process.status()}, {process.cpu_times()}, {process.memory_info()}"


def _is_idle(message: dict[str, Any], asked: str) -> bool:
    """Return whether a message says that a request has been answered."""
    if message["msg_type"] != "status" or message["parent_header"].get("msg_id") != asked:
        return False
    return bool(message["content"]["execution_state"] == "idle")


def _literal(text: str) -> str:
    """Return the JSON of a Python str literal's value."""
    import ast

    return json.dumps(ast.literal_eval(text))


class Comm:
    """A comm as the browser opens it."""

    def __init__(self, kernel: Kernel, version: int = VERSION, target: str = TARGET) -> None:
        self.kernel = kernel
        self.id = uuid.uuid4().hex
        self.events: list[dict[str, Any]] = []
        kernel.send(
            "comm_open",
            {"comm_id": self.id, "target_name": target, "data": {"version": version}},
        )

    def receive(self) -> dict[str, Any]:
        """Return the content of the comm's next message, `comm_close` included."""
        message = self.kernel.next_comm_message(self.id)
        if message["msg_type"] == "comm_close":
            return {"id": None, "closed": True}
        return dict(message["content"]["data"])

    def event(self, name: str) -> Any:
        """Return the data of the next event of this name."""
        while True:
            for index, message in enumerate(self.events):
                if message["event"] == name:
                    return self.events.pop(index)["data"]
            message = self.receive()
            assert "event" in message, message
            self.events.append(message)

    def post(self, data: Any) -> None:
        self.kernel.send("comm_msg", {"comm_id": self.id, "data": data})

    def reply(self, data: Any) -> dict[str, Any]:
        """Send anything; return the reply to it."""
        self.post(data)
        while True:
            message = self.receive()
            if "event" not in message:
                return message
            self.events.append(message)

    def request(self, method: str, **params: Any) -> Any:
        """Send a request; return the result."""
        request_id = uuid.uuid4().hex
        message = self.reply({"id": request_id, "method": method, "params": params})
        assert message["id"] == request_id
        assert message["ok"], message
        return message["result"]

    def close(self) -> None:
        self.kernel.send("comm_close", {"comm_id": self.id, "data": {}})


@contextmanager
def running_kernel(
    *arguments: str, python: Path | None = None, cwd: Path | None = None, **options: Any
) -> Iterator[Kernel]:
    """Start a kernel of this Python environment, or of another, and kill it at the end."""
    spec = None
    if python is not None:
        argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        spec = KernelSpec(argv=argv, display_name="other", language="python")
    with started_kernel(
        spec,
        extra_arguments=list(arguments or ["--HistoryManager.enabled=False"]),
        **options,
        **({} if cwd is None else {"cwd": str(cwd)}),
    ) as kernel:
        yield kernel


@contextmanager
def _no_loop_left() -> Iterator[None]:
    """Close the event loop that jupyter_client makes in a thread, and does not close.

    The loop of the main thread is that of pytest-jupyter, which closes it after each test.
    """
    try:
        yield
    finally:
        if threading.current_thread() is not threading.main_thread():
            ensure_event_loop().close()


@contextmanager
def started_kernel(spec: KernelSpec | None = None, **options: Any) -> Iterator[Kernel]:
    """Start a kernel of a specification, or this environment's, and kill it at the end."""
    # A socket's path must be short.
    with _no_loop_left(), tempfile.TemporaryDirectory(prefix="kernel-") as folder:
        manager = KernelManager(transport=TRANSPORT, connection_file=str(Path(folder, "k.json")))
        if spec is not None:
            manager._kernel_spec = spec
        manager.start_kernel(**options)
        kernel = Kernel(manager)
        try:
            yield kernel
        finally:
            kernel.end()
