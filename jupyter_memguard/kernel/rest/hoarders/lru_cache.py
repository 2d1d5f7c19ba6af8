"""Caches of `functools.lru_cache` and `functools.cache`, wherever the collector sees one."""

from __future__ import annotations

from contextlib import suppress
from typing import Iterator

from ...retention.describe import instance_dict
from ..hoard import Hoard, Look, Root

_MODULE, _TYPE = "functools", "_lru_cache_wrapper"
WANTS = ((_MODULE, _TYPE),)
# Of a cache that no name leads to, such as one that was made in a function.
_SEARCH = (
    "import functools, gc; [found.cache_clear() for found in gc.get_objects() "
    "if type(found) is functools._lru_cache_wrapper and found.__qualname__ == {name!r}];"
)


def find(look: Look) -> Iterator[Hoard]:
    """Yield a hoard for each cache that is not empty."""
    wrapper = vars(look.library(_MODULE))[_TYPE]
    for cache in look.instances(_MODULE, _TYPE):
        count = None
        with suppress(Exception):
            count = int(wrapper.cache_info(cache).currsize)
        if not count:
            continue
        names = instance_dict(cache)
        module, name = names.get("__module__"), names.get("__qualname__")
        if type(module) is not str or type(name) is not str:
            module, name = "", "a cache"
        path = look.name_of(cache) or look.path_of(module, name, cache)
        remedy = f"{path}.cache_clear()" if path is not None else _SEARCH.format(name=name)
        label = name if module in ("", "__main__") else f"{module}.{name}"
        yield Hoard(
            "lru_cache",
            label,
            [Root(cache, 0, emptied=True)],
            count=count,
            remedy=remedy,
        )
