"""What dask keeps in this process though the notebook has no future of it."""

from __future__ import annotations

from typing import Iterator

from ...retention.dask import is_waited_for, published, workers_results
from ..hoard import Hoard, Look, Root


def find(look: Look) -> Iterator[Hoard]:
    """Yield published datasets, and the results that workers have without a future."""
    if look.library("distributed.worker") is None:
        return
    roots = [Root(datasets, 0, emptied=True) for datasets in published()]
    count = sum(map(len, published()))
    for results in workers_results():
        left = [key for key in results.copy() if not is_waited_for(key)]
        roots += [Root(results[key], 1) for key in left]
        count += len(left)
    if roots:
        # The collector may have taken the client already; its cluster lives on in a thread.
        remedy = (
            "import distributed; [each.close() for each in "
            "[*distributed.Client._instances, *distributed.SpecCluster._instances]];"
        )
        yield Hoard("dask", "", roots, count=count, remedy=remedy)
