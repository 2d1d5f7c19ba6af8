"""dask's futures. A result that workers of this process keep for a key belongs to its futures."""

from __future__ import annotations

from typing import Any

from ...retention.dask import (
    field,
    is_plain,
    is_wanted_elsewhere,
    results_of,
    states,
    workers_results,
)
from .adapter import Adapter, Owned


def _future(obj: Any) -> Owned:
    key, client = field(obj, "key"), field(obj, "_client")
    if field(obj, "_cleared"):
        return Owned()  # it was released, and counts no more
    everywhere = states()
    if client is None or not is_plain(key) or any(key in field(s, "actors") for s in everywhere):
        return Owned(note="opaque")
    users = dict.get(field(client, "refcount"), key, 0)
    found = [state for state in everywhere if key in results_of(state)]
    if not users or not found:
        return Owned()  # there is no result yet, or it is on the disk or in another process
    if is_wanted_elsewhere(key):
        return Owned(note="sharing-unknown")
    if users == 1:
        return Owned(references=[results_of(state)[key] for state in found])
    # Each future has its part of what dask takes the result to have.
    sizes = [field(field(state, "tasks")[key], "nbytes") for state in found]
    likely = sum(size for size in sizes if type(size) is int)
    return Owned(note="opaque", estimate=likely // users)


def _client(module: Any) -> dict[type, Adapter]:
    return {module.Future: Adapter(_future)}


ADAPTERS = {"distributed.client": _client}
NOT_ENTERED = workers_results
