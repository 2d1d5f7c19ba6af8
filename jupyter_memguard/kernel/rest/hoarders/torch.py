"""The memory of GPUs that torch keeps for tensors to come, as its own counters tell."""

from __future__ import annotations

from typing import Any, Iterator

from ..hoard import Hoard, Look
from ..native import native_function


def find(look: Look) -> Iterator[Hoard]:
    """Yield the unused cache of each GPU, if CUDA was initialised."""
    cuda, native = look.library("torch.cuda"), look.library("torch._C")
    if cuda is None or cuda._initialized is not True:  # noqa: SLF001
        return
    count_devices = native_function(native._cuda_getDeviceCount)  # noqa: SLF001
    read_counters = native_function(native._cuda_memoryStats)  # noqa: SLF001
    torch, before = look.alias("torch")
    for device in range(count_devices()):
        stats = read_counters(device)
        # What is left of a block of which a part is in use cannot be given back.
        unused = (
            _now(stats, "reserved_bytes")
            - _now(stats, "active_bytes")
            - _now(stats, "inactive_split_bytes")
        )
        if unused > 0:
            yield Hoard(
                "torch",
                f"cuda:{device}",
                remedy=f"{before}{torch}.cuda.empty_cache()",
                bytes=unused,
                part="device",
            )


def _now(stats: dict[str, Any], name: str) -> int:
    return int(stats[name]["all"]["current"])
