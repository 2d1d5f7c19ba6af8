"""The shapes of the protocol's replies and events, for type checkers.

Nothing imports this module at run time, and it is not sent to kernels.
"""

from __future__ import annotations

from typing import TypedDict


class Settings(TypedDict):
    """The guard's settings: sizes in bytes, `keep_last` as a number of results."""

    threshold_bytes: int
    total_bytes: int
    keep_last: int
    shown_bytes: int
    tracebacks: bool


class GuardState(TypedDict):
    """The guard's mode, settings and effects."""

    mode: str
    settings: Settings
    set: bool
    since_execution: int | None
    on_top: str
    other: str | None
    withheld: int
    withheld_bytes: int
    withheld_exact: bool


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
    size_bytes: int
    seen_bytes: int | None
    shared_variables: list[str]
    view: bool
    as_of: int | None
    holders: list[str]
    variables: list[str]
    shared_with: list[str]
    cell_id: str | None
    execution: int | None
    time: float | None
    source: str | None


class Kept(TypedDict):
    """What IPython keeps beside the results: bytes and count of outputs or tracebacks."""

    bytes: int
    count: int
    exact: bool


class SharedGroup(TypedDict):
    """Results that share memory, by their keys, and what they free together."""

    keys: list[str]
    freed_bytes: int
    exact: bool
    notes: list[str]
    estimate_bytes: int | None


class Report(TypedDict):
    """What IPython retains; `shown` is what it keeps of the cells' outputs."""

    results: list[Row]
    groups: list[SharedGroup]
    count: int
    freed_bytes_all: int
    exact_all: bool
    notes_all: list[str]
    estimate_bytes_all: int | None
    seen_bytes_all: int | None
    final: bool
    rss_bytes: int | None
    guard: str
    guard_state: GuardState
    shown: Kept
    tracebacks: Kept
    execution_count: int
    elapsed_ms: float


class StillAlive(TypedDict):
    """A released result that somebody else keeps alive."""

    key: str
    type: str
    freed_bytes: int
    held_by: list[str]


class Released(TypedDict):
    """What a release did; `released` counts objects, or cells whose outputs went."""

    before_rss_bytes: int | None
    after_rss_bytes: int | None
    trimmed_bytes: int
    let_go_bytes: int | None
    released: int
    still_alive: list[StillAlive]
    elapsed_ms: float


class Part(TypedDict):
    """One part of the process's memory; `estimate_bytes` where it is not exact."""

    bytes: int
    exact: bool
    estimate_bytes: int | None


class Variable(TypedDict):
    """One of the user's variables."""

    name: str
    type: str
    summary: str
    size_bytes: int
    freed_bytes: int
    exact: bool
    estimate_bytes: int | None
    hidden: bool
    shared_with: list[str]
    results: list[str]


class Overview(TypedDict):
    """Where the memory is: parts of one reading of the resident memory, which add up to it."""

    rss_bytes: int | None
    results: Part
    shared: Part
    variables: Part
    shown: Part
    tracebacks: Part
    free: Part
    mapped: Part
    rest: Part
    largest: list[Variable]
    final: bool
    elapsed_ms: float


class RestHoard(TypedDict):
    """Memory that somebody keeps; `part` is the part of an overview that has it."""

    kind: str
    name: str
    bytes: int
    freed_bytes: int
    exact: bool
    estimate_bytes: int | None
    notes: list[str]
    count: int | None
    part: str
    remedy: str | None


class RestMemory(TypedDict):
    """The process's memory by what it costs; None for what the system does not tell."""

    anonymous_bytes: int | None
    file_bytes: int | None
    shared_bytes: int | None
    swap_bytes: int | None
    pss_bytes: int | None
    free_bytes: int | None


class LeftOut(TypedDict):
    """A hoarder that could not be asked, and the name of the error's type."""

    kind: str
    error: str


class Rest(TypedDict):
    """Who holds the rest: hoards, largest first, and what is left."""

    rss_bytes: int | None
    rest_bytes: int | None
    hoards: list[RestHoard]
    remainder_bytes: int | None
    memory: RestMemory
    left_out: list[LeftOut]
    final: bool
    elapsed_ms: float


class Explained(TypedDict):
    """Who refers to a retained object; `cut` says whether the search ran out of time."""

    key: str
    holders: list[str]
    paths: list[list[str]]
    cut: bool


class CellResult(TypedDict):
    """A large result with news; `group` has the keys of all that the figure is of."""

    key: str
    number: int
    freed_bytes: int
    exact: bool
    estimate_bytes: int | None
    group: list[str]


class Withheld(TypedDict):
    """A result that the guard did not let IPython keep."""

    number: int
    type: str
    bytes: int
    exact: bool


class CellEnd(TypedDict):
    """What a cell left behind at its end; `gone` has the numbers of results that went."""

    execution_count: int
    cell_id: str | None
    gone: list[int]
    results: list[CellResult]
    withheld: list[Withheld]


class Joint(TypedDict):
    """What several results free when they are released together."""

    bytes: int
    exact: bool
    estimate_bytes: int | None
