"""Objects of Python and its standard library, some of which hold an array."""

# ruff: noqa: ANN001, ANN201, ANN202, ANN204, ARG001, PYI024

from __future__ import annotations

from table_cases import (  # type: ignore[import-not-found]
    Case,
    cyclic_dicts,
)

PYTHON: dict[str, Case] = {}


def case(build):
    """Register a case under its function's name."""
    return PYTHON.setdefault(build.__name__, build)


@case
def chain_of_dicts_in_a_cycle(keep):
    return cyclic_dicts(keep)[0]


@case
def dict_of_strings(keep):
    return {f"key number {i}": f"value number {i}" for i in range(200_000)}


@case
def dict_of_int_keys(keep):
    return {i * 1000: float(i) for i in range(200_000)}


@case
def set_of_tuples(keep):
    return {(i, str(i)) for i in range(200_000)}


@case
def ordered_dict(keep):
    from collections import OrderedDict

    return OrderedDict((f"key number {i}", [i]) for i in range(100_000))


@case
def counter_and_defaultdict(keep):
    from collections import Counter, defaultdict

    groups = defaultdict(list)
    for i in range(100_000):
        groups[i % 1000].append(i * 7)
    return [Counter(f"word{i}" for i in range(100_000)), groups]


@case
def deque_of_floats(keep):
    from collections import deque

    return deque(float(i) for i in range(400_000))


@case
def instances(keep):
    class Point:
        def __init__(self, x, y):
            self.x = x
            self.y = y

    return [Point(i, float(i)) for i in range(100_000)]


@case
def instances_with_materialised_dict(keep):
    class Point:
        def __init__(self, x):
            self.x = x

    made = [Point(i) for i in range(50_000)]
    for point in made:
        vars(point)["y"] = 1.5 * point.x
    return made


@case
def instances_with_slots(keep):
    class Point:
        __slots__ = ("x", "y")

        def __init__(self, x, y):
            self.x = x
            self.y = y

    return [Point(i, float(i)) for i in range(200_000)]


@case
def dataclasses_and_enums(keep):
    import dataclasses
    import enum

    class Colour(enum.Enum):
        RED = 1

    @dataclasses.dataclass
    class Row:
        name: str
        colour: Colour
        values: list

    return [Row(f"row {i}", Colour.RED, [i, i + 0.5]) for i in range(50_000)]


@case
def named_tuples(keep):
    from collections import namedtuple

    row = namedtuple("row", "a b")
    return [row(i, str(i)) for i in range(200_000)]


@case
def dict_subclass(keep):
    class Config(dict):
        pass

    made = [Config({f"name{i}": [i]}) for i in range(30_000)]
    for config in made:
        config.extra = "x" * 30 + str(len(config))
    return made


@case
def tree_with_parents(keep):
    class Node:
        def __init__(self, parent):
            self.parent = parent
            self.children = []
            if parent:
                parent.children.append(self)

    root = Node(None)
    level = [root]
    for _ in range(9):
        level = [Node(parent) for parent in level for _ in range(3)]
    return root


@case
def many_small_cycles(keep):
    made = []
    for i in range(50_000):
        ring = [i]
        ring.append(ring)
        made.append(ring)
    return made


@case
def deeply_nested(keep):
    made = []
    for _ in range(200_000):
        made = [made]
    return made


@case
def closure_over_array(keep):
    import numpy as np

    held = np.ones(10**7)
    return lambda i: held[i]


@case
def partial_over_array(keep):
    import functools

    import numpy as np

    return functools.partial(np.add, np.ones(10**7))


@case
def bound_method_of_holder(keep):
    import numpy as np

    class Model:
        def __init__(self):
            self.weights = np.ones(10**7)

        def predict(self):
            return self.weights

    return Model().predict


@case
def coroutine_holding_an_array(keep):
    import numpy as np

    async def work(held):
        return held

    keep["warnings"] = __import__("warnings").simplefilter("ignore")
    return work(np.ones(10**7))


@case
def exception_with_frames(keep):
    import numpy as np

    def fail():
        held = np.ones(10**7)
        raise ValueError(len(held))

    try:
        fail()
    except ValueError as error:
        return error


@case
def lru_cached_function(keep):
    import functools

    import numpy as np

    @functools.lru_cache(maxsize=None)
    def load(i):
        return np.full(10**6, float(i))

    for i in range(10):
        load(i)
    return load


@case
def iterators(keep):
    import itertools

    import numpy as np

    return [zip([np.ones(5 * 10**6)], [1]), itertools.chain([np.ones(5 * 10**6)]), iter([1])]


@case
def memoryview_of_bytearray(keep):
    made = bytearray(80_000_000)
    for i in range(0, len(made), 4096):
        made[i] = 1
    return memoryview(made)[:5]


@case
def bytes_untouched(keep):
    return bytes(80_000_000)


@case
def bytes_written(keep):
    return b"x" * 80_000_000


@case
def text(keep):
    return "\u20ac" * 20_000_000


@case
def array_module(keep):
    import array

    return array.array("d", b"x" * 80_000_000)


@case
def bytes_io(keep):
    import io

    made = io.BytesIO()
    made.write(b"x" * 40_000_000)
    return made


@case
def string_io(keep):
    import io

    made = io.StringIO()
    for _ in range(1000):
        made.write("x" * 40_000)
    return made


@case
def ctypes_buffer(keep):
    import ctypes

    made = ctypes.create_string_buffer(40_000_000)
    ctypes.memset(made, 1, 40_000_000)
    return made


@case
def mapped_without_a_file(keep):
    import mmap

    made = mmap.mmap(-1, 40_000_000)
    made.write(b"x" * 30_000_000)
    return made


@case
def class_with_data(keep):
    return type("Config", (), {"table": bytearray(b"x") * 30_000_000})


@case
def grown_list(keep):
    made = []
    for _ in range(9_400_000):
        made.append(None)  # noqa: PERF401 - so that it has room for more
    return made


@case
def database_in_memory(keep):
    import sqlite3

    made = sqlite3.connect(":memory:")
    made.execute("CREATE TABLE texts (number INTEGER, text TEXT)")
    rows = ((number, f"text number {number}") for number in range(1_000_000))
    made.executemany("INSERT INTO texts VALUES (?, ?)", rows)
    made.commit()
    return made


@case
def instances_with_slots_and_attributes(keep):
    class Node:
        __slots__ = ("kids", "name", "parent")

    class Tag(Node):
        def __init__(self, number):
            self.kids = self.parent = None
            self.name = f"tag {number}"
            self.number = number

    return [Tag(i) for i in range(150_000)]


@case
def instances_of_list_subclass(keep):
    class Path(list):
        pass

    return [Path((i, i + 0.5)) for i in range(150_000)]


@case
def xml_document(keep):
    from xml.dom import minidom

    books = "".join(f'<book id="{i}"><title>Title {i}</title></book>' for i in range(20_000))
    return minidom.parseString(f"<library>{books}</library>")  # noqa: S318 - our own text


@case
def buffers_of_a_pickle(keep):
    import pickle

    made = bytearray(b"x") * 30_000_000
    return [pickle.PickleBuffer(made), pickle.PickleBuffer(bytes(10**7))]


@case
def rest_of_a_stream(keep):
    import os
    import zlib

    made = zlib.decompressobj()
    made.decompress(zlib.compress(os.urandom(30_000_000), 1), 1000)
    return made


@case
def nameless_shared_memory(keep):
    from multiprocessing import shared_memory

    made = shared_memory.SharedMemory(create=True, size=30_000_000)
    made.unlink()
    made.buf[:] = bytes(made.size)
    return made
