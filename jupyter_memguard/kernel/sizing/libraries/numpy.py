"""numpy's arrays, which hold their numbers in memory of numpy's own."""

from __future__ import annotations

import ctypes
from contextlib import suppress
from datetime import datetime_CAPI
from gc import get_referents
from sys import getsizeof
from typing import Any

from ..allocation import qualified_name
from ..blocks import USERS_UNKNOWN, Block
from ..worklist import spread
from .adapter import Adapter, Owned
from .native import COUNTED_CAPSULES, Memory, holding

_CHUNK = 1000
_SAMPLE = 500  # texts from which it is estimated what all have
_TEXT_ENTRY = 16  # bytes, the last of which has flags
_LENGTH_BITS = 56
_SHORT = 0x60  # in its entry
_LONG = 0x10

_basic = type.__dict__["__basicsize__"].__get__
_Capsule = type(datetime_CAPI)


def _numpy(numpy: Any) -> dict[type, Adapter]:
    array = numpy.ndarray
    base_of = array.__dict__["base"].__get__
    size_of = array.__dict__["nbytes"].__get__
    interface = array.__dict__["__array_interface__"].__get__
    type_of = array.__dict__["dtype"].__get__
    dims_of = array.__dict__["ndim"].__get__
    name_of = ctypes.PYFUNCTYPE(ctypes.c_char_p, ctypes.py_object)(
        ("PyCapsule_GetName", ctypes.pythonapi)
    )
    array_of_flat = numpy.flatiter.__dict__["base"].__get__

    def ndarray(obj: Any) -> Owned:
        size = _basic(type(obj)) + 15 & -16
        size += max(16, 16 * dims_of(obj))
        base = base_of(obj)
        nbytes = size_of(obj)
        if base is not None:
            blocks = []
            capsule = nbytes and qualified_name(type(base)).endswith(".PyCapsule")
            if capsule and name_of(base) not in COUNTED_CAPSULES:
                blocks.append(Block(interface(obj)["data"][0], nbytes, id(obj), USERS_UNKNOWN))
            return Owned(size, blocks, [base])
        owned = Owned(size)
        if nbytes:
            owned.blocks = [Block(interface(obj)["data"][0], nbytes, id(obj))]
        dtype = type_of(obj)
        if dtype.char == "T":  # the strings lie in an arena of the dtype's
            owned.note = "opaque"
            with suppress(OSError):
                owned.estimate = _texts(interface(obj)["data"][0], nbytes)
        elif dtype.hasobject:
            if dtype.fields is not None:
                owned.note = "opaque"
                return owned
            # as they lie, because a copy would hold them as well
            flat = array.ravel(array.view(obj, array), "K")
            owned.total = -(-len(flat) // _CHUNK)
            owned.slices = (
                flat[index * _CHUNK : (index + 1) * _CHUNK].tolist()
                for index in spread(owned.total)
            )
        return owned

    def flatiter(obj: Any) -> Owned:
        return Owned(references=[array_of_flat(obj)])

    return {
        array: Adapter(ndarray),
        numpy.flatiter: Adapter(flatiter),
        **_holders(numpy),
    }


def _holders(numpy: Any) -> dict[type, Adapter]:
    """Return the adapters of what holds arrays that it does not show the collector."""
    operands = numpy.nditer.__dict__["operands"].__get__
    iterators = numpy.broadcast.__dict__["iters"].__get__

    def nditer(obj: Any) -> Owned:
        return Owned(references=list(operands(obj)))  # an error if it was closed

    records = numpy.zeros(2, "i4,i4")
    return {
        numpy.nditer: Adapter(nditer),
        numpy.broadcast: Adapter(lambda obj: Owned(references=list(iterators(obj)))),
        numpy.void: holding(records[0], records),
        type(records.flags): holding(records.flags, records),
    }


def _random(random: Any) -> dict[type, Adapter]:
    def generator(obj: Any) -> Owned:
        size = _basic(type(obj))
        references = get_referents(obj)
        for each in references:
            if type(each) is _Capsule:  # it shows C what the object itself has
                size += getsizeof(each)
        return Owned(size, references=[each for each in references if type(each) is not _Capsule])

    names = ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64", "Generator", "RandomState")
    return {getattr(random, name): Adapter(generator, all_references=True) for name in names}


def _texts(address: int, size: int) -> int:
    """Return about how many bytes the texts have that do not fit into their entries of an array."""
    count = size // _TEXT_ENTRY
    lengths = []
    with Memory() as memory:  # another thread may give the array another size
        places = range(8, size, _TEXT_ENTRY * max(1, count // _SAMPLE))
        words = [memory.word(address + place) for place in places]
    for word in words:
        flags, length = word >> _LENGTH_BITS, word & ((1 << _LENGTH_BITS) - 1)
        if flags & _SHORT == _SHORT and not flags & _LONG:
            lengths.append(0)
        else:
            lengths.append(length + (8 if flags & _LONG else 1))
    return sum(lengths) * count // max(1, len(lengths))


ADAPTERS = {"numpy": _numpy, "numpy.random": _random}
