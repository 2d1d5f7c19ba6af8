"""The messages between the browser and the kernel, as docs/protocol.md tells them.

The TypeScript half is src/protocol.ts; tests/protocol_samples.json is read by
the tests of both.
"""

from __future__ import annotations

from typing import Any, Callable, TypedDict

VERSION = 1
TARGET = "jupyter_memguard"
MODES = ("off", "large", "last", "all")
SORTS = ("freed_bytes", "number")
MESSAGE_BYTES = 1_000_000
BAD_REQUEST = "bad_request"
UNKNOWN_METHOD = "unknown_method"
BAD_PARAMS = "bad_params"
VERSION_DIFFERS = "version"
WRONG_THREAD = "wrong_thread"
NO_SHELL = "no_shell"
UNKNOWN_KEY = "unknown_key"
BAD_NAME = "bad_name"
NAME_TAKEN = "name_taken"
INTERNAL = "internal"
ERROR_CODES = (
    BAD_REQUEST,
    UNKNOWN_METHOD,
    BAD_PARAMS,
    VERSION_DIFFERS,
    WRONG_THREAD,
    NO_SHELL,
    UNKNOWN_KEY,
    BAD_NAME,
    NAME_TAKEN,
    INTERNAL,
)
# Integers beyond this are not the same number in JavaScript.
LARGEST_INT = 2**53 - 1
DETAIL_LENGTH = 100


class Refused(Exception):  # noqa: N818 - it is an answer, not a failure
    """A request that is answered with an error code of the protocol."""

    def __init__(self, code: str, detail: str | None = None) -> None:
        """Take one of `ERROR_CODES` and, if it helps, the name of what was wrong."""
        self.code = code
        self.detail = None if detail is None else detail[:DETAIL_LENGTH]
        super().__init__(code if self.detail is None else code + ": " + self.detail)


class Settings(TypedDict):
    """The guard's settings; all sizes in bytes, `keep_last` in results."""

    threshold_bytes: int
    total_bytes: int
    keep_last: int
    shown_bytes: int
    tracebacks: bool


class GuardState(TypedDict):
    """The guard as it is now."""

    mode: str
    settings: Settings
    set: bool
    since_execution: int | None
    on_top: str
    other: str | None
    withheld: int


class Row(TypedDict):
    """One retained object."""

    key: str
    numbers: list[int]
    type: str
    summary: str
    freed_bytes: int
    exact: bool
    notes: list[str]
    estimate_bytes: int | None
    device_bytes: int | None
    holders: list[str]
    variables: list[str]
    shared_with: list[str]
    cell_id: str | None
    execution: int | None
    time: float | None
    source: str | None


class Kept(TypedDict):
    """Bytes and count of something that IPython keeps beside the results."""

    bytes: int
    count: int
    exact: bool


class Report(TypedDict):
    """What is retained."""

    results: list[Row]
    count: int
    freed_bytes_all: int
    exact_all: bool
    notes_all: list[str]
    estimate_bytes_all: int | None
    rss_bytes: int | None
    guard: str
    guard_state: GuardState
    shown: Kept
    tracebacks: Kept
    execution_count: int
    elapsed_ms: float


class StillAlive(TypedDict):
    """Something that a release let go of and that is alive all the same."""

    key: str
    type: str
    freed_bytes: int
    held_by: list[str]


class Released(TypedDict):
    """What a release did; `released` counts objects."""

    before_rss_bytes: int | None
    after_rss_bytes: int | None
    released: int
    still_alive: list[StillAlive]
    elapsed_ms: float


class Part(TypedDict):
    """One part of the process's memory."""

    bytes: int
    exact: bool


class Variable(TypedDict):
    """One of the user's variables."""

    name: str
    type: str
    summary: str
    freed_bytes: int
    exact: bool
    estimate_bytes: int | None
    shared_with: list[str]


class Overview(TypedDict):
    """Where the memory is; each part in addition to those before it."""

    rss_bytes: int | None
    results: Part
    shown: Part
    tracebacks: Part
    variables: Part
    largest: list[Variable]
    elapsed_ms: float


class Explained(TypedDict):
    """Who refers to a retained object; `cut` if the search ran out of time."""

    key: str
    holders: list[str]
    paths: list[list[str]]
    cut: bool


class Shown(TypedDict):
    """One result that the ended cell left behind."""

    key: str
    number: int
    freed_bytes: int
    exact: bool


class Withheld(TypedDict):
    """One result that the guard did not keep."""

    number: int
    type: str
    bytes: int


class CellEnd(TypedDict):
    """What a cell's end left behind."""

    execution_count: int
    cell_id: str | None
    gone: list[int]
    results: list[Shown]
    withheld: list[Withheld]


Check = Callable[[Any], bool]


def _count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= LARGEST_INT


def _number(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value <= LARGEST_INT


def _text(value: Any) -> bool:
    return type(value) is str


def _flag(value: Any) -> bool:
    return type(value) is bool


def _counts(value: Any) -> bool:
    return type(value) is list and all(map(_count, value))


def _texts(value: Any) -> bool:
    return type(value) is list and all(map(_text, value))


GUARD: dict[str, Check] = {
    "mode": lambda value: type(value) is str and value in MODES,
    "threshold_bytes": _count,
    "total_bytes": _count,
    "keep_last": _count,
    "shown_bytes": _count,
    "tracebacks": _flag,
}

# For each method: the check of each parameter, and the parameters that must be there.
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
    "release": ({"keys": _texts, "numbers": _counts, "min_bytes": _count}, ()),
    "release_shown": ({}, ()),
    "release_tracebacks": ({}, ()),
    "set_guard": (GUARD, ("mode",)),
    "overview": ({"budget_ms": _number, "variables": _count}, ()),
    "explain": ({"key": _text, "budget_ms": _number}, ("key",)),
    "rescue": ({"key": _text, "name": _text}, ("key", "name")),
    "subscribe": ({"cell_end": _flag}, ("cell_end",)),
}


def check_params(params: Any, checks: dict[str, Check], needed: tuple[str, ...]) -> dict[str, Any]:
    """Return the parameters if they are right.

    Raises `Refused("bad_params")` with the first wrong name as detail.
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


def check_request(data: Any) -> tuple[str, str, dict[str, Any]]:
    """Return id, method and parameters of a request.

    Raises `Refused` with `bad_request`, `unknown_method` or `bad_params`.
    """
    if (
        type(data) is not dict
        or type(data.get("id")) is not str
        or type(data.get("method")) is not str
    ):
        raise Refused(BAD_REQUEST)
    if data["method"] not in METHODS:
        raise Refused(UNKNOWN_METHOD)
    checks, needed = METHODS[data["method"]]
    return data["id"], data["method"], check_params(data.get("params", {}), checks, needed)
