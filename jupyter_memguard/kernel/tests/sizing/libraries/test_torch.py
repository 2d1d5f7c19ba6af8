from __future__ import annotations

import itertools
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


def test_what_a_graph_has_saved_is_freed_with_it() -> None:
    source = torch.ones(COUNT, requires_grad=True)
    loss = (source * source).exp().sum()
    assert look(loss).note == "opaque"
    assert freed(loss) == 4 * COUNT + 4  # the result of `exp`; the source has another user
    del source
    assert freed(loss) == 8 * COUNT + 4


def test_what_a_function_of_the_users_has_saved_is_freed_with_it() -> None:
    class Double(torch.autograd.Function):  # type: ignore[name-defined, misc]
        @staticmethod
        def forward(ctx: Any, values: Any) -> Any:
            ctx.save_for_backward(values)
            return values * 2

    made = Double.apply(torch.ones(COUNT, requires_grad=True) * 3)
    assert freed(made) == 4 * COUNT * 3 + 8  # with the source, and the number by which it was taken
    node = made.grad_fn
    assert freed(made) == 4 * COUNT
    del node
    assert freed(made) > 8 * COUNT


def test_results_that_share_a_graph_free_it_together() -> None:
    weight = torch.ones(100, 100, requires_grad=True)
    made = torch.relu(torch.ones(1000, 100) @ weight)
    loss = made.square().mean()
    parts = 4 * (1000 * 100 + 1000 * 100) + 4
    assert freed(made) == 0
    assert freed(loss) == 4
    assert freed(made, loss) == parts
    del made
    assert freed(loss) == parts
    node = loss.grad_fn
    assert freed(loss) == 4
    del node
    assert freed(loss) == parts


def test_a_graph_in_use_elsewhere_is_not_freed() -> None:
    weight = torch.ones(COUNT, requires_grad=True)
    made = (weight * 2).exp()
    further = made.sin()
    assert freed(further) == pytest.approx(4 * COUNT, abs=100)
    numbers = made.detach().numpy()
    del made
    assert freed(further) == pytest.approx(4 * COUNT, abs=100)
    del numbers
    assert freed(further) == pytest.approx(8 * COUNT, abs=100)


# torch warns of the cycle, which is what is tested.
@pytest.mark.filterwarnings("ignore:Using backward\\(\\) with create_graph=True:UserWarning")
def test_a_graph_that_leads_back_to_itself() -> None:
    weight = torch.ones(COUNT, requires_grad=True)
    (weight**3).sum().backward(create_graph=True)
    assert freed(weight) == pytest.approx(8 * COUNT, abs=100)
    weight.grad = None


def test_a_long_graph_is_left_when_the_time_for_one_object_is_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = weight = torch.ones(10, requires_grad=True)
    for _ in range(5000):
        made = made * made.sin()
    looks = itertools.count()
    monkeypatch.setattr(native, "thread_time", lambda: next(looks) / 1000)
    owned = look(made)
    assert 10 < next(looks) < 100  # milliseconds
    assert owned.note == "opaque"
    assert freed(made) <= 5000 * 80
    assert depth(owned.blocks) < 300
    del weight


def test_a_node_whose_block_is_not_known_leads_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    made = torch.ones(10, requires_grad=True).sin().cos()
    monkeypatch.setattr(native.Memory, "block", lambda _memory, _address: 0)
    assert look(made).note == "opaque"


def depth(blocks: Any) -> int:
    """Return how deep blocks lead, where each is followed once, as the engine does it."""
    met: set[int] = set()
    level = 0
    while blocks:
        level += 1
        met.update(block.address for block in blocks)
        further = {part.address: part for block in blocks for part in block.leads_to}
        blocks = [part for address, part in further.items() if address not in met]
    return level


@pytest.mark.parametrize(
    "view",
    [
        lambda made: made.real,
        lambda made: made.imag[5:],
        lambda made: made.conj(),
        lambda made: made.conj().imag,
        lambda made: torch.view_as_real(made)[:, 1],
        lambda made: made[::2],
    ],
)
def test_views_of_complex_numbers(view: Any) -> None:
    made = torch.ones(COUNT, dtype=torch.complex64)
    part = view(made)
    assert freed(made) == freed(part) == 0
    assert freed(made, part) == 8 * COUNT
    other = view(made)
    assert freed(made, part) == 0
    assert freed(made, part, other) == 8 * COUNT
    del made, other
    assert freed(part) == 8 * COUNT
    assert look(part).note == ""


def test_complex_numbers_of_pairs() -> None:
    pairs = torch.ones(COUNT, 2)
    made = torch.view_as_complex(pairs)
    assert freed(made) == 0
    assert freed(made, pairs) == 8 * COUNT
    del pairs
    assert freed(made) == 8 * COUNT


def test_memory_of_numpy_goes_if_torch_alone_holds_it() -> None:
    numpy = pytest.importorskip("numpy")
    source = numpy.ones(COUNT)
    made = torch.from_numpy(source)
    assert freed(made) == 0
    assert look(made).note == "sharing-unknown"
    part = torch.from_numpy(source[5:])
    del source
    assert freed(made) == 0
    del made
    assert freed(part) == pytest.approx(8 * COUNT, abs=8192)


def test_no_wrapper_is_made_for_an_answer() -> None:
    parameter = torch.nn.Parameter(ones())
    (parameter * 2).sum().backward()
    part = ones()[:5]
    before = torch._C.TensorBase._use_count(parameter)
    look(parameter)
    look(part)
    assert torch._C.TensorBase._use_count(parameter) == before
    assert freed(part) == 4 * COUNT


# torch warns of its own state at the first one of each kind.
@pytest.mark.filterwarnings("ignore:Sparse :UserWarning")
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
