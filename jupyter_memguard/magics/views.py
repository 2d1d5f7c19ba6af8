"""What the commands say, as text and as HTML."""

from __future__ import annotations

from html import escape
from typing import Any, NamedTuple, Sequence

from ..kernel.retention.placeholder import size_text

# A bound below this is no news: about as much as an empty result has.
_LEAST_BYTES = 64 * 1024
_ROWS = 20
_SUMMARY = 48

# Theme colours are JupyterLab's, and where it has none, those of what is around.
_BORDER = "var(--jp-border-color2, rgba(128, 128, 128, 0.4))"
_MUTED = "color: var(--jp-ui-font-color2, inherit)"
# Some pages, those without a document type among them, give tables a colour and a size of theirs.
_TABLE = "border-collapse: collapse; margin: 0.5em 0; color: inherit; font-size: inherit"


class View(NamedTuple):
    """A headline, a table whose columns in `right` are figures, and sentences below it."""

    headline: str
    heads: tuple[str, ...] = ()
    rows: Sequence[tuple[str, ...]] = ()
    right: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    def text(self) -> str:
        """Return it as lines of text."""
        lines = [self.headline]
        if self.rows:
            table = [self.heads, *self.rows] if any(self.heads) else list(self.rows)
            widths = [max(len(row[i]) for row in table) for i in range(len(self.heads))]
            for row in table:
                cells = [
                    cell.rjust(width) if i in self.right else cell.ljust(width)
                    for i, (cell, width) in enumerate(zip(row, widths))
                ]
                lines.append(("  " + "  ".join(cells)).rstrip())
        return "\n".join([*lines, *self.notes])

    def html(self) -> str:
        """Return it as HTML without a script or a style sheet."""
        parts = [f"<div><strong>{escape(self.headline)}</strong>"]
        if self.rows:
            parts.append(f'<table style="{_TABLE}">')
            if any(self.heads):
                heads = "".join(self._cell("th", i, head) for i, head in enumerate(self.heads))
                parts.append(f"<thead><tr>{heads}</tr></thead>")
            parts.append("<tbody>")
            for row in self.rows:
                cells = "".join(self._cell("td", i, cell) for i, cell in enumerate(row))
                parts.append(f"<tr>{cells}</tr>")
            parts.append("</tbody></table>")
        note_style = _MUTED + "; white-space: pre-wrap"
        parts += [f'<div style="{note_style}">{escape(note)}</div>' for note in self.notes]
        return "".join(parts) + "</div>"

    def _cell(self, tag: str, column: int, text: str) -> str:
        align = "right" if column in self.right else "left"
        style = f"text-align: {align}; padding: 2px 8px; border-bottom: 1px solid {_BORDER}"
        return f'<{tag} style="{style}">{escape(text)}</{tag}>'


def figure(found: dict[str, Any]) -> str:
    """Write a figure as what it is; docs/protocol.md has the order."""
    known = found.get("freed_bytes", found.get("bytes", 0))
    estimate = found.get("estimate_bytes")
    likely = max(known, estimate or 0)
    if found["exact"]:
        return size_text(known)
    if found.get("seen_bytes") is not None:
        return "maybe " + size_text(found["seen_bytes"])
    if estimate is not None:
        return "about " + size_text(likely)
    if known >= _LEAST_BYTES:
        return "at least " + size_text(known)
    most, notes = found.get("size_bytes", 0), found.get("notes", ())
    if most >= _LEAST_BYTES and not {"opaque", "mapped"}.intersection(notes):
        about = "about " if {"cut", "moving"}.intersection(notes) else ""
        return "up to " + about + size_text(most)
    return "size unknown"


def label(row: dict[str, Any]) -> str:
    """Return how people call a result."""
    if row["numbers"]:
        return f"Out[{row['numbers'][-1]}]"
    return str(row["holders"][0]) if row["holders"] else "a result"


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _shortened(text: str) -> str:
    return text if len(text) <= _SUMMARY else text[: _SUMMARY - 3] + "..."


def report_view(report: dict[str, Any]) -> View:
    """Return what IPython keeps: the largest results, and what else it has."""
    together = figure(
        {
            "freed_bytes": report["freed_bytes_all"],
            "exact": report["exact_all"],
            "estimate_bytes": report["estimate_bytes_all"],
            "seen_bytes": report["seen_bytes_all"],
            "notes": report["notes_all"],
        }
    )
    rss = report["rss_bytes"]
    of_all = "" if rss is None else f" of the kernel's {size_text(rss)}"
    if not report["count"]:
        return View(f"IPython keeps no results{of_all}.", notes=_beside(report))
    headline = (
        f"IPython keeps {_many(report['count'], 'result')}; "
        f"freeing all gives back {together}{of_all}."
    )
    names = {row["key"]: label(row) for row in report["results"]}
    rows = [
        (
            label(row),
            figure(row),
            row["type"],
            _shortened(row["summary"]),
            _also(row, names),
        )
        for row in report["results"][:_ROWS]
    ]
    more = report["count"] - len(rows)
    notes = (f"and {more} more: %memguard --json has all",) if more > 0 else ()
    return View(
        headline,
        ("result", "frees", "type", "", "also held by"),
        rows,
        (1,),
        (*notes, *_groups(report, names), *_beside(report)),
    )


def _also(row: dict[str, Any], names: dict[str, str]) -> str:
    shared = [names[key] for key in row["shared_with"] if key in names]
    parts = [", ".join(row["variables"])]
    if shared:
        parts.append("shares with " + ", ".join(shared[:3]) + (", ..." if shared[3:] else ""))
    if row["shared_variables"]:
        parts.append("shares with " + ", ".join(row["shared_variables"][:3]))
    return "; ".join(filter(None, parts))


def _groups(report: dict[str, Any], names: dict[str, str]) -> tuple[str, ...]:
    found = []
    for group in report["groups"][:3]:
        members = [names[key] for key in group["keys"] if key in names]
        if len(members) == len(group["keys"]):
            found.append(f"{', '.join(members)} share memory: together they free {figure(group)}")
    return tuple(found)


def _beside(report: dict[str, Any]) -> tuple[str, ...]:
    """Return what IPython keeps beside the results, and the guard, a sentence each."""
    found = []
    for name, what in (("shown", "of cells' outputs"), ("tracebacks", "of tracebacks")):
        kept = report[name]
        if kept["bytes"] >= 2**20:
            found.append(f"IPython keeps {figure(kept)} {what}, too")
    return (*found, guard_sentence(report["guard_state"]))


def guard_sentence(state: dict[str, Any]) -> str:
    """Say what the guard does."""
    settings = state["settings"]
    mode = state["mode"]
    sentences = {
        "off": "Guard off: IPython keeps every result; %memguard guard large changes that.",
        "large": (
            f"Guard large: a result that keeps {size_text(settings['threshold_bytes'])} alive is "
            f"not kept, and the oldest go when all keep more than "
            f"{size_text(settings['total_bytes'])}."
        ),
        "last": f"Guard last: the newest {settings['keep_last']} results are kept.",
        "all": "Guard all: no result is kept.",
    }
    withheld = state["withheld"]
    so_far = f" {_many(withheld, 'result')} not kept so far." if withheld else ""
    other = ""
    if state["on_top"] == "other" and mode != "off":
        other = f" But {state['other']} handles results instead of the guard."
    return sentences.get(mode, f"Guard {mode}.") + so_far + other


# Bytes; a kernel's memory changes by less than this by chance.
_WORTH_TELLING = 2**20


def released_view(
    released: dict[str, Any], names: dict[str, str], unknown: list[int], left: int
) -> View:
    """Say what a release freed, what of it is alive, which numbers there are not, what is left."""
    before, after = released["before_rss_bytes"], released["after_rss_bytes"]
    headline = f"Freed {_many(released['released'], 'result')}"
    if not released["released"]:
        headline = "There was nothing to free" + (" of 1 MiB or more." if left else ".")
    elif before is None or after is None:
        headline += "; this system does not tell the memory before and after."
    else:
        back = size_text(max(0, before - after))
        headline += f": {back} came back, {size_text(before)} before, {size_text(after)} now."
    notes = []
    fell = max(0, (before or 0) - (after or 0) - released["trimmed_bytes"])
    kept = (released["let_go_bytes"] or 0) - fell
    if released["released"] and kept > max(_WORTH_TELLING, fell // 20):
        notes.append(f"Another {size_text(kept)} stays free in the kernel, for what you make next.")
    for alive in released["still_alive"]:
        name = names.get(alive["key"], alive["type"])
        holders = ", ".join(_holder(holder) for holder in alive["held_by"]) or "somebody unknown"
        notes.append(f"{name} was let go but is still alive, held by {holders}.")
    if unknown:
        which = ", ".join(f"Out[{number}]" for number in unknown)
        notes.append(f"IPython keeps no {which}, so there was nothing to free.")
    if left:
        notes.append(f"{_many(left, 'smaller result')} stayed: %memguard free all lets go of all.")
    return View(headline, notes=tuple(notes))


def _holder(code: str) -> str:
    words = {"<unknown>": "somebody unknown"}
    return words.get(code, code.strip("<>"))


_PARTS = (
    ("results", "results that nobody else holds"),
    ("shared", "shared by results and variables"),
    ("variables", "variables"),
    ("shown", "what cells have shown"),
    ("tracebacks", "tracebacks"),
    ("free", "free, but not given back to the system"),
    ("mapped", "files and shared memory"),
    ("rest", "the rest: Python, modules, and what cannot be followed"),
)


_HOARDS = {
    "allocator": "memory that the allocator keeps free",
    "atexit": "what atexit will call",
    "bokeh": "plots in bokeh's document",
    "class_attribute": "an attribute of a class",
    "code": "code of libraries",
    "code_data": "data of libraries' code",
    "cycles": "garbage that waits for the collector",
    "dask": "results that workers of dask keep",
    "debugger": "a debugger that stands at a frame",
    "exception": "kept exceptions",
    "figures": "open figures",
    "finalize": "arguments of finalizers",
    "garbage": "garbage that is kept",
    "generator": "generators",
    "linecache": "lines of source files",
    "logging": "a buffer of logging",
    "lru_cache": "the cache of a function",
    "mapped_file": "a file in memory",
    "module": "a global of a module",
    "old_class": "earlier versions of a class",
    "plotly": "figures of plotly",
    "pyarrow": "what pyarrow's pool keeps free:",
    "shared": "shared by",
    "shared_memory": "shared memory",
    "shared_results": "shared by a result and",
    "shared_tracebacks": "shared by a traceback and",
    "shared_variables": "shared by a variable and",
    "swap": "pages that the system has swapped",
    "task": "tasks that wait",
    "thread": "a thread",
    "torch": "what torch keeps free:",
    "warnings": "notes of warnings",
    "widgets": "widgets",
    "widgets_closed": "widgets that a page has closed",
}


def rest_view(overview: dict[str, Any], rest: dict[str, Any] | None = None) -> View:
    """Return where the process's memory is: parts that add up to all of it, and who holds them."""
    rss = overview["rss_bytes"]
    if rss is None:
        headline = "This system does not tell the kernel's memory; known are:"
    else:
        headline = f"The kernel has {size_text(rss)}:"
    rows = []
    hoards = rest["hoards"] if rest else []
    for name, what in (*_PARTS, ("swap", ""), ("device", "memory of devices")):
        inside = [(figure(each), "- " + _hoard(each)) for each in hoards if each["part"] == name]
        rows += [(figure(overview[name]), what)] if name in overview else []
        rows += inside
    largest = [each for each in overview["largest"] if each["size_bytes"] >= _LEAST_BYTES]
    names = [
        f"{each['name'] or 'the value of the last cell'} ({each['type']}, "
        f"{size_text(each['size_bytes'])})"
        for each in largest[:5]
    ]
    notes = ["Largest variables: " + ", ".join(names)] if names else []
    hidden = [f"{each['name']} ({each['type']})" for each in overview["largest"] if each["hidden"]]
    notes += ["Of unknown size: " + ", ".join(hidden)] if hidden else []
    notes += [
        f"To let go of {_hoard(each, code=False)}:\n{each['remedy']}"
        for each in hoards
        if "\n" in (each["remedy"] or "")
    ]
    return View(headline, ("", ""), rows, (0,), tuple(notes))


def _hoard(hoard: dict[str, Any], *, code: bool = True) -> str:
    """Return what a hoard is, and the code that lets it go where it is one line."""
    said = " ".join(filter(None, [_HOARDS.get(hoard["kind"], hoard["kind"]), hoard["name"]]))
    count, remedy = hoard["count"], hoard["remedy"]
    said += f", {_many(count, 'object')}" if count and code else ""
    return f"{said}: {remedy}" if code and remedy and "\n" not in remedy else said
