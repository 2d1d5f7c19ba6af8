"""What workers of dask that run in this process keep for a client that nobody holds any more."""

from __future__ import annotations

import weakref
from types import MemberDescriptorType
from typing import Any, Iterator

from ...retention.describe import instance_dict
from ..hoard import Hoard, Look, Root, own_entry


def find(look: Look) -> Iterator[Hoard]:
    """Yield the results that the workers of this process have in memory."""
    names = look.library("distributed.worker")
    if names is None:
        return
    workers = instance_dict(own_entry(names.Worker, "_instances"))["data"]
    if type(workers) is not set:
        raise LookupError
    roots: list[Root] = []
    count = 0
    for reference in workers.copy():
        kept = _kept(reference()) if type(reference) is weakref.ref else None
        if kept:
            roots.append(Root(kept, 0, emptied=True))
            count += len(kept)
    if roots:
        # The collector may have taken the client already; its cluster lives on in a thread.
        remedy = (
            "import distributed; [each.close() for each in "
            "[*distributed.Client._instances, *distributed.SpecCluster._instances]];"
        )
        yield Hoard("dask", "", roots, count=count, remedy=remedy)


def _kept(worker: Any) -> dict[Any, Any]:
    """Return a worker's dict of results, which can be the quick part of what is spilled to disk."""
    state = instance_dict(worker)["state"]
    slot = own_entry(type(state), "data")
    if type(slot) is not MemberDescriptorType:
        raise LookupError
    data = slot.__get__(state)
    if type(data) is not dict:
        data = instance_dict(instance_dict(data)["fast"])["d"]
    if type(data) is not dict:
        raise LookupError
    return data
