"""Libraries that are loaded, and hold nothing that is ours to tell."""

from __future__ import annotations

import os

from jupyter_memguard.kernel.tests.rest.conftest import Asked
from jupyter_memguard.kernel.tests.support import running_kernel


def test_bokeh_without_a_document_and_a_dask_without_a_worker_are_no_hoards(asked: Asked) -> None:
    asked.kernel.run("import bokeh.io.state, distributed")
    kinds = {hoard["kind"] for hoard in asked.rest()["hoards"]}
    assert not {"bokeh", "dask"} & kinds
    # To look did not make one.
    assert asked.kernel.value("bokeh.io.state._STATE is None")


def test_arrows_memory_is_told_by_the_pool_that_it_has() -> None:
    for pool in ("system", "mimalloc"):
        environment = {**os.environ, "ARROW_DEFAULT_MEMORY_POOL": pool}
        with running_kernel(env=environment) as kernel:
            kernel.inject()
            kernel.run("import pyarrow as pa; pool = pa.default_memory_pool().backend_name")
            assert kernel.value("pool") == pool
            kinds = {hoard["kind"] for hoard in Asked(kernel).rest()["hoards"]}
            if pool == "system":
                assert "pyarrow" not in kinds
