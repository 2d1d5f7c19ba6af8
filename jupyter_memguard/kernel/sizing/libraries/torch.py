"""torch's tensors and storages. torch counts the users of a storage, and says how many."""

from __future__ import annotations

import re
import sys
from contextlib import nullcontext
from typing import Any

from ..blocks import Block
from .adapter import Adapter, Owned

_TENSOR = 400  # bytes of a tensor without its numbers, about


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
        # No other storage is looked for: torch may keep the wrapper of a storage that was asked
        # for, which looks like one that is used. Then the count of users is too high, and the
        # answer says so.
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


ADAPTERS = {"torch": _torch}
