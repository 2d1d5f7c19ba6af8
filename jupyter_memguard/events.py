"""The event that records a use of *Free memory*, for audits (jupyter_events)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .metrics import FREED_BYTES, FREES, RELEASED

if TYPE_CHECKING:
    from jupyter_events.logger import EventLogger

SCHEMA_ID = "https://events.jupyter.org/jupyter_memguard/free_memory/v1"
_SCHEMA_FILE = Path(__file__).parent / "event_schemas" / "free_memory" / "v1.yaml"

# The most bytes or results that are believed: a browser sends the numbers, and integers in
# JSON have no bound.
_MOST = 2**60


@dataclass(frozen=True)
class Freed:
    """What *Free memory* did: resident bytes before and after, and how many results it released."""

    before_bytes: int
    after_bytes: int
    released: int


def parse_freed(body: object) -> Freed:
    """Check what a browser says was freed.

    Args:
        body: the parsed body of the request.

    Returns:
        The three numbers of the body.

    Raises:
        ValueError: the body is not an object with these three whole numbers and nothing else.

    """
    if not isinstance(body, dict):
        message = "the body is not an object"
        raise ValueError(message)  # noqa: TRY004 (one kind of error for everything that is wrong)
    names = [field.name for field in fields(Freed)]
    if len(body) > len(names):
        # A client wrote the other names: the answer does not repeat them.
        message = f"the body has more than {', '.join(names)}"
        raise ValueError(message)
    return Freed(*(_amount(body, name) for name in names))


def _amount(body: dict[str, Any], key: str) -> int:
    value = body.get(key)
    if type(value) is not int or not 0 <= value <= _MOST:
        message = f"{key} is not a whole number of at least 0"
        raise ValueError(message)
    return value


def register(logger: EventLogger) -> None:
    """Make the schema known to a server's event logger."""
    if SCHEMA_ID not in logger.schemas:
        logger.register_event_schema(_SCHEMA_FILE)


def emit_freed(logger: EventLogger, freed: Freed) -> None:
    """Emit the event and add its numbers to the counters."""
    FREES.inc()
    FREED_BYTES.inc(max(0, freed.before_bytes - freed.after_bytes))
    RELEASED.inc(freed.released)
    logger.emit(schema_id=SCHEMA_ID, data=asdict(freed))
