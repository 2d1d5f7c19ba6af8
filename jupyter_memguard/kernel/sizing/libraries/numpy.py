"""numpy's arrays, which hold their numbers in memory of numpy's own."""

from __future__ import annotations

from typing import Any

from ..allocation import qualified_name
from ..blocks import USERS_UNKNOWN, Block
from .adapter import Adapter, Owned

_CHUNK = 1000

_basic = type.__dict__["__basicsize__"].__get__


def _numpy(numpy: Any) -> dict[type, Adapter]:
    array = numpy.ndarray
    base_of = array.__dict__["base"].__get__
    size_of = array.__dict__["nbytes"].__get__
    interface = array.__dict__["__array_interface__"].__get__
    type_of = array.__dict__["dtype"].__get__
    dims_of = array.__dict__["ndim"].__get__
    array_of_flat = numpy.flatiter.__dict__["base"].__get__

    def ndarray(obj: Any) -> Owned:
        size = _basic(type(obj)) + 15 & -16
        size += max(16, 16 * dims_of(obj))
        base = base_of(obj)
        nbytes = size_of(obj)
        if base is not None:
            blocks = []
            if nbytes and qualified_name(type(base)).endswith(".PyCapsule"):
                blocks.append(Block(interface(obj)["data"][0], nbytes, id(obj), USERS_UNKNOWN))
            return Owned(size, blocks, [base])
        owned = Owned(size)
        if nbytes:
            owned.blocks = [Block(interface(obj)["data"][0], nbytes, id(obj))]
        dtype = type_of(obj)
        if dtype.char == "T":  # the strings lie in an arena of the dtype's
            owned.note = "opaque"
        elif dtype.hasobject:
            if dtype.fields is not None:
                owned.note = "opaque"
                return owned
            # in the order in which they lie: a copy would hold them as well
            flat = array.ravel(array.view(obj, array), "K")
            owned.total = -(-len(flat) // _CHUNK)
            owned.slices = (
                flat[start : start + _CHUNK].tolist() for start in range(0, len(flat), _CHUNK)
            )
        return owned

    def flatiter(obj: Any) -> Owned:
        return Owned(references=[array_of_flat(obj)])

    return {array: Adapter(ndarray, shares=array), numpy.flatiter: Adapter(flatiter)}


ADAPTERS = {"numpy": _numpy}
