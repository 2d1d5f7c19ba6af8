"""What clusters of dask keep in this process: the results that workers have.

A client counts the futures of a key. Workers have the key's result until no client and no task
wants it. What is not where it is looked for is a `LookupError`.
"""

from __future__ import annotations

from types import MemberDescriptorType
from typing import Any
from weakref import ref

from .describe import has_base, instance_dict, library

_class_dict = type.__dict__["__dict__"].__get__
_mro = type.__dict__["__mro__"].__get__


def _living(module: str, name: str) -> list[Any]:
    """Return the instances that a class of dask knows."""
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
    """Return the results that each worker in this process has in memory, by their keys."""
    return [results_of(state) for state in states()]


def is_futures_alone(key: Any) -> bool:
    """Return whether futures of one client are all that a key's result is kept for."""
    if not is_plain(key) or is_wanted_elsewhere(key):
        return False
    clients = _living("distributed.client", "Client")
    return any(dict.__contains__(field(client, "refcount"), key) for client in clients)


def is_wanted_elsewhere(key: Any) -> bool:
    """Return whether a scheduler in this process keeps a result for several, or for a task.

    A queue, a variable and a published dataset of dask are among these.
    """
    for scheduler in _living("distributed.scheduler", "Scheduler"):
        task = _plain_dict(field(scheduler, "tasks")).get(key)
        if task is not None and (len(field(task, "who_wants") or ()) > 1 or field(task, "waiters")):
            return True
    return False


def states() -> list[Any]:
    """Return what each worker in this process knows of its tasks."""
    return [field(worker, "state") for worker in _living("distributed.worker", "Worker")]


def results_of(state: Any) -> dict[Any, Any]:
    """Return a worker's results: all, or those that are not on the disk."""
    data = field(state, "data")
    return data if type(data) is dict else _plain_dict(field(field(data, "fast"), "d"))


def _plain_dict(found: Any) -> dict[Any, Any]:
    if type(found) is not dict:
        raise LookupError
    return found


def field(obj: Any, name: str) -> Any:
    """Return an attribute that is a slot or in the instance's dict; else a `LookupError`."""
    for cls in _mro(type(obj)):
        slot = _own(cls, name)
        if type(slot) is MemberDescriptorType:
            try:
                return slot.__get__(obj)
            except AttributeError as error:  # not set yet
                raise LookupError from error
    return instance_dict(obj)[name]


def is_plain(key: Any) -> bool:
    """Return whether looking a key up runs no code of the user's."""
    if type(key) is tuple:
        return all(map(is_plain, key))
    return type(key) in (str, int, bytes, float)


def _own(cls: Any, name: str) -> Any:
    # A look-up by name could run the code of a key that is no plain text.
    return next(
        (v for key, v in _class_dict(cls).items() if type(key) is str and key == name), None
    )
