"""Shortens messages that are too large to send."""

from __future__ import annotations

import json
from typing import Any, Dict, cast

from .protocol import MESSAGE_BYTES

# Lists inside a row are cut to this length, so that one row fits.
LIST_LENGTH = 100
# Texts are cut to this many characters.
TEXT_LENGTH = 1000
# Lists that are not cut to that length.
ROWS = ("results", "largest", "still_alive", "hoards")
# Lists that lose items at their end until the message fits.
LOSES_ITEMS = (*ROWS, "withheld")


def shortened(message: dict[str, Any]) -> dict[str, Any]:
    """Return the message with its texts and lists cut, so that it is smaller than 1 MB.

    Characters that cannot be encoded are escaped. A report loses rows at its end; its `count`
    still says how many there are.
    """
    message = cast("Dict[str, Any]", _short(message))
    result = message.get("result") or message.get("data") or {}
    for name in LOSES_ITEMS:
        rows = result.get(name)
        while type(rows) is list and rows and len(json.dumps(message)) >= MESSAGE_BYTES:
            del rows[len(rows) // 2 :]
    return message


def _short(value: Any, name: str = "") -> Any:
    if type(value) is dict:
        return {key: _short(item, key) for key, item in value.items()}
    if type(value) is list:
        rows: list[Any] = [_short(item) for item in value]
        return rows if name in ROWS else rows[:LIST_LENGTH]
    if type(value) is str:
        return value[:TEXT_LENGTH].encode("utf-8", "backslashreplace").decode()
    return value
