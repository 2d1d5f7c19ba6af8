"""The answer to who holds the rest: what hoarders found, measured with all that a shell keeps."""

from __future__ import annotations

import gc
import time
from itertools import count
from typing import TYPE_CHECKING, Any, Callable, Sequence, TypeVar

from .. import stages
from ..reports import process_memory
from ..reports.overview import MEASURED, partition
from ..reports.rows import collect, roots
from ..reports.survey import RESULTS, TRACEBACKS, VARIABLES, named
from ..retention import tracebacks
from ..retention.describe import library, type_name
from ..retention.holders import boundary
from ..retention.process import trim
from ..retention.refcounts import LISTED
from ..retention.sizes import Root, Size
from ..sizing import Measuring, clock, collector_paused, measure, prepare
from .hoard import Hoard, Look, safe_name
from .memory import memory
from .table import HOARDERS

if TYPE_CHECKING:
    from ..messages import LeftOut, Rest, RestHoard
    from ..sizing import Account

_T = TypeVar("_T")

REST_MS = 1000.0
# Bytes; hoards of less are left out.
LEAST_BYTES = 1 << 16
MOST_HOARDS = 100
# Of a budget, at least this share is for measuring, however long the hoarders take.
_LEAST_SHARE = 0.4
_FIRST = VARIABLES + 1  # the number of the first hoard's group
# Free bytes that finding out leaves are given back where they are most of what is free then.
_WORTH_TRIMMING = 4 * 2**20
_MOST_NAMED = 5  # hoards that a hoard of shared memory names
# The kinds of what hoards share with others, by the part of these.
_SHARED_WITH = {
    "results": "shared_results",
    "variables": "shared_variables",
    "shared": "shared_variables",
    "tracebacks": "shared_tracebacks",
}


def rest(shell: Any, outputs: int, budget_ms: float = REST_MS) -> Rest:
    """Return who holds what is neither a result nor a variable of a shell.

    `outputs` is the bytes of the kept outputs, and `budget_ms` the processor time for it.
    docs/protocol.md describes the answer. Nothing else may hold what is measured, such as a
    measurement that a page goes on with.
    """
    started, began = time.perf_counter(), clock()
    prepare()
    if gc.isenabled():
        gc.collect(1)
    # Before what is used to find out is added.
    now = process_memory.read()
    kinds = memory(now)
    with collector_paused():
        left_out: list[LeftOut] = []
        look = Look(shell, now, began + budget_ms / 1000)
        hoards = _found(look, left_out)
        spent_ms = (clock() - began) * 1000
        sizes = _Sizes(shell, hoards)
        sizes.measure(max(_LEAST_SHARE * budget_ms, budget_ms - spent_ms))
    parts = {**sizes.parts, "shown": Size(outputs)}
    beside = {hoard.part: 0 for hoard in sizes.hoards}
    for hoard, size in zip(sizes.hoards, sizes.sizes):
        beside[hoard.part] += size.likely_bytes if hoard.bytes is None else 0
    for name in MEASURED:
        # What hoarders found there is the part's all the same.
        parts[name] = _more(parts[name], beside.get(name, 0))
    rest_bytes = partition(now, parts)[1]
    rows, remainder = _rows(sizes, rest_bytes)
    if (process_memory.free_bytes() or 0) > 2 * (now.free or 0) + _WORTH_TRIMMING:
        trim()
    return {
        "rss_bytes": now.rss,
        "rest_bytes": rest_bytes,
        "hoards": rows,
        "remainder_bytes": remainder,
        "memory": kinds,
        "left_out": left_out,
        "final": sizes.final,
        "elapsed_ms": (time.perf_counter() - started) * 1000,
    }


def _found(look: Look, left_out: list[LeftOut]) -> list[Hoard]:
    """Ask all hoarders whose libraries are loaded. One that fails is left out, with a note."""
    files = {}
    for name, modules in HOARDERS.items():
        if not modules or any(library(module) is not None for module in modules):
            files[name] = _tried(name, _imported, name, left_out) or {}
    look.want(want for names in files.values() for want in names.get("WANTS", ()))
    found: list[Hoard] = []
    for name, names in files.items():
        if names:
            found += _tried(name, lambda each: list(each["find"](look)), names, left_out) or ()
    look.close()
    return found


def _imported(name: str) -> dict[str, Any]:
    return vars(stages.module(f"rest.hoarders.{name}"))


def _tried(
    name: str, function: Callable[[Any], _T], argument: Any, left_out: list[LeftOut]
) -> _T | None:
    """Return what a function returns; where it raises, leave this hoarder out."""
    try:
        return function(argument)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - a library in Rust panics with one of its own
        left_out.append({"kind": name, "error": type_name(type(error))})
        return None


def _more(size: Size, more: int) -> Size:
    return Size(size.likely_bytes + more, size.notes) if more else size


class _Sizes:
    """The measurement of hoards, with results, tracebacks and variables as other groups."""

    def __init__(self, shell: Any, hoards: list[Hoard]) -> None:
        self.final = True
        self.parts: dict[str, Size] = {}
        self.sizes: list[Size] = []
        self.hoards = hoards
        self._rooted = [hoard for hoard in hoards if hoard.roots]
        entries = collect(shell)
        variables = named(shell, entries)
        held = tracebacks.kept(shell)
        # Who reports holds these lists while counts are read, so all are in `_lists`.
        self._lists: list[list[Any]] = [entries, variables, held]
        self._groups = [
            roots(entries),
            [Root(obj, references + 1) for obj, references in held],
            [Root(each.obj, each.references + 1) for each in variables],
            *([*hoard.roots] for hoard in self._rooted),
            _holders(hoards),
        ]
        self._limits = [self, *boundary(shell), *tracebacks.holders(shell)]

    def measure(self, budget_ms: float) -> None:
        """Find all sizes, and let go of all objects."""
        try:
            if LISTED is None:
                self._without_counts(budget_ms)
            else:
                measuring = Measuring(self._groups, boundary=self._limits)
                self.final = measuring.go_on(budget_ms)
                account = measuring.account()
                self._take(account)
                account.close()
        finally:
            for each in (*self._lists, *self._groups, self._lists, self._groups, self._limits):
                each.clear()

    def _without_counts(self, budget_ms: float) -> None:
        part_ms = budget_ms / len(self._groups)
        sizes = [measure(group, budget_ms=part_ms, each=False)[1] for group in self._groups]
        self.parts = dict(zip(("results", "tracebacks", "variables"), sizes))
        self.parts["shared"] = Size(0, ("no-refcounts",), 0)
        found = iter(sizes[_FIRST:])
        self.sizes = [next(found) if hoard.roots else _counted(hoard) for hoard in self.hoards]

    def _take(self, account: Account) -> None:
        self._find_parts(account)
        numbers = dict(zip(map(id, self._rooted), count(_FIRST)))
        parts: dict[str, set[int]] = {name: set() for name in MEASURED}
        alone: dict[int, set[int]] = {}
        together: dict[tuple[str | None, tuple[int, ...]], set[int]] = {}
        for groups, joints in account.by_groups().items():
            hoards = tuple(filter(self._is_hoard, groups))
            part = _part_of(set(groups))
            if part is not None:
                # An overview sees what such hoards have as held from outside.
                hoards = tuple(each for each in hoards if self._hoard(each).part == "rest")
            if part is not None and not hoards:
                parts[part] |= joints
            elif part is None and len(hoards) == 1:
                alone.setdefault(hoards[0], set()).update(joints)
            elif hoards:
                together.setdefault((part, hoards), set()).update(joints)
        self.parts = {name: account.tally_of(joints).size() for name, joints in parts.items()}
        self.sizes = [
            account.tally_of(alone.get(numbers[id(hoard)], ())).size()
            if hoard.roots
            else _counted(hoard)
            for hoard in self.hoards
        ]
        for (part, groups), joints in together.items():
            self.hoards.append(_shared([*map(self._hoard, groups)], part))
            self.sizes.append(account.tally_of(joints).size())

    def _find_parts(self, account: Account) -> None:
        """Find in which part of the memory an overview has what hoards empty."""
        into = [account.leading_to(_FIRST + at) for at in range(len(self._rooted))]
        for _ in range(2):  # a hoard may lead to another one
            for hoard, groups in zip(self._rooted, into):
                found = _part_of(groups)
                if found is None:
                    others = map(self._hoard, filter(self._is_hoard, groups))
                    found = next((each.part for each in others if each.part != "rest"), None)
                hoard.part = found or hoard.part

    def _is_hoard(self, group: int) -> bool:
        return _FIRST <= group < _FIRST + len(self._rooted)

    def _hoard(self, group: int) -> Hoard:
        return self._rooted[group - _FIRST]


def _part_of(groups: set[int]) -> str | None:
    """Return the part to which an overview adds what these groups lead to, None for the rest."""
    if {RESULTS, VARIABLES} <= groups:
        return "shared"
    if VARIABLES in groups:
        return "variables"
    if TRACEBACKS in groups:
        return "tracebacks"
    return "results" if RESULTS in groups else None


def _holders(hoards: Sequence[Hoard]) -> list[Root]:
    """Return the holders of roots as roots that stay, with the references that the roots add."""
    found: dict[int, Root] = {}
    for hoard in hoards:
        for root in hoard.roots:
            if root.holder is not None:
                holder = found.setdefault(id(root.holder), Root(root.holder, 0))
                holder.references += 1
    return list(found.values())


def _counted(hoard: Hoard) -> Size:
    """Return what a library's own counter tells."""
    size = hoard.bytes or 0
    return Size(size, hoard.notes) if hoard.exact else Size(0, ("opaque", *hoard.notes), size)


def _shared(hoards: list[Hoard], part: str | None) -> Hoard:
    """Return a hoard for what several hold together: it is freed when all let it go.

    `part` is that of results, variables or tracebacks that hold it as well: no remedy frees it.
    """
    names = [each.name or each.kind for each in hoards[:_MOST_NAMED]]
    remedies = list(dict.fromkeys(each.remedy for each in hoards))
    whole = part is None and len(hoards) <= _MOST_NAMED and None not in remedies
    into = hoards[0].part if len({each.part for each in hoards}) == 1 else "rest"
    return Hoard(
        "shared" if part is None else _SHARED_WITH[part],
        safe_name(", ".join(names)),
        hoards[0].roots[:0],
        count=len(hoards) if part is None else None,
        remedy="\n".join(each for each in remedies if each) if whole else None,
        part=into,
    )


def _rows(sizes: _Sizes, rest_bytes: int | None) -> tuple[list[RestHoard], int | None]:
    """Return the hoards worth telling, largest first, and what is left of the rest."""
    found = sorted(
        (
            (size, hoard)
            for size, hoard in zip(sizes.sizes, sizes.hoards)
            if size.likely_bytes >= LEAST_BYTES and hoard.part in (hoard.only or (hoard.part,))
        ),
        key=lambda pair: -pair[0].likely_bytes,
    )
    left = rest_bytes
    rows: list[RestHoard] = []
    for size, hoard in found[:MOST_HOARDS]:
        drawn = size.likely_bytes
        if hoard.part == "rest" and left is not None:
            drawn = min(drawn, left)
            left -= drawn
        rows.append(
            {
                "kind": hoard.kind,
                "name": hoard.name,
                "bytes": drawn,
                "freed_bytes": size.freed_bytes,
                "exact": size.exact,
                "estimate_bytes": size.estimate_bytes,
                "notes": list(size.notes),
                "count": hoard.count,
                "part": hoard.part,
                "remedy": hoard.remedy,
            }
        )
    return rows, left
