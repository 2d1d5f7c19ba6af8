"""The bytes that the allocator hands out for an object, without running the object's code.

An object's own `__sizeof__` may be the user's code, or count its contents twice. So the method used
is that of the first class in the type's order that is written in C and known to show what it owns.
A C type that is not known counts with its basic size and is called opaque.
"""

from __future__ import annotations

import ctypes
import sys
from collections import Counter, OrderedDict, defaultdict, deque
from gc import get_referents
from itertools import compress, repeat
from operator import is_, not_
from types import FunctionType, MemberDescriptorType, ModuleType
from typing import TYPE_CHECKING, Any, Callable

from ..retention.describe import module_name
from ..retention.refcounts import LISTED
from .hidden import finalized, frees_by_callback, guesser, own_attribute
from .known_types import BUILTIN_TYPES, HIDING_TYPES, TRANSPARENT_PACKAGES, TRANSPARENT_TYPES
from .libraries.adapter import Owned
from .pools import rounded, spare_of_integers

if TYPE_CHECKING:
    from .libraries.adapter import Adapter

_mro = type.__dict__["__mro__"].__get__
_flags = type.__dict__["__flags__"].__get__
_basic = type.__dict__["__basicsize__"].__get__
_weak_offset = type.__dict__["__weakrefoffset__"].__get__
_item = type.__dict__["__itemsize__"].__get__
_dict = type.__dict__["__dict__"].__get__
_own_qualname = type.__dict__["__qualname__"].__get__

_IMMUTABLE_TYPE = 1 << 8
_HEAP_TYPE = 1 << 9
_HAS_GC = 1 << 14
_HEADER_FLAGS = _HAS_GC | (1 << 4) | (1 << 3)  # collector, managed dict, managed weak references
_MANAGED_DICT = 1 << 4
_INLINE_VALUES = 1 << 2
_POINTER = 8
FEW_TYPES = 4  # up to so many, a pass for each type is faster than a look at each object


class _Plain:
    pass


class _Slots:
    __slots__ = ()


class _Weak:
    __slots__ = ("__weakref__",)


class _Dict:
    __slots__ = ("__dict__",)


def _headers() -> dict[int, int]:
    """Measure what stands in front of an object, per combination of the flags that decide it."""
    found = {0: 0}
    probes: list[Any] = [_Plain(), _Slots(), _Weak(), _Dict(), []]
    for probe in probes:
        flags = _flags(type(probe)) & _HEADER_FLAGS
        found[flags] = sys.getsizeof(probe) - probe.__sizeof__()
    return found


_HEADERS = _headers()
_SEPARATE_VALUES = sys.version_info[:2] in ((3, 11), (3, 12))  # attributes in a block of their own


def inline_values(attributes: int) -> int:
    """Return the bytes that attribute values take within an object (CPython 3.13 on)."""
    room = attributes + 1
    return (room + 7 & -8) + _POINTER * (room + 1)


def values_block(attributes: int) -> int:
    """Return the bytes of the block in which CPython 3.11 and 3.12 keep attribute values."""
    return rounded((attributes + 2 + 7 & -8) + _POINTER * attributes)


def class_may_fall(obj: object) -> bool:
    """Return whether a class may be freed with an object: the object's class, or the object itself.

    Classes are not followed, so their bytes would be missing. A class that its module still has
    by name stays. A class made in a function is taken to stay with the function, unless the object
    is that class.
    """
    cls = type(obj)
    is_class = derived(_mro(cls), type)
    if is_class:
        cls = obj  # type: ignore[assignment]
    if not _flags(cls) & _HEAP_TYPE or _flags(cls) & _IMMUTABLE_TYPE:
        return False
    meta = type(cls)
    if meta is not type and (not _flags(meta) & _HEAP_TYPE or _flags(meta) & _IMMUTABLE_TYPE):
        return False  # made by a library in C, as ctypes makes a class for each length
    name = _qualname(cls)
    if "<locals>" in name:
        return is_class
    module = sys.modules.get(module_name(cls))
    if type(module) is not ModuleType:
        return is_class
    return ModuleType.__getattribute__(module, "__dict__").get(name.partition(".")[0]) is None


def _qualname(kind: type) -> str:
    """Return the qualified name of a type as a plain text, which has no code of its own."""
    return str.__str__(_own_qualname(kind))


def qualified_name(kind: type) -> str:
    """Return `module.qualname` of a type, without the type's own code."""
    return f"{module_name(kind)}.{_qualname(kind)}"


class Kind:
    """What is known of one type."""

    __slots__ = (
        "adapter",
        "basic",
        "cls",
        "composed",
        "fixed",
        "guess",
        "header",
        "inline",
        "keyed",
        "leaf",
        "length",
        "opaque",
        "simple",
        "sized",
        "sliced",
        "slots",
        "stop",
        "unwritten",
        "values",
        "weak",
    )  # fmt: skip

    def __init__(self, kind: type, adapters: dict[int, Adapter]) -> None:
        """Look at a type, and find its adapter among the loaded ones."""
        # Python 3.8 has a type without an order: that of the entries of `functools.lru_cache`.
        order = _mro(kind) or (object,)
        self.cls = kind  # held, so that its identity stays its own
        self.stop = derived(order, type) or derived(order, ModuleType)
        self.adapter: Adapter | None = next(
            (adapters[id(base)] for base in order if id(base) in adapters), None
        )
        solid = _solid(order)
        shown = derived(order, BaseException) or _transparent(solid, order)
        known = self.adapter is not None or shown
        # what `__del__` frees, nobody can see
        self.opaque = not self.stop and not (known and not finalized(order))
        flags = _flags(kind)
        self.header = _HEADERS.get(flags & _HEADER_FLAGS, 16 if flags & _HAS_GC else 0)
        self.basic = _basic(kind)
        self.sized = _sizer(order) if known else None
        self.guess = None if known or self.stop else guesser(order)
        # matplotlib keeps sizes of texts by their renderer in a `WeakKeyDictionary`.
        drawn = module_name(kind).partition(".")[0] == "matplotlib"
        self.weak = bool(_weak_offset(kind)) and not self.stop and not drawn
        self.fixed: int | None = None
        if self.sized is None and not _item(kind):
            self.fixed = rounded(self.header + self.basic)
        self.leaf = not flags & _HAS_GC or (
            self.adapter is not None and self.adapter.all_references
        )
        # `object.__new__` makes the block. What C types make gets a dict when it needs one.
        self.values = bool(_SEPARATE_VALUES and flags & _MANAGED_DICT) and solid is object
        fields = (self.basic - _basic(object)) // _POINTER
        self.slots = fields - (_weak_offset(kind) > 0) if self.values else 0
        self.inline = bool(flags & _INLINE_VALUES)
        self.keyed = derived(order, dict)
        # `bytes(n)`, and room for more items: their pages may never have been written
        self.unwritten = next((find for cls, find in _CONTENTS if cls is solid), None)
        base = next((cls for cls in order if any(cls is c for c in _COUNTED)), None)
        self.length: Callable[[Any], int] | None = len if base is kind else _length_of(base)
        # An object of a library's class, as a data frame, may have many parts; most of a notebook's
        # own have few.
        self.composed = self.length is None and module_name(kind) != "__main__"
        # The class through which a large one is sliced: only Python classes add to what it shows.
        self.sliced = base if base is solid else None
        # Whether one look shows all references, if there are few.
        self.simple = self.adapter is None and not self.stop and not self.opaque
        self.simple = self.simple and self.length in (None, len)
        self.simple = self.simple and (self.unwritten is None or self.length is not None)
        if _item(kind) or solid is str:
            self.basic = 0  # one block, header and items together

    def bytes_of(self, objects: list[Any]) -> int:
        """Return what the allocator gave for objects of this kind, contents apart."""
        if self.fixed is not None:
            size = self.fixed * len(objects)
            if self.values or self.inline:
                count = len(objects)
                kept = round(len(get_referents(*objects)) / count) - 1  # but for the type
                kept = max(0, kept - self.slots)
                if self.inline:
                    return count * rounded(self.header + self.basic + inline_values(kept))
                size += values_block(kept) * count
            return size
        sizes = list(map(self.sized or object.__sizeof__, objects))
        alike = sizes.count(sizes[0]) == len(sizes)
        times = {sizes[0]: len(sizes)} if alike else Counter(sizes)
        found = sum(self._blocks(size) * count for size, count in times.items())
        return found + (spare_of_integers(objects, sizes, times) if self.cls is int else 0)

    def sizes_of(self, objects: list[Any], referents: list[int]) -> list[int]:
        """Return `bytes_of` for each object; `referents` has the number of referents of each."""
        if self.fixed is not None:
            if self.inline:
                own = self.header + self.basic
                return [rounded(own + inline_values(count - 1)) for count in referents]
            if self.values:
                kept = [max(0, count - 1 - self.slots) for count in referents]
                return list(map(self.fixed.__add__, map(values_block, kept)))
            return [self.fixed] * len(objects)
        sizes = list(map(self.sized or object.__sizeof__, objects))
        if len(sizes) == 1:
            return [self._blocks(sizes[0])]
        blocks = {size: self._blocks(size) for size in set(sizes)}
        if self.cls is int:
            spare = spare_of_integers(objects, sizes, blocks) // len(sizes)
            blocks = {size: block + spare for size, block in blocks.items()}
        return list(map(blocks.__getitem__, sizes))

    def owned(self, obj: Any) -> Owned:
        """Return what an object of an adapter's type owns, with the bytes of the object's own.

        If the adapter fails, as with a version of a library that it does not know, that is what
        the type says.
        """
        try:
            owned = self.adapter.look(obj)  # type: ignore[union-attr]
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # noqa: BLE001 - a library in Rust panics with one of its own
            return Owned(self.bytes_of([obj]), note="opaque")
        owned.size = self.bytes_of([obj]) if owned.size is None else self.header + owned.size
        return owned

    def hides(self, objects: list[Any]) -> bool:
        """Return whether objects of this kind may free what is not seen when they fall."""
        try:
            return self.opaque or (self.weak and frees_by_callback(objects))
        except Exception:  # noqa: BLE001 - a weak reference of a kind that is not known
            return True

    def estimate(self, obj: Any) -> int:
        """Return the bytes that an object of an unknown type says that it has, beside its own."""
        if self.guess is None:
            return 0
        try:
            size: int = self.guess(obj)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # noqa: BLE001 - as above
            return 0  # a released buffer, for example
        beside: int = max(0, size - self.basic)
        return beside

    def contents(self, obj: Any) -> tuple[int, int]:
        """Return the address and bytes of the block with an object's items, of `unwritten` kinds.

        The object itself may be in that block.
        """
        size = self.bytes_of([obj]) - (rounded(self.header + self.basic) if self.basic else 0)
        return self.unwritten(obj), size  # type: ignore[misc]

    def _blocks(self, size: int) -> int:
        if self.basic == 0:
            return rounded(self.header + size)
        extra = size - self.basic
        return rounded(self.header + self.basic) + (rounded(extra) if extra > 0 else 0)


def _pointer_in(probe: Any, offset: int) -> Callable[[Any], int] | None:
    """Return a function that reads the address of an object's items, None if it is not there."""
    if _basic(type(probe)) <= offset or LISTED is None:
        return None
    word = ctypes.c_void_p.from_address
    pointer = word(id(probe) + offset).value or 0
    if type(probe) is list:
        found = pointer % _POINTER == 0 and pointer > 1 << 16 and word(pointer).value
        found = found == id(probe[0])
    else:
        found = pointer == ctypes.addressof(ctypes.c_char.from_buffer(probe))
    return (lambda obj: word(id(obj) + offset).value or 0) if found else None


_CONTENTS: tuple[tuple[type, Callable[[Any], int] | None], ...] = (
    (bytes, id),
    (list, _pointer_in([_Plain], 24)),
    (bytearray, _pointer_in(bytearray(b"probe"), 32)),
)
_COUNTED = (list, tuple, dict, set, frozenset, deque, defaultdict, OrderedDict)


def _length_of(base: Any) -> Callable[[Any], int] | None:
    return None if base is None else base.__len__


def derived(order: tuple[type, ...], base: type) -> bool:
    """Return whether a class is in the order of a type, without running user code."""
    return any(cls is base for cls in order)


def _solid(order: tuple[type, ...]) -> type:
    """Return the first class of the order with fields that Python code did not declare."""
    for cls in order[:-1]:
        if not _flags(cls) & _HEAP_TYPE:
            return cls
        base = max(map(_basic, _bases(cls)), default=16)
        own = _dict(cls)
        declared = sum(type(value) is MemberDescriptorType for value in own.values())
        declared += sum(own_attribute(cls, n) is not None for n in ("__dict__", "__weakref__"))
        if _basic(cls) - base > _POINTER * declared:
            return cls
    return object


_bases = type.__dict__["__bases__"].__get__


def _transparent(cls: type, order: tuple[type, ...] = ()) -> bool:
    """Return whether a C type, or one in its order, is known to show all that it owns."""
    name = qualified_name(cls)
    if name in HIDING_TYPES:
        return False
    if not TRANSPARENT_TYPES.isdisjoint(map(qualified_name, order)):
        return True
    module = module_name(cls)
    if module == "builtins":
        return _qualname(cls) in BUILTIN_TYPES
    return module.partition(".")[0] in TRANSPARENT_PACKAGES


def _sizer(order: tuple[type, ...]) -> Callable[[Any], int] | None:
    """Return the size method of the first C type of the order that is known to be right."""
    for cls in order:
        if cls is object:
            break
        method = own_attribute(cls, "__sizeof__")
        if method is not None and type(method) is not FunctionType and _trusted(cls):
            return method  # type: ignore[no-any-return]
    return None


def _trusted(cls: type) -> bool:
    """Return whether a C type's own `__sizeof__` counts the object's blocks and nothing else."""
    if _qualname(cls) == "Struct":
        return False  # ends the process where `__init__` has failed
    return _transparent(cls) and module_name(cls).partition(".")[0] not in ("numpy", "pandas")


def group_by_type(objects: list[Any]) -> list[list[Any]]:
    """Return the objects in lists of one exact type each."""
    groups: list[list[Any]] = []
    left = objects
    while left:
        if len(groups) == FEW_TYPES:
            several: dict[int, list[Any]] = {}
            for obj in left:
                several.setdefault(id(type(obj)), []).append(obj)
            return [*groups, *several.values()]
        same = list(map(is_, map(type, left), repeat(type(left[0]))))
        if all(same):
            groups.append(left)
            break
        groups.append(list(compress(left, same)))
        left = list(compress(left, map(not_, same)))
    return groups
