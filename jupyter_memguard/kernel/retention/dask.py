"""What clusters of dask keep in this process: results in workers, and published datasets.

A client counts the futures of a key. Workers have the key's result until no future is left.
"""

from __future__ import annotations

from types import MemberDescriptorType
from typing import Any
from weakref import ref

from .describe import has_base, instance_dict, library

_class_dict = type.__dict__["__dict__"].__get__
_mro = type.__dict__["__mro__"].__get__


def _living(module: str, name: str) -> list[Any]:
    """Return the instances that a class of dask knows; a `LookupError` if it has none of these."""
    names = library(module)
    if names is None:
        return []
    cls = vars(names).get(name)
    if not has_base(type(cls), type):
        raise LookupError
    known = field(_own(cls, "_instances"), "data")
    if type(known) is not set:
        raise LookupError
    found = [reference() for reference in known.copy() if type(reference) is ref]
    return [obj for obj in found if obj is not None]


def workers_results() -> list[dict[Any, Any]]:
    """Return the results that each worker in this process has in memory, by their keys.

    A `LookupError` if they are not where they are looked for.
    """
    return [results_of(state) for state in states()]


def published() -> list[dict[Any, Any]]:
    """Return the datasets that each scheduler in this process keeps by name, if it has any."""
    kept = [
        field(field(scheduler, "extensions")["publish"], "datasets")
        for scheduler in _living("distributed.scheduler", "Scheduler")
    ]
    return [datasets for datasets in kept if datasets]


def is_waited_for(key: Any) -> bool:
    """Return whether a client in this process counts a future of a key."""
    clients = _living("distributed.client", "Client") if is_plain(key) else ()
    return any(key in field(client, "refcount") for client in clients)


def states() -> list[Any]:
    """Return what each worker in this process knows of its tasks."""
    return [field(worker, "state") for worker in _living("distributed.worker", "Worker")]


def results_of(state: Any) -> dict[Any, Any]:
    """Return a worker's results: all, or those that are not on the disk."""
    data = field(state, "data")
    if type(data) is not dict:
        data = field(field(data, "fast"), "d")
    if type(data) is not dict:
        raise LookupError
    return data


def field(obj: Any, name: str) -> Any:
    """Return an attribute that is a slot or in the instance's dict; else a `LookupError`."""
    for cls in _mro(type(obj)):
        slot = _own(cls, name)
        if type(slot) is MemberDescriptorType:
            return slot.__get__(obj)
    return instance_dict(obj)[name]


def is_plain(key: Any) -> bool:
    """Return whether looking a key up runs no code of the user's."""
    parts = key if type(key) is tuple else (key,)
    return all(type(part) in (str, int, bytes, float) for part in parts)


def _own(cls: Any, name: str) -> Any:
    # A look-up by name could run the code of a key that is no plain text.
    return next(
        (v for key, v in _class_dict(cls).items() if type(key) is str and key == name), None
    )
