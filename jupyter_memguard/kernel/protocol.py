"""The protocol between the browser and the kernel: its names, codes, and checks of requests.

docs/protocol.md describes the messages; messages.py has the types of replies and events. The
browser's half is src/wire/. The tests of both halves read tests/protocol_samples.json.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from .messages import Settings

VERSION = 3
TARGET = "jupyter_memguard"
MODES = ("off", "large", "last", "all")
SORTS = ("freed_bytes", "number")
MESSAGE_BYTES = 1_000_000
ID_LENGTH = 100
BAD_REQUEST = "bad_request"
UNKNOWN_METHOD = "unknown_method"
BAD_PARAMS = "bad_params"
VERSION_DIFFERS = "version"
WRONG_THREAD = "wrong_thread"
NO_SHELL = "no_shell"
UNKNOWN_KEY = "unknown_key"
BAD_NAME = "bad_name"
NAME_TAKEN = "name_taken"
NO_ENGINE = "no_engine"
WRONG_ENGINE = "wrong_engine"
INTERNAL = "internal"
# JavaScript cannot represent all integers beyond this.
LARGEST_INT = 2**53 - 1
DETAIL_LENGTH = 100


class Refused(Exception):  # noqa: N818 - it is an answer, not a failure
    """A request that is answered with an error code of the protocol."""

    def __init__(self, code: str, detail: str | None = None) -> None:
        """Take one of the codes above and, if that helps, the name of the wrong thing."""
        self.code = code
        self.detail = None if detail is None else detail[:DETAIL_LENGTH]
        super().__init__(code if self.detail is None else code + ": " + self.detail)


Check = Callable[[Any], bool]


def _count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= LARGEST_INT


def _number(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= LARGEST_INT


def _text(value: Any) -> bool:
    return type(value) is str and len(value) <= MESSAGE_BYTES


def _id(value: Any) -> bool:
    """Return whether a request's id can be sent back as it is: no lone surrogate can."""
    if type(value) is not str or len(value) > ID_LENGTH:
        return False
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _flag(value: Any) -> bool:
    return type(value) is bool


def _counts(value: Any) -> bool:
    return type(value) is list and len(value) <= MESSAGE_BYTES and all(map(_count, value))


def _texts(value: Any) -> bool:
    return type(value) is list and all(map(_text, value)) and sum(map(len, value)) <= MESSAGE_BYTES


DEFAULTS: Settings = {
    "threshold_bytes": 10 * 2**20,
    "total_bytes": 100 * 2**20,
    "keep_last": 3,
    "shown_bytes": 10 * 2**20,
    "tracebacks": False,
}
"""The guard's settings unless a request names others: sizes in bytes."""

GUARD: dict[str, Check] = {
    "mode": lambda value: type(value) is str and value in MODES,
    "threshold_bytes": _count,
    "total_bytes": _count,
    "keep_last": _count,
    "shown_bytes": _count,
    "tracebacks": _flag,
}

# For each method: the check of each parameter, and the names of the required parameters.
METHODS: dict[str, tuple[dict[str, Check], tuple[str, ...]]] = {
    "report": (
        {
            "numbers": _counts,
            "budget_ms": _number,
            "limit": _count,
            "offset": _count,
            "sort": lambda value: type(value) is str and value in SORTS,
        },
        (),
    ),
    "refine": ({"budget_ms": _number}, ()),
    "joint": ({"keys": _texts, "budget_ms": _number}, ("keys",)),
    "release": ({"keys": _texts, "numbers": _counts, "min_bytes": _count}, ()),
    "release_shown": ({}, ()),
    "release_tracebacks": ({}, ()),
    "set_guard": (GUARD, ("mode",)),
    "overview": ({"budget_ms": _number, "variables": _count}, ()),
    "rest": ({"budget_ms": _number}, ()),
    "explain": ({"key": _text, "budget_ms": _number}, ("key",)),
    "explain_variable": ({"name": _text, "budget_ms": _number}, ("name",)),
    "rescue": ({"key": _text, "name": _text}, ("key", "name")),
    "load_engine": ({"digest": _text, "text": _text}, ("digest", "text")),
    "subscribe": ({"cell_end": _flag}, ("cell_end",)),
}


def check_params(params: Any, checks: dict[str, Check], needed: tuple[str, ...]) -> dict[str, Any]:
    """Return the parameters if each passes its check and none that is `needed` is missing.

    Raises `Refused("bad_params")` with the name of the first wrong parameter as detail.
    """
    if type(params) is not dict:
        raise Refused(BAD_PARAMS)
    for name in needed:
        if name not in params:
            raise Refused(BAD_PARAMS, name)
    for name, value in params.items():
        check = checks.get(name)
        if check is None or not check(value):
            raise Refused(BAD_PARAMS, name)
    return params


def id_of(data: Any) -> str:
    """Return the id of a request, or "" if it has none that can be sent back."""
    found = data.get("id") if type(data) is dict else None
    return str(found) if _id(found) else ""


def check_request(data: Any) -> tuple[str, str, dict[str, Any]]:
    """Check a request, and return its id, its method and its parameters.

    Raises `Refused` with `bad_request`, `unknown_method` or `bad_params`.
    """
    if type(data) is not dict or not _id(data.get("id")) or type(data.get("method")) is not str:
        raise Refused(BAD_REQUEST)
    if data["method"] not in METHODS:
        raise Refused(UNKNOWN_METHOD)
    checks, needed = METHODS[data["method"]]
    return data["id"], data["method"], check_params(data.get("params"), checks, needed)
