"""pyarrow's arrays and tables, whose buffers pyarrow shows, with the buffers they are parts of."""

from __future__ import annotations

from typing import Any

from ..blocks import USERS_UNKNOWN, Block
from .adapter import Adapter, Owned

_basic = type.__dict__["__basicsize__"].__get__


def _pyarrow(lib: Any) -> dict[type, Adapter]:  # noqa: C901
    """Return the adapters of pyarrow, of which `lib` is the compiled module."""
    parent_of = lib.Buffer.parent.__get__
    address_of = lib.Buffer.address.__get__
    size_of = lib.Buffer.size.__get__
    chunks_of = lib.ChunkedArray.num_chunks.__get__

    def block(buffer: Any, owner: int) -> Block:
        parent = parent_of(buffer)
        while parent is not None:
            buffer, parent = parent, parent_of(parent)
        return Block(address_of(buffer), size_of(buffer), owner, USERS_UNKNOWN)

    def of_array(array: Any, owner: int) -> list[Block]:
        found = [block(buffer, owner) for buffer in lib.Array.buffers(array) if buffer is not None]
        if type(array) is lib.DictionaryArray:
            # the wrapper keeps its dictionary once asked, so a fresh wrapper is asked
            found.extend(of_array(lib.Array.slice(array, 0).dictionary, owner))
        return found

    def of_chunked(chunked: Any, owner: int) -> list[Block]:
        found: list[Block] = []
        for index in range(chunks_of(chunked)):
            found.extend(of_array(lib.ChunkedArray.chunk(chunked, index), owner))
        return found

    def of_table(table: Any, owner: int) -> list[Block]:
        found: list[Block] = []
        for index in range(lib.Table.num_columns.__get__(table)):
            found.extend(of_chunked(lib.Table._column(table, index), owner))  # noqa: SLF001
        return found

    def of_batch(batch: Any, owner: int) -> list[Block]:
        found: list[Block] = []
        for index in range(lib.RecordBatch.num_columns.__get__(batch)):
            found.extend(of_array(lib.RecordBatch._column(batch, index), owner))  # noqa: SLF001
        return found

    def adapter(cls: type, blocks_of: Any) -> tuple[type, Adapter]:
        def look(obj: Any) -> Owned:
            blocks = {block.address: block for block in blocks_of(obj, id(obj)) if block.size}
            return Owned(_basic(type(obj)), list(blocks.values()))

        return cls, Adapter(look, shares=cls)

    return dict(
        (
            adapter(lib.Buffer, lambda buffer, owner: [block(buffer, owner)]),
            adapter(lib.Array, of_array),
            adapter(lib.ChunkedArray, of_chunked),
            adapter(lib.RecordBatch, of_batch),
            adapter(lib.Table, of_table),
        )
    )


ADAPTERS = {"pyarrow.lib": _pyarrow}
