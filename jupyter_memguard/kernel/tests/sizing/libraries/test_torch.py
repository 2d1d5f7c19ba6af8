from __future__ import annotations

from typing import Any

import pytest

from jupyter_memguard.kernel.sizing.libraries import native
from jupyter_memguard.kernel.tests.sizing.libraries.nodes import freed, look

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.skipif(not native.is_readable(), reason="counts cannot be read here")

COUNT = 100_000


def ones() -> Any:
    return torch.ones(COUNT)


def test_a_tensor_frees_its_storage_if_it_is_alone() -> None:
    assert freed(ones()) == 4 * COUNT


@pytest.mark.parametrize(
    "use",
    [
        lambda made: made[:5],
        lambda made: made.detach(),
        lambda made: (made * torch.ones(1, requires_grad=True)).sum(),
        lambda made: made.untyped_storage(),
        lambda made: made.reshape(10, -1)[3],
    ],
)
def test_memory_in_use_elsewhere_is_not_freed(use: Any) -> None:
    made = ones()
    kept = use(made)
    assert freed(made) == 0
    del kept
    assert freed(made) == 4 * COUNT


def test_a_view_keeps_the_whole() -> None:
    assert freed(ones()[:5]) == 4 * COUNT
    made = ones()
    part = made[:5]
    assert freed(part) == 0
    assert freed(made, part) == 4 * COUNT


def test_a_parameter_frees_its_gradient() -> None:
    parameter = torch.nn.Parameter(ones())
    (parameter * 2).sum().backward()
    assert freed(parameter) == 8 * COUNT
    gradient = parameter.grad
    assert freed(parameter) == 4 * COUNT
    assert freed(parameter, gradient) == 8 * COUNT
    assert look(parameter).note == ""


def test_what_a_graph_has_saved_is_estimated() -> None:
    source = torch.ones(COUNT, requires_grad=True)
    loss = (source * source).exp().sum()
    assert look(loss).note == "opaque"
    assert look(loss).estimate == 4 * COUNT  # the result of `exp`; the source has another user
    del source
    assert look(loss).estimate == 8 * COUNT


def test_memory_of_numpy_goes_if_torch_alone_holds_it() -> None:
    numpy = pytest.importorskip("numpy")
    source = numpy.ones(COUNT)
    made = torch.from_numpy(source)
    assert freed(made) == 0
    assert look(made).note == "sharing-unknown"
    del source
    assert freed(made) == 8 * COUNT


def test_no_wrapper_is_made_for_an_answer() -> None:
    parameter = torch.nn.Parameter(ones())
    (parameter * 2).sum().backward()
    part = ones()[:5]
    before = torch._C.TensorBase._use_count(parameter)
    look(parameter)
    look(part)
    assert torch._C.TensorBase._use_count(parameter) == before
    assert freed(part) == 4 * COUNT


def test_sparse_and_other_layouts() -> None:
    sparse = torch.sparse_coo_tensor(torch.arange(COUNT).repeat(2, 1), ones())
    assert freed(sparse) == pytest.approx(2 * 8 * COUNT + 4 * COUNT)
    assert look(sparse.to_sparse_csr()).note == "opaque"
    assert look(torch.ones(3, device="meta")).note == "opaque"


def test_another_version_has_unknown_users(monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyter_memguard.kernel.sizing.libraries import torch as ours

    monkeypatch.setattr(ours, "_layout", lambda _: None)
    (block,) = ours._torch(torch)[torch._C.TensorBase].look(ones()[:5]).blocks
    assert block.users == -1
    assert block.size == 4 * COUNT
