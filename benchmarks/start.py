"""What a kernel's start costs with us, against a kernel without us, as figures and ratios.

    python benchmarks/start.py [--times 20] [--other NAME=FILE ...]

Each row is a message in a fresh kernel of this environment, after the kernel has answered to its
first request; the kernels of all rows take turns, so that a busy machine slows all of them alike.
Told are the median bytes on the wire, milliseconds from sending to the answer, milliseconds of
the kernel's own processor time (its comm's opening included), and growth of RSS. The row `pass`
is a message that does nothing; the figures in brackets are those beyond it.

- `core, sent`: the guard is off and nobody looks; the kernel's environment has no such package.
- `core, imported`: as before, and the kernel's environment has the same build of it.
- `whole, sent` and `whole, imported`: the guard is in the mode `large`.

`--other` adds another message, such as another version's: a file with the JSON of an object with
`code` and, if need be, `user_expressions`.
"""

from __future__ import annotations

import argparse
import compileall
import json
import statistics
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any, NamedTuple

import psutil
from jupyter_client.manager import KernelManager

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "scripts"))

import kernel_bundle

PATIENCE_S = 60.0
PROCESSOR_TIME = "__import__('time').process_time_ns()"
OPTIONS = {"silent": True, "store_history": False, "allow_stdin": False, "stop_on_error": False}


class Cost(NamedTuple):
    """What one message cost."""

    wire_bytes: int
    answer_ms: float
    processor_ms: float
    rss_kib: float


def expression(digest: str, mode: str) -> str:
    """Return what installs a build with this digest, and its guard in a mode."""
    core, engine = kernel_bundle.stages()
    head, tail = kernel_bundle.expression(core, digest)
    values = {
        "OPTIONS_JSON": json.dumps({"guard": {"mode": mode}}),
        "ENGINE": "" if mode == "off" else kernel_bundle.packed(engine),
    }
    return str(head + json.dumps(values) + tail)


def message(installing: str) -> dict[str, Any]:
    """Return the message that has the expression."""
    return {"code": "pass", "user_expressions": {"memguard": installing}}


def messages(others: list[str]) -> dict[str, dict[str, Any]]:
    """Return what each row's message has: its code and its expressions."""
    # The installed copy as pip leaves it: with the build's digest, and compiled.
    kernel_bundle.main()
    compileall.compile_dir(kernel_bundle.KERNEL, quiet=1)
    own = kernel_bundle.bundle()[0]["digest"]
    found: dict[str, dict[str, Any]] = {"pass": {"code": "pass"}}
    for stage, mode in (("core", "off"), ("whole", "large")):
        found[f"{stage}, sent"] = message(expression("another build", mode))
        found[f"{stage}, imported"] = message(expression(own, mode))
    for other in others:
        name, _, path = other.partition("=")
        found[name] = json.loads(Path(path).read_text())
    return found


def cost(content: dict[str, Any]) -> Cost:
    """Start a kernel, send it the message, open the comm, and return what that cost."""
    manager = KernelManager()
    # Not in this folder: a package beside the notebook is not taken for an installed one.
    manager.start_kernel(
        extra_arguments=["--HistoryManager.enabled=False"], cwd=tempfile.gettempdir()
    )
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=PATIENCE_S)
        process = psutil.Process(manager.provisioner.pid)  # type: ignore[union-attr]
        for _ in range(2):  # the first request imports what each kernel needs for one
            before = _processor_ns(client)
        rss = process.memory_info().rss
        began = time.perf_counter()
        _answer(client, content)
        answered = time.perf_counter() - began
        _open_comm(client)
        after = _processor_ns(client)
        grown = process.memory_info().rss - rss
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return Cost(len(json.dumps(content)), answered * 1e3, (after - before) / 1e6, grown / 1024)


def _answer(client: Any, content: dict[str, Any]) -> dict[str, Any]:
    sent = client.execute(**content, **OPTIONS)
    while True:
        reply = client.get_shell_msg(timeout=PATIENCE_S)
        if reply["parent_header"].get("msg_id") == sent:
            return dict(reply["content"])


def _processor_ns(client: Any) -> int:
    asked = {"code": "pass", "user_expressions": {"ns": PROCESSOR_TIME}}
    found = _answer(client, asked)["user_expressions"]["ns"]
    return int(found["data"]["text/plain"])


def _open_comm(client: Any) -> None:
    """Open the comm as a page does; a kernel without the target closes it."""
    content = {
        "comm_id": uuid.uuid4().hex,
        "target_name": "jupyter_memguard",
        "data": {"version": 2},
    }
    client.shell_channel.send(client.session.msg("comm_open", content))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--other", action="append", default=[], metavar="NAME=FILE")
    arguments = parser.parse_args()
    rows = messages(arguments.other)
    found: dict[str, list[Cost]] = {name: [] for name in rows}
    for _ in range(arguments.times):
        for name, content in rows.items():
            found[name].append(cost(content))
    base = [statistics.median(column) for column in zip(*found["pass"], strict=True)]
    print(f"medians of {arguments.times} fresh kernels each; in brackets: beyond `pass`")
    print("| message | wire, kB | answer, ms | processor, ms | RSS, KiB |")
    print("| :------ | -------: | ---------: | ------------: | -------: |")
    for name, costs in found.items():
        wire, *rest = [statistics.median(column) for column in zip(*costs, strict=True)]
        cells = [
            f"{value:.1f} (+{value - own:.1f})" for value, own in zip(rest, base[1:], strict=True)
        ]
        print("|", " | ".join([name, f"{wire / 1000:.1f}", *cells]), "|")


if __name__ == "__main__":
    main()
