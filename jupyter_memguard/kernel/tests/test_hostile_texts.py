"""Texts of the user's, whatever is in them, reach the page as texts, within the message's limit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_memguard.kernel.tests.support import Kernel

# What each text is in the cell, and what of it the page gets, beside where it is cut.
TEXTS = {
    "HTML": ("'<img src=x onerror=alert(1)>'", "<img src=x onerror=alert(1)>"),
    "10 MB": ("'x' * 10**7", "x" * 50),
    "a lone surrogate": ("'a' + chr(0xD800) + 'b'", r"a\ud800b"),
    "right to left": ("'a' + chr(0x202E) + 'b'", "a\u202eb"),
    "controls": ("'a' + chr(0) + chr(27) + '[31m' + chr(7)", "a"),
    "a template": ("'${alert(1)}{{7*7}}%s%(x)s{0}'", "${alert(1)}{{7*7}}%s%(x)s{0}"),
}


def texts_in(value: Any) -> Iterator[str]:
    """Return all texts in a message, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.items():
            yield from texts_in(list(item))
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)


@pytest.mark.parametrize("text", TEXTS)
def test_names_of_types_variables_and_keys_are_sent_as_texts(kernel: Kernel, text: str) -> None:
    comm = kernel.comm()
    comm.request("set_guard", mode="large", threshold_bytes=10**6)
    code, expected = TEXTS[text]
    # Its name is that of a type, of a variable, of an attribute and of a key.
    kernel.run(
        f"odd = {code}\n"
        "Odd = type('Odd', (), {'__repr__': lambda self: 'odd'})\n"
        "Odd.__qualname__ = odd\n"
        "thing = globals()[odd] = Odd()\n"
        "thing.pad = [0] * 10**4\n"
        "class Holder: pass\n"
        "holder = Holder(); setattr(holder, odd, thing)\n"
        "kept = {odd: thing}"
    )
    kernel.run("thing")
    answers = [comm.request("report", budget_ms=1000), comm.request("overview", budget_ms=1000)]
    [row] = answers[0]["results"]
    assert row["type"].startswith(expected)
    assert len(row["type"]) <= 200
    assert any(name.startswith(expected) for name in row["variables"]) or text == "10 MB"
    answers.append(comm.request("explain", key=row["key"]))
    answers.append(comm.request("release"))
    [alive] = answers[-1]["still_alive"]
    assert alive["type"] == row["type"]
    for answer in answers:
        assert len(json.dumps(answer)) < 10**6
        assert all(found.encode() is not None for found in texts_in(answer))
    # What the guard leaves in a result's place is text as well.
    kernel.run("thing.pad = [0] * 10**6\nthing")
    placeholder = kernel.shown("Out[3]")
    assert placeholder is not None
    assert "was not kept" in placeholder
    assert len(placeholder) < 1000


@pytest.mark.parametrize(
    "source",
    [
        "'<script>alert(1)</script>'",
        "'" + "x" * 10**7 + "'",
        "[5]  # \u202e\u2066 right to left",
        "'&lt;b&gt;'  # <b onclick=alert(1)>",
    ],
    ids=["HTML", "10 MB", "right to left", "markup"],
)
def test_the_source_of_a_cell_is_sent_as_a_text(kernel: Kernel, source: str) -> None:
    comm = kernel.comm()
    comm.request("subscribe", cell_end=True)
    kernel.execute(source)
    report = comm.request("report")
    [row] = report["results"]
    assert source.startswith(row["source"].rstrip("\u2026"))
    assert len(json.dumps(report)) < 10_000
    assert comm.request("release")["released"] == 1
