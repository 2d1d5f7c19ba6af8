"""The rule of uncounted references, which stands in sizing/__init__.py, and that it is kept.

Wherever the engine reads counts, the functions that run then are looked at: none of their names,
of the names of suspended generators and of the attributes of the engine's objects may be bound to
an object that is counted, and no other list of theirs may have one. Functions that break the rule
on purpose show that this is noticed.
"""

from __future__ import annotations

import ast
import gc
import inspect
import itertools
import sys
import textwrap
from pathlib import Path
from types import FrameType, FunctionType, GeneratorType, ModuleType
from typing import Any, Callable, Iterator, NamedTuple

import pytest

from jupyter_memguard.kernel import sizing
from jupyter_memguard.kernel.retention import refcounts
from jupyter_memguard.kernel.sizing import (
    Measuring,
    Root,
    measure,
    ownership,
)
from jupyter_memguard.kernel.tests.sizing.objects import (
    PLENTY,
    mixed_results,
    pairs_of,
    ring_of,
)

ENGINE = Path(sizing.__file__).parent
# Objects of these types are everywhere, and their counts decide nothing here.
EVERYWHERE = (type(None), bool, int, float, str, type, ModuleType, FunctionType)


class Reader(NamedTuple):
    """A function of the engine that reads counts."""

    module: str
    name: str


class Held(NamedTuple):
    """A name that is bound to an object whose references are being counted."""

    where: str
    name: str


def readers() -> set[Reader]:
    """Return all functions of the engine that read counts, by its text."""
    found = set()
    for path in ENGINE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and any(map(_reads_counts, ast.walk(node))):
                found.add(Reader(path.stem, node.name))
    return found


def _reads_counts(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "counts"


class Watch:
    """Looks, whenever the engine reads counts, at who holds the objects."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.readers: set[Reader] = set()
        self.held: set[Held] = set()
        self._counts = refcounts.counts
        monkeypatch.setattr(ownership, "counts", self.counts)

    def counts(self, objects: list[Any]) -> list[int]:
        found = self._counts(objects)
        watched = {id(obj) for obj in objects if not issubclass(type(obj), EVERYWHERE)}
        watched.discard(id(()))
        frame = inspect.currentframe()
        frame = frame and frame.f_back
        walk = self._note_reader(frame)
        # The count of a joint that is known already decides nothing, but for `counted` itself.
        new = watched if walk is None else watched - walk.index.keys()
        while frame is not None:
            if _is_engines(frame.f_code.co_filename):
                self._look_at(frame, watched)
                self._look_at_lists(frame, objects, new)
            frame = frame.f_back
        self._look_at_others(objects, watched)
        return found

    def _note_reader(self, frame: FrameType | None) -> ownership.Ownership | None:
        """Note who reads counts; return the walk if it may count what it has counted before."""
        while frame is not None and frame.f_code.co_name.startswith("<"):  # a comprehension
            frame = frame.f_back
        if frame is not None:
            code = frame.f_code
            self.readers.add(Reader(Path(code.co_filename).stem, code.co_name))
            walk = frame.f_locals["self"]
            return walk if code.co_name != "counted" else None
        return None

    def _look_at(self, frame: FrameType, watched: set[int]) -> None:
        names = frame.f_locals
        for name, value in names.items():
            if id(value) in watched:
                self.held.add(Held(frame.f_code.co_name, name))
        value = None
        if type(names) is dict:  # before Python 3.13 a copy, which the frame would keep
            names.clear()

    def _look_at_lists(self, frame: FrameType, objects: list[Any], watched: set[int]) -> None:
        """Look at lists beside the one that is counted and the one of all joints."""
        names = frame.f_locals
        known = [objects, *(_joints(value) for value in names.values())]
        for name, value in names.items():
            if type(value) is not list or any(value is each for each in known):
                continue
            if not watched.isdisjoint(map(id, value)):
                self.held.add(Held(frame.f_code.co_name, name))
        value = None
        known.clear()
        if type(names) is dict:
            names.clear()

    def _look_at_others(self, objects: list[Any], watched: set[int]) -> None:
        """Look at suspended generators, and at the engine's own objects."""
        for holder in gc.get_referrers(*(obj for obj in objects if id(obj) in watched)):
            if type(holder) is GeneratorType:
                # one that runs is on the stack
                if holder.gi_frame is not None and _is_engines(holder.gi_code.co_filename):
                    self._look_at(holder.gi_frame, watched)
            elif type(holder).__module__.startswith(sizing.__name__):
                self.held.add(Held(type(holder).__name__, "an attribute"))


def _joints(value: Any) -> Any:
    return value.objects if type(value) is ownership.Ownership else None


def _is_engines(filename: str) -> bool:
    return ENGINE in Path(filename).parents


def chain(length: int) -> Any:
    last: Any = None
    for number in range(length):
        last = [last, number + 1000]
    return last


def results_that_share() -> list[Any]:
    shared = [[1], [2]]
    return [[shared], [shared, 1]]


def two_lists() -> list[Any]:
    return [[[b"x" * 10**5], [b"y" * 10**5]]]


def leaves_that_share() -> list[Any]:
    shared = [complex(n, 1) for n in range(200)]
    return [[*shared], [[n, 1] for n in shared]]


def tensors() -> list[Any]:
    import torch

    made = torch.ones(10**5)
    return [made[:5], [made]]


WORK: dict[str, Callable[[], list[Any]]] = {
    "results of every kind": mixed_results,
    "a chain": lambda: [chain(60)],
    "a ring": lambda: [ring_of(200)],
    "one of a ring": lambda: [ring_of(200)[0]],
    "results that share": results_that_share,
    "leaves that share": leaves_that_share,
    "a large list": lambda: [[[n, [n]] for n in range(4200)]],
    "tensors": tensors,
}


def work() -> Iterator[None]:
    """Measure objects of each kind: each alone, and stopped after every few steps."""
    for make in WORK.values():
        measure(_roots(make), budget_ms=PLENTY)
        yield
    for make in (lambda: [pairs_of(100)], lambda: [ring_of(200)], results_that_share):
        measuring = Measuring([_roots(make), _roots(make)], names=True)
        while not measuring.go_on(0.0):
            measuring.account()
            yield


def _roots(make: Callable[[], list[Any]]) -> list[Root]:
    return [Root(obj, 0) for obj in make()]


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    tensors()  # imports what would be looked through each time
    gc.collect()
    gc.freeze()  # so that little is looked through for who holds an object
    return Watch(monkeypatch)


def test_nothing_of_the_engine_holds_what_it_counts(watch: Watch) -> None:
    assert list(work())
    assert watch.held == set()
    assert watch.readers == readers()


# Texts, most numbers and the like are held everywhere.
FIRST = "next((o for o in {} if gc.is_tracked(o) or type(o) is complex), None)"


class HoldsOne(ast.NodeTransformer):
    """Has a function hold the first of the objects that it counts, by the name `kept`."""

    def visit(self, node: ast.AST) -> Any:
        before = _lists_of(node) if isinstance(node, ast.stmt) else []
        node = super().visit(node)
        text = "".join(f"kept = {FIRST.format(name)}\n" for name in before)
        return [*ast.parse(text).body, node] if before else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if _reads_counts(node) and not isinstance(node.args[0], ast.Name):
            some = ast.unparse(node.args[0])
            text = f"[some := {some}, kept := {FIRST.format('some')}][0]"
            node.args[0] = ast.parse(text, mode="eval").body
        return node


def _lists_of(statement: ast.stmt) -> list[str]:
    """Return the names of lists that a statement itself counts, not one within it."""
    own = [child for child in ast.iter_child_nodes(statement) if not isinstance(child, ast.stmt)]
    return [
        call.args[0].id
        for call in itertools.chain.from_iterable(map(ast.walk, own))
        if isinstance(call, ast.Call) and _reads_counts(call) and isinstance(call.args[0], ast.Name)
    ]


def places_of(reader: Reader) -> list[Any]:
    """Return the modules and the classes that have a function of the engine."""
    modules = [m for name, m in sys.modules.items() if name.startswith(f"{sizing.__name__}.")]
    classes = [each for m in modules for each in vars(m).values() if isinstance(each, type)]
    found = [place for place in [*modules, *classes] if _has(place, reader)]
    assert found
    return found


def _has(place: Any, reader: Reader) -> bool:
    function = vars(place).get(reader.name)
    wanted = f"{sizing.__name__}.{reader.module}"
    return isinstance(function, FunctionType) and function.__module__ == wanted


def function_of(reader: Reader) -> FunctionType:
    found = vars(places_of(reader)[0])[reader.name]
    assert isinstance(found, FunctionType)
    return found


def replace(monkeypatch: pytest.MonkeyPatch, reader: Reader, tree: ast.AST) -> None:
    """Put another text in the place of a function, as if it stood in the function's file."""
    function = function_of(reader)
    scope: dict[str, Any] = {}
    text = ast.unparse(ast.fix_missing_locations(tree))
    code = compile(text, function.__code__.co_filename, "exec")
    exec(code, function.__globals__, scope)  # noqa: S102
    for place in places_of(reader):
        monkeypatch.setattr(place, reader.name, scope[reader.name])


def text_of(reader: Reader) -> str:
    return textwrap.dedent(inspect.getsource(function_of(reader)))


@pytest.mark.parametrize("reader", sorted(readers()), ids=".".join)
def test_a_function_that_holds_what_it_counts_is_found(
    reader: Reader, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace(monkeypatch, reader, HoldsOne().visit(ast.parse(text_of(reader))))
    assert any(Held(reader.name, "kept") in watch.held for _ in work())


AT_THE_END = ("a caller", "an attribute")  # of the walk, when the account counts once more
COUNTED = "single = LISTED + 1  # type: ignore[operator]"  # stands before counts are read
BROKEN: dict[str, tuple[Reader, str, str, Held]] = {
    "a caller": (
        Reader("account", "_find_held"),
        "walk = self.walk",
        "walk = self.walk; obj = walk.objects[0]",
        Held("_find_held", "obj"),
    ),
    "a loop": (
        Reader("ownership", "_refer_from"),
        COUNTED,
        f"for kid in kids: pass\n    {COUNTED}",
        Held("_refer_from", "kid"),
    ),
    "a generator": (
        Reader("ownership", "_refer_from"),
        COUNTED,
        f"one = (kid for kid in kids); next(one, None)\n    {COUNTED}",
        Held("<genexpr>", "kid"),
    ),
    "an attribute": (
        Reader("ownership", "_refer_from"),
        COUNTED,
        f"self.heap.last = kids[0] if kids else None\n    {COUNTED}",
        Held("Heap", "an attribute"),
    ),
    "a list": (
        Reader("ownership", "_refer_from"),
        COUNTED,
        f"more = list(kids)\n    {COUNTED}",
        Held("_refer_from", "more"),
    ),
}


@pytest.mark.parametrize("who", BROKEN)
def test_whoever_holds_what_is_counted_is_found(
    who: str, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, text, broken, held = BROKEN[who]
    source = text_of(reader)
    assert source.count(text) == 1
    right = measure(_roots(two_lists), budget_ms=PLENTY)[1]
    replace(monkeypatch, reader, ast.parse(source.replace(text, broken)))
    wrong = measure(_roots(two_lists), budget_ms=PLENTY)[1]
    assert held in watch.held
    assert right.exact
    if who in AT_THE_END:
        assert wrong.freed_bytes < right.freed_bytes  # what is held looks as if it stayed
