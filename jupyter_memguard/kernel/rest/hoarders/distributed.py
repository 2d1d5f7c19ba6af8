"""What workers of dask in this process keep for others than a future."""

from __future__ import annotations

from typing import Iterator

from ...retention.dask import is_futures_alone, workers_results
from ..hoard import Hoard, Look, Root


def find(look: Look) -> Iterator[Hoard]:
    """Yield the results that workers have, without those that are a future's alone."""
    if look.library("distributed.worker") is None:
        return
    roots = []
    for results in workers_results():
        for key in list(results):
            look.check_time()
            # The thread of dask may have let it go meanwhile.
            if key in results and not is_futures_alone(key):
                roots.append(Root(results.get(key), 1))
    if roots:
        # The collector may have taken the client already; its cluster lives on in a thread.
        remedy = (
            "import distributed; [each.close() for each in "
            "[*distributed.Client._instances, *distributed.SpecCluster._instances]];"
        )
        yield Hoard("dask", "", roots, count=len(roots), remedy=remedy)
