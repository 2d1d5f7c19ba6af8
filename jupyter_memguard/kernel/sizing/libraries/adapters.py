"""What libraries' types own that the collector is not shown: one small function each.

The table is looked up by type; a library that the kernel has not imported is never imported.
An adapter asks only C code of its library, through the library's own types, so that nothing that
a subclass overrides is run, and asks for nothing that the library would keep.
"""

from __future__ import annotations

import ctypes
import re
import sys
from collections import OrderedDict
from contextlib import nullcontext
from gc import get_referents
from io import BytesIO, StringIO
from typing import Any, Callable

from ..allocation import qualified_name, rounded
from ..memory_pages import Pages, is_anonymous
from ..shared_buffers import UNTOLD, Block
from ..worklist import LARGE
from .adapter import Adapter, Owned
from .arrow import arrow_adapters, polars_adapters

CHUNK = 1000
_GROWTH = 9  # a buffer that grows is given an eighth more than it needs
_NEGLIGIBLE = 10**6  # bytes that may be missed
_LEAST_ENTRY = 9  # bytes of a hash table's entry: the place of a value, and a key of a byte

_basic = type.__dict__["__basicsize__"].__get__


def _standard(_: Any) -> dict[type, Adapter]:
    """Types of the standard library with references or bytes that the collector does not see."""
    ordered_size = OrderedDict.__sizeof__
    code_type = type(_standard.__code__)

    def ordered(obj: Any) -> Owned:
        # An entry's node holds the key as well, and shows it. Of a dict with keys of other types
        # than str, the collector is shown the dict's own references to them too.
        # A large one is opened slice by slice, and both are in the slices.
        keys = dict.keys(obj)
        hidden = len(keys) <= LARGE and len(get_referents(obj)) < 3 * len(keys)
        return Owned(rounded(ordered_size(obj)), references=list(keys) if hidden else None)

    def code(obj: Any) -> Owned:
        return Owned(rounded(code_type.__sizeof__(obj)), references=[obj.co_consts, obj.co_names])

    def string_io(obj: Any) -> Owned:
        # texts that were written are held as they are, unseen, until there is another need
        size = StringIO.__sizeof__(obj)
        written = StringIO.tell(obj) if not StringIO.closed.__get__(obj) else 0
        return Owned(size, note="opaque" if size < written else "")

    return {
        OrderedDict: Adapter(ordered),
        code_type: Adapter(code),
        StringIO: Adapter(string_io),
        BytesIO: Adapter(_bytes_io),
    }


def _bytes_io(obj: Any) -> Owned:
    """Look at a buffer: its bytes are counted by its size, unless the collector shows them."""
    if any(type(kid) is bytes for kid in get_referents(obj)):
        return Owned(_basic(type(obj)))
    size = rounded(BytesIO.__sizeof__(obj))
    tail = size // _GROWTH  # at the most, of which nothing was written perhaps
    return Owned(size) if tail < _NEGLIGIBLE else Owned(size - tail, note="opaque")


def _array(module: Any) -> dict[type, Adapter]:
    array = module.array
    size_of = array.__sizeof__
    address_of = array.buffer_info

    def look(obj: Any) -> Owned:
        size = size_of(obj) - _basic(array)
        owned = Owned(_basic(type(obj)))
        if size > 0:
            owned.blocks = [Block(address_of(obj)[0], rounded(size), id(obj))]
        return owned

    return {array: Adapter(look)}


def _ctypes(_: Any) -> dict[type, Adapter]:
    data = ctypes.Structure.__mro__[1]
    owns = data.__dict__["_b_needsfree_"].__get__
    size_of = ctypes.sizeof

    def look(obj: Any) -> Owned:
        return Owned(_basic(type(obj)) + (rounded(size_of(obj)) if owns(obj) else 0))

    return {data: Adapter(look)}


def _mmap(module: Any) -> dict[type, Adapter]:
    cls = module.mmap
    length = cls.__len__
    view_of = getattr(cls, "__buffer__", lambda obj, _flags: memoryview(obj))

    def look(obj: Any) -> Owned:
        try:
            size = length(obj)
            with view_of(obj, 0) as view:
                there = None if view.readonly else _there(view, size)
        except (BufferError, ValueError):  # closed
            return Owned()
        own, mapped = (0, size) if there is None else there
        return Owned(_basic(type(obj)) + own, note="mapped" if mapped else "", mapped=mapped)

    return {cls: Adapter(look)}


def _there(view: memoryview, size: int) -> tuple[int, int] | None:
    """Return the bytes that go with mapped memory, and those that stay; None: nobody tells."""
    address = ctypes.addressof(ctypes.c_char.from_buffer(view))
    pages = Pages()
    try:
        there = pages.look(address, size)
    finally:
        pages.close()
    if there is None:
        return None
    if there.alone and is_anonymous(address):
        return there.own + there.alone, there.mapped - there.alone
    return there.own, there.mapped


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
                blocks.append(Block(interface(obj)["data"][0], nbytes, id(obj), UNTOLD))
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
            owned.total = -(-len(flat) // CHUNK)
            owned.slices = (
                flat[start : start + CHUNK].tolist() for start in range(0, len(flat), CHUNK)
            )
        return owned

    def flatiter(obj: Any) -> Owned:
        return Owned(references=[array_of_flat(obj)])

    return {array: Adapter(ndarray, shares=array), numpy.flatiter: Adapter(flatiter)}


def _pandas(hashtable: Any) -> dict[type, Adapter]:
    found = {}
    for cls in hashtable.HashTable.__subclasses__():
        size_of = cls.__dict__.get("sizeof")
        if size_of is not None:
            found[cls] = _table(size_of, cls.__dict__["__len__"])
    return found


def _table(size_of: Callable[[Any], int], length: Callable[[Any], int]) -> Adapter:
    """Look at a table of hashes: where no entry fell, a large one's pages were never written."""

    def look(obj: Any) -> Owned:
        size = rounded(size_of(obj))
        used = min(size, _LEAST_ENTRY * length(obj))
        if size - used < _NEGLIGIBLE:
            return Owned(_basic(type(obj)) + size)
        return Owned(_basic(type(obj)) + used, note="opaque")

    return Adapter(look)


def _pillow(imaging: Any) -> dict[type, Adapter]:
    core = type(imaging.new("1", (1, 1)))
    mode_of = core.__dict__["mode"].__get__
    size_of = core.__dict__["size"].__get__
    widths = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16L": 2, "I;16B": 2, "I;16N": 2}

    def image(obj: Any) -> Owned:
        width, height = size_of(obj)
        line = width * widths.get(mode_of(obj), 4)
        return Owned(_basic(core) + height * ((line + 3 & -4) + 8))

    return {core: Adapter(image)}


def _sklearn_tree(module: Any) -> dict[type, Adapter]:
    tree = module.Tree
    capacity = tree.__dict__["capacity"].__get__
    outputs = tree.__dict__["n_outputs"].__get__
    classes = tree.__dict__["max_n_classes"].__get__

    def look(obj: Any) -> Owned:
        return Owned(_basic(type(obj)) + capacity(obj) * _tree_node(outputs(obj) * classes(obj)))

    return {tree: Adapter(look)}


def _tree_node(values: int) -> int:
    """Return the bytes of a node of scikit-learn's trees, with its values."""
    return 64 + 8 * values


def _agg(module: Any) -> dict[type, Adapter]:
    renderer = module.RendererAgg

    def look(obj: Any) -> Owned:
        with memoryview(obj) as pixels:
            return Owned(_basic(renderer) + rounded(pixels.nbytes))

    return {renderer: Adapter(look)}


def _torch(torch: Any) -> dict[type, Adapter]:
    native = torch._C  # noqa: SLF001
    base = native.TensorBase
    # Of classes derived from tensors and of modes, which can be the user's, nothing is run.
    plain = native.DisableTorchFunction
    direct = getattr(native, "_DisableTorchDispatch", nullcontext)
    storage_of = native._storage_address  # noqa: SLF001
    users_of = native._storage_Use_Count  # noqa: SLF001
    address_of = native._data_address  # noqa: SLF001
    on_cpu = base.is_cpu.__get__
    wants_grad = base.requires_grad.__get__
    leaf = base.is_leaf.__get__

    def block(obj: Any, owner: int, *, made: bool = False) -> Block:
        """Look at a strided tensor's storage; a tensor that was made for that is no user of it."""
        users = users_of(storage_of(obj)) - made
        extra = 0 if made else base._use_count(obj) - 1  # noqa: SLF001
        views = 0 if made else int(base._is_view(obj))  # noqa: SLF001
        size = _storage_bytes(base, obj)
        start = address_of(obj) - base.storage_offset(obj) * base.element_size(obj)
        return Block(start, size, owner, users, extra, views, not on_cpu(obj))

    def tensor(obj: Any) -> Owned:
        with plain(), direct():
            layout = base.layout.__get__(obj)
            # a gradient, and what a graph has saved, would become wrappers if they were asked for
            alone = leaf(obj) and not wants_grad(obj)
            if base.is_meta.__get__(obj):
                return Owned(_TENSOR, note="opaque")
            if layout is torch.strided:
                blocks = [block(obj, id(obj))]
            elif layout is torch.sparse_coo and alone:
                # what these return is new each time, and gone afterwards
                parts = (base._indices(obj), base._values(obj))  # noqa: SLF001
                blocks = [block(part, id(obj), made=True) for part in parts]
            else:
                return Owned(_TENSOR, note="opaque")
        blocks = [found for found in blocks if found.size]
        return Owned(_TENSOR, blocks, note="" if alone else "opaque")

    storage = native.StorageBase
    place_of = storage._cdata.__get__  # noqa: SLF001
    bytes_of = storage.nbytes
    data_of = storage.data_ptr
    device_of = storage.device.__get__

    def of_storage(obj: Any) -> Owned:
        # No other storage is looked for: torch may keep the wrapper of one that was asked for,
        # which looks like one that is used. Then the count of users is too high, which is told.
        size = bytes_of(obj)
        device = device_of(obj).type != "cpu"
        found = Block(data_of(obj), size, id(obj), users_of(place_of(obj)), device=device)
        return Owned(_TENSOR, [found] if size else [])

    with plain(), direct():
        probe = torch.empty(2)
        alone = sys.getrefcount(probe)
        view = probe[:1]
    counted = view is not probe and sys.getrefcount(probe) == alone + 1
    return {
        base: Adapter(tensor, shares=base, counted=counted),
        storage: Adapter(of_storage),
    }


_TENSOR = 400  # bytes of a tensor without its numbers, about


def _storage_bytes(base: Any, tensor: Any) -> int:
    """Return the bytes of a tensor's storage.

    torch keeps the wrapper of a storage that was asked for, so it is not asked for: a view that
    cannot be made says in its error how large the storage is.
    """
    try:
        base.as_strided(base.detach(tensor), (1 << 58,), (1,), 0)
    except RuntimeError as error:
        found = re.search(r"storage of size (\d+)", error.args[0])
        if found is not None:
            return int(found.group(1))
    return int(base.nbytes.__get__(tensor))


_LIBRARIES: dict[str, Callable[[Any], dict[type, Adapter]]] = {
    "builtins": _standard,
    "_ctypes": _ctypes,
    "array": _array,
    "mmap": _mmap,
    "numpy": _numpy,
    "pandas._libs.hashtable": _pandas,
    "pyarrow.lib": arrow_adapters,
    "polars": polars_adapters,
    "torch": _torch,
    "PIL._imaging": _pillow,
    "matplotlib.backends._backend_agg": _agg,
    "sklearn.tree._tree": _sklearn_tree,
}
"""Adapters by the module whose presence in `sys.modules` says that the library is loaded."""


def loaded_adapters() -> dict[int, Adapter]:
    """Return the adapters of the libraries that this kernel has imported, by types' identities.

    The types stay loaded with their libraries; a type itself as a key would run its metaclass.
    """
    found: dict[int, Adapter] = {}
    for name, adapters in _LIBRARIES.items():
        library = sys.modules.get(name)
        if library is not None:
            try:
                found.update((id(cls), adapter) for cls, adapter in adapters(library).items())
            except Exception:  # noqa: BLE001, S112
                continue  # a version that looks different: its types are opaque then
    return found
