"""Results that are small and alone, told without a walk: a notebook may show thousands of them."""

from __future__ import annotations

from gc import get_referents
from typing import TYPE_CHECKING, Any, Sequence

from .pages import ALWAYS_THERE
from .refcounts import LISTED, counts

if TYPE_CHECKING:
    from .allocation import Kind
    from .sizes import Root
    from .trial import Heap

_AT_A_TIME = 500  # roots between two looks at the clock
_FEW = 64  # items of what is small


def small_and_alone(roots: Sequence[Root], heap: Heap) -> dict[int, int]:
    """Return the bytes of some roots by their index: those that hold nothing but plain values.

    Only the holders refer to such a root, and only the root to its values, if it has any: it
    frees what it takes, and shares nothing. What is not in the answer needs a walk.
    """
    found: dict[int, int] = {}
    for start in range(0, len(roots), _AT_A_TIME):
        if heap.late():
            break
        some = roots[start : start + _AT_A_TIME]
        objects = [root.obj for root in some]
        seen = counts(objects)
        for index, (count, root) in enumerate(zip(seen, some), start):
            if count - LISTED - 1 == root.references:  # type: ignore[operator]
                size = _plain_bytes(heap, objects[index - start])
                if size is not None:
                    found[index] = size
    return found


def _plain_bytes(heap: Heap, obj: Any) -> int | None:
    """Return the bytes of a plain value, or of a short list, tuple or set of such."""
    kind = heap.kind(type(obj))
    if not _plain(kind):
        return None
    size = kind.bytes_of([obj])
    if kind.leaf and size < ALWAYS_THERE:
        return size
    if not kind.sliced or kind.keyed or len(obj) > _FEW:
        return None
    kids = get_referents(obj)
    alone = LISTED + 1  # type: ignore[operator]
    if counts(kids).count(alone) != len(kids):
        return None
    kinds = [heap.kind(type(kid)) for kid in kids]
    if not all(inner.leaf and _plain(inner) for inner in kinds):
        return None
    size += sum(inner.bytes_of([kid]) for inner, kid in zip(kinds, kids))
    return size if size < ALWAYS_THERE else None


def _plain(kind: Kind) -> bool:
    return kind.adapter is None and not kind.opaque and not kind.stop
