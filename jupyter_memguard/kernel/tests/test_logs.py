"""Messages that are no requests fill no log of the kernel's, and show nothing in the notebook."""

from __future__ import annotations

import json
from pathlib import Path

from jupyter_memguard.kernel.tests import support
from jupyter_memguard.kernel.tests.support import running_kernel

INVALID = [
    sample["message"]
    for sample in json.loads((Path(__file__).parent / "protocol_samples.json").read_text())[
        "invalid"
    ]
    if "error" in sample and isinstance(sample["message"], dict)
]
MESSAGES = 1000


def sendable(message: object) -> bool:
    """Return whether jupyter_client can send it."""
    return "\\ud" not in json.dumps(message)


def test_a_thousand_bad_messages_write_nothing_into_the_kernels_log(tmp_path: Path) -> None:
    invalid = list(filter(sendable, INVALID))
    assert len(invalid) > 20
    log = tmp_path / "log"
    with log.open("w") as file, running_kernel(stdout=file, stderr=file) as kernel:
        assert kernel.inject() == support.VERSION
        comm = kernel.comm()
        comm.event("hello")
        kernel.messages.clear()
        for number in range(MESSAGES):
            reply = comm.reply(invalid[number % len(invalid)])
            assert not reply["ok"], reply
        assert comm.request("report")["count"] == 0
        # Nor is anything shown in the notebook.
        assert {message["msg_type"] for message in kernel.messages} <= {"status"}
        assert "memguard" not in log.read_text()
        assert len(log.read_text().splitlines()) <= 2, (
            log.read_text()
        )  # ipykernel's own at its start
