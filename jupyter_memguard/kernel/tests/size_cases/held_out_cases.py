"""Objects for the held-out test of the sizes, as the cells that a person would run.

Written without having read the engine. `before` prepares, `show` ends with the displayed
expression, `drop` are the names that go afterwards; any other name stays as a live variable.
`truth` says which count is the truth: the resident size for large blocks, the allocator's own
for heaps of small objects.
"""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """One displayed object."""

    show: str
    before: str = ""
    drop: str = ""
    truth: str = "resident"


def small(show: str, before: str = "", drop: str = "") -> Case:
    """Return a case whose truth is the allocator's own count."""
    return Case(show, before, drop, "allocator")


BLOCK = "def block(n=50_000_000):\n    return bytearray(b'x') * n\n"

PLAIN = {
    "dataclass_with_slots": small(
        "points",
        "from dataclasses import dataclass\n"
        "@dataclass\nclass Point:\n    __slots__ = ('x', 'y')\n    x: float\n    y: float\n"
        "points = [Point(i * 0.5, i * 1.5) for i in range(250_000)]",
        "points",
    ),
    "dataclass_instances": small(
        "rows",
        "from dataclasses import dataclass\n"
        "@dataclass\nclass Row:\n    name: str\n    value: float\n    tags: list\n"
        "rows = [Row(f'row {i}', i / 7, [i]) for i in range(100_000)]",
        "rows",
    ),
    "namedtuples": small(
        "[Pair(i * 1.0, str(i)) for i in range(250_000)]",
        "from collections import namedtuple\nPair = namedtuple('Pair', 'left right')",
    ),
    "deque_of_floats": small(
        "deque(i / 3 for i in range(1_000_000))", "from collections import deque"
    ),
    "ordered_dict": small(
        "OrderedDict((i + 10**6, str(i)) for i in range(200_000))",
        "from collections import OrderedDict",
    ),
    "defaultdict_of_lists": small(
        "found = defaultdict(list)\nfor i in range(400_000):\n    found[i % 90_000].append(i * 3)\n"
        "found",
        "from collections import defaultdict",
        "found, i",
    ),
    "array_array": Case(
        "iter([array('d', bytes(range(256)) * 200_000)])", "from array import array"
    ),
    "memoryview_slice": Case("memoryview(block())[10:20]", BLOCK),
    "memoryview_of_live": Case("memoryview(live)[1000:]", BLOCK + "live = block()"),
    "bytes_never_written": Case("iter([bytes(60_000_000)])"),
    "mmap_anonymous": Case(
        "m = mmap.mmap(-1, 40_000_000)\nfor i in range(40):\n    m.write(b'x' * 10**6)\nm",
        "import mmap",
        "m, i",
    ),
    "mmap_private_of_file": Case(
        "m = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_COPY)\nm[:] = b'y' * len(m)\nm",
        "import mmap, tempfile\nf = tempfile.TemporaryFile()\n"
        "f.write(b'x' * 40_000_000); f.flush()",
        "m",
    ),
    "bytes_io": Case(
        "b = io.BytesIO()\nfor i in range(50):\n    b.write(b'x' * 10**6)\nb", "import io", "b, i"
    ),
    "bytes_io_buffer": Case("io.BytesIO(bytes(block())).getbuffer()", BLOCK + "import io"),
    "text_wrapper": Case("io.TextIOWrapper(io.BytesIO(bytes(block())))", BLOCK + "import io"),
    "string_io_written": Case(
        "s = io.StringIO()\nfor i in range(10_000):\n    s.write('word ' * 200)\ns",
        "import io",
        "s, i",
    ),
    "regex_match": Case("re.match('x+', 'x' * 50_000_000)", "import re"),
    "closure": Case(
        "def make():\n    data = block()\n    def inner():\n        return data\n    return inner\n"
        "make()",
        BLOCK,
    ),
    "partial": Case("functools.partial(print, block(), end='')", BLOCK + "import functools"),
    "bound_method": Case(
        "Model().predict",
        BLOCK + "class Model:\n    def __init__(self):\n        self.weights = block()\n"
        "    def predict(self):\n        return self.weights",
    ),
    "lru_cache": Case(
        "@functools.lru_cache(maxsize=None)\ndef page(n):\n    return block(10**6)\n"
        "for i in range(50):\n    page(i)\npage",
        BLOCK + "import functools",
        "page, i",
    ),
    "generator_suspended": Case(
        "g = rows()\nnext(g)\ng",
        BLOCK + "def rows():\n    data = block()\n    for i in range(10):\n        yield i",
        "g",
    ),
    "generator_expression": Case("(i for i in block())", BLOCK),
    "coroutine_suspended": Case(
        "c = work()\nc.send(None)\nc",
        BLOCK + "import types\n@types.coroutine\ndef pause():\n    yield\n"
        "async def work():\n    data = block()\n    await pause()\n    return len(data)",
        "c",
    ),
    "async_generator": Case(
        "a = pages()\nawait a.__anext__()\na",
        BLOCK + "async def pages():\n    data = block()\n    yield 1\n    yield len(data)",
        "a",
    ),
    "future": Case(
        "f = asyncio.get_running_loop().create_future()\nf.set_result([block()])\niter([f])",
        BLOCK + "import asyncio",
        "f",
    ),
    "exception_with_traceback": Case(
        "try:\n    fail()\nexcept ValueError as error:\n    caught = error\ncaught",
        BLOCK + "def fail():\n    data = block()\n    raise ValueError('no')",
        "caught",
    ),
    "frame": Case(
        "look()",
        BLOCK + "import sys\ndef look():\n    data = block()\n    return sys._getframe()",
    ),
    "thread_local": Case(
        "t = threading.local()\nt.data = block()\nt", BLOCK + "import threading", "t"
    ),
    "weak_values_of_live": small(
        "weakref.WeakValueDictionary(enumerate(live))",
        BLOCK + "import weakref\nclass Thing:\n    pass\nlive = [Thing() for i in range(30_000)]\n"
        "for thing in live:\n    thing.data = block(500)\ndel thing",
    ),
    "weak_keys": Case(
        "weakref.WeakKeyDictionary({key: block(5_000_000) for key in keys})",
        BLOCK + "import weakref\nclass Key:\n    pass\nkeys = [Key() for i in range(10)]",
    ),
    "ctypes_array": Case(
        "a = (ctypes.c_double * 5_000_000)()\nctypes.memset(a, 1, 40_000_000)\na",
        "import ctypes",
        "a",
    ),
    "ctypes_over_bytearray": Case(
        "(ctypes.c_char * 100).from_buffer(block())", BLOCK + "import ctypes"
    ),
    "sqlite_in_memory": Case(
        "db = sqlite3.connect(':memory:')\ndb.execute('create table t (b blob)')\n"
        "for i in range(40):\n    db.execute('insert into t values (?)', (block(10**6),))\n"
        "db.commit()\ndb",
        BLOCK + "import sqlite3",
        "db, i",
    ),
    "linked_list_with_slots": small(
        "head = None\nfor i in range(300_000):\n    head = Node(i, head)\nhead",
        "class Node:\n    __slots__ = ('value', 'next')\n"
        "    def __init__(self, value, next):\n        self.value, self.next = value, next",
        "head, i",
    ),
    "tree_with_parents": small(
        "root = Branch(None)\nfor i in range(60_000):\n    Branch(root if i % 2 else root.kids[-1]"
        " if root.kids else root)\nroot",
        "class Branch:\n    def __init__(self, parent):\n"
        "        self.parent, self.kids = parent, []\n"
        "        if parent is not None:\n            parent.kids.append(self)",
        "root, i",
    ),
    "class_with_data": Case("class Config:\n    table = block()\nConfig", BLOCK, "Config"),
    "enum_member": Case(
        "class Data(enum.Enum):\n    A = bytes(block())\n    B = 2\nData.B",
        BLOCK + "import enum",
        "Data",
    ),
    "tee": small(
        "left, right = itertools.tee(range(10**6, 16 * 10**5))\n"
        "collections.deque(left, maxlen=0)\nright",
        "import itertools, collections",
        "left, right",
    ),
    "chain_of_lists": small(
        "itertools.chain([i / 3 for i in range(500_000)], [[i] for i in range(200_000)])",
        "import itertools",
    ),
    "cycle": small(
        "c = itertools.cycle(i / 7 for i in range(800_000))\n"
        "for i in range(800_001):\n    next(c)\nc",
        "import itertools",
        "c, i",
    ),
    "enumerate_map_zip": small(
        "zip(enumerate([str(i) for i in range(300_000)]),"
        " map(float, [i / 3 for i in range(10**5)]))"
    ),
    "decimals": small("[Decimal(i) / 7 for i in range(200_000)]", "from decimal import Decimal"),
    "fractions": small(
        "[Fraction(i + 1, 300_007) for i in range(150_000)]", "from fractions import Fraction"
    ),
    "datetimes": small(
        "[start + timedelta(minutes=i) for i in range(400_000)]",
        "from datetime import datetime, timedelta, timezone\n"
        "start = datetime(2020, 1, 1, tzinfo=timezone.utc)",
    ),
    "big_ints": Case("iter([(1 << 32_000_000) + i for i in range(10)])"),
    "strings_of_three_widths": Case(
        "iter(['a' * 12_000_000, '\\xe9' * 12_000_000, '\\u4e2d' * 10_000_000,"
        " '\\U0001f600' * 5_000_000])"
    ),
    "string_with_utf8_beside": Case(
        "s = '\\u4e2d' * 10_000_000\nn = ctypes.c_ssize_t()\n"
        "f = ctypes.pythonapi.PyUnicode_AsUTF8AndSize\nf.restype = ctypes.c_void_p\n"
        "f(ctypes.py_object(s), ctypes.byref(n))\niter([s])",
        "import ctypes",
        "s, n, f",
    ),
    "sets_of_frozensets": small(
        "{i: {frozenset((i, j, i * j)) for j in range(5)} for i in range(1000, 21_000)}"
    ),
    "xml_elements": small(
        "ET.fromstring('<r>' + '<a k=\"v\"><b>text</b><c/></a>' * 50_000 + '</r>')",
        "import xml.etree.ElementTree as ET",
    ),
    "syntax_tree": small("ast.parse('x = [1, a.b + 3]\\n' * 15_000)", "import ast"),
    "parsed_json": small(
        "json.loads(json.dumps([{'id': i, 'name': f'n{i}', 'at': [i / 3, i / 7]}"
        " for i in range(60_000)]))",
        "import json",
    ),
    "simple_queue": Case(
        "q = queue.SimpleQueue()\nfor i in range(50):\n    q.put(block(10**6))\nq",
        BLOCK + "import queue",
        "q, i",
    ),
    "pickler_with_memo": small(
        "p = pickle.Pickler(io.BytesIO())\np.dump([(i / 3, str(i)) for i in range(200_000)])\np",
        "import io, pickle",
        "p",
    ),
    "compressor": Case(
        "z = lzma.LZMACompressor(preset=3)\nz.compress(os.urandom(1_500_000))\nz",
        "import lzma, os",
        "z",
    ),
    "context": Case(
        "v = contextvars.ContextVar('v')\nc = contextvars.Context()\nc.run(v.set, block())\nc",
        BLOCK + "import contextvars",
        "v, c",
    ),
}

NUMPY = {
    "numpy_structured": Case(
        "a = np.zeros(2_000_000, [('x', 'f8'), ('y', 'i4'), ('s', 'S12')])\na['x'] = 1\na",
        "import numpy as np",
        "a",
    ),
    "numpy_masked": Case(
        "np.ma.masked_greater(np.arange(5_000_000.0), 1000)", "import numpy as np"
    ),
    "numpy_matrix_row": Case("np.matrix(np.ones((5000, 1000)))[3]", "import numpy as np"),
    "numpy_objects_mixed": small(
        "np.array([[i, str(i)] if i % 2 else {'k': i} for i in range(100_000)], dtype=object)",
        "import numpy as np",
    ),
    "numpy_memmap": Case(
        "m = np.memmap(f, 'f8', 'r+', shape=5_000_000)\nm[:] = 1\nm",
        "import numpy as np, tempfile\nf = tempfile.NamedTemporaryFile()\n"
        "n = f.truncate(40_000_000)",
        "m",
    ),
    "numpy_zeros_untouched": Case("np.zeros((5000, 2000))", "import numpy as np"),
    "numpy_zeros_half_touched": Case(
        "a = np.zeros(10_000_000)\na[:5_000_000] = 1\na", "import numpy as np", "a"
    ),
    "numpy_broadcast": Case(
        "np.broadcast_to(np.ones(5_000_000), (300, 5_000_000))", "import numpy as np"
    ),
    "numpy_strided_of_dropped": Case("np.ones((2000, 3000))[::7, ::-5].T", "import numpy as np"),
    "numpy_windows_of_live": Case(
        "np.lib.stride_tricks.sliding_window_view(live, 100)",
        "import numpy as np\nlive = np.ones(5_000_000)",
    ),
    "numpy_flat_iterator": Case("np.ones((2000, 3000)).flat", "import numpy as np"),
    "numpy_generators": small(
        "[np.random.Generator(np.random.MT19937(i)) for i in range(2500)]", "import numpy as np"
    ),
    "numpy_variable_strings": Case(
        "np.array(['a string of some length ' + str(i) for i in range(800_000)],"
        " dtype=np.dtypes.StringDType())",
        "import numpy as np",
    ),
    "numpy_from_buffer": Case(
        "np.frombuffer(bytes(block()), 'u1')[5:9]", BLOCK + "import numpy as np"
    ),
}

PANDAS_SETUP = "import numpy as np, pandas as pd\n"

PANDAS = {
    "pandas_categorical": Case(
        "pd.Categorical.from_codes(np.arange(20_000_000, dtype='i2') % 1000,"
        " [f'c{i}' for i in range(1000)])",
        PANDAS_SETUP,
    ),
    "pandas_multi_index": Case(
        "pd.MultiIndex.from_product([range(3000), range(4000)], names=['a', 'b'])", PANDAS_SETUP
    ),
    "pandas_index_with_hash_table": Case(
        "i = pd.Index(np.random.default_rng(0).permutation(2_000_000))\ni.get_loc(17)\ni",
        PANDAS_SETUP,
        "i",
    ),
    "pandas_nullable": Case(
        "pd.DataFrame({'i': pd.array(np.arange(4_000_000), dtype='Int64'),"
        " 'b': pd.array(np.ones(4_000_000, bool), dtype='boolean')})",
        PANDAS_SETUP,
    ),
    "pandas_dates_with_zone": Case(
        "pd.Series(1.0, pd.date_range('2020', periods=3_000_000, freq='s', tz='Europe/Berlin'))",
        PANDAS_SETUP,
    ),
    "pandas_groupby": Case(
        "g = pd.DataFrame({'k': np.arange(3_000_000) % 5, 'v': 1.0}).groupby('k')\ng.sum()\ng",
        PANDAS_SETUP,
        "g",
    ),
    "pandas_groupby_of_live": Case(
        "live.groupby('k')",
        PANDAS_SETUP + "live = pd.DataFrame({'k': np.arange(3_000_000) % 5, 'v': 1.0})",
    ),
    "pandas_rolling": Case("pd.Series(np.ones(6_000_000)).rolling(5)", PANDAS_SETUP),
    "pandas_sparse": Case(
        "pd.arrays.SparseArray(np.where(np.arange(8_000_000) % 2, 1.0, 0.0), fill_value=0.0)",
        PANDAS_SETUP,
    ),
    "pandas_values_of_dropped": Case(
        "pd.DataFrame(np.ones((1_000_000, 5))).to_numpy()[:3]", PANDAS_SETUP
    ),
    "pandas_timestamps": small(
        "list(pd.date_range('2020', periods=150_000, freq='min'))", PANDAS_SETUP
    ),
    "pandas_csv_reader": Case(
        "pd.read_csv(io.StringIO('a,b,c\\n' + '1,2,3\\n' * 3_000_000), chunksize=10)",
        PANDAS_SETUP + "import io",
    ),
    "pandas_intervals": Case("pd.interval_range(0, 2_000_000)", PANDAS_SETUP),
}

ARROW_SETUP = "import numpy as np, pyarrow as pa\n"
POLARS_SETUP = "import numpy as np, polars as pl\n"

ARROW = {
    "arrow_dictionary": Case(
        "pa.DictionaryArray.from_arrays(pa.array(np.arange(10_000_000, dtype='i4') % 100),"
        " pa.array([f'v{i}' for i in range(100)]))",
        ARROW_SETUP,
    ),
    "arrow_batch_of_strings": Case(
        "pa.record_batch({'s': [f'string number {i}' for i in range(800_000)],"
        " 'v': np.ones(800_000)}).slice(10, 3)",
        ARROW_SETUP,
    ),
    "arrow_chunked_slice": Case(
        "pa.chunked_array([pa.array([i / 7 for i in range(500_000)]) for _ in range(8)])"
        ".slice(1_000_000, 10)",
        ARROW_SETUP,
    ),
    "arrow_slice_of_live": Case(
        "live.slice(5, 1_000_000)",
        ARROW_SETUP + "live = pa.table({'a': pa.array([i / 7 for i in range(2_000_000)])})",
    ),
    "arrow_values_of_lists": small(  # made of many numbers of Python's
        "pa.array([[i / 3, i / 7, i / 9] for i in range(700_000)]).values.slice(3, 2)", ARROW_SETUP
    ),
    "arrow_to_numpy": Case(
        "pa.array([i / 7 for i in range(4_000_000)]).to_numpy()[5:]", ARROW_SETUP
    ),
    "arrow_stream_reader": Case(
        "s = pa.BufferOutputStream()\nw = pa.ipc.new_stream(s, t.schema)\nw.write_table(t)\n"
        "w.close()\npa.ipc.open_stream(s.getvalue())",
        ARROW_SETUP + "t = pa.table({'a': np.ones(5_000_000)})",
        "s, w, t",
    ),
    "polars_series": Case("pl.Series('a', np.arange(6_000_000))", POLARS_SETUP),
    "polars_series_of_live_frame": Case(
        "live['a']", POLARS_SETUP + "live = pl.DataFrame({'a': np.ones(5_000_000)})"
    ),
    "polars_lazy_of_live_frame": Case(
        "live.lazy().filter(pl.col('a') > 0)",
        POLARS_SETUP + "live = pl.DataFrame({'a': np.ones(5_000_000)})",
    ),
    "polars_lazy_of_dropped_frame": Case(
        "pl.DataFrame({'a': np.ones(6_000_000)}).lazy().select(pl.col('a') * 2)", POLARS_SETUP
    ),
    "polars_struct": Case(
        "pl.DataFrame({'a': np.ones(3_000_000), 'b': np.arange(3_000_000)}).to_struct('s')",
        POLARS_SETUP,
    ),
    "polars_lists": Case(
        "pl.DataFrame({'l': pl.Series(np.arange(6_000_000)).reshape((2_000_000, 3))"
        ".arr.to_list()})",
        POLARS_SETUP,
    ),
    "polars_to_numpy": Case("pl.Series(np.arange(6_000_000)).to_numpy()[:7]", POLARS_SETUP),
    "polars_to_arrow_of_live": Case(
        "live.to_arrow()", POLARS_SETUP + "live = pl.DataFrame({'a': np.ones(5_000_000)})"
    ),
}

TORCH_SETUP = "import numpy as np, torch\n"

TORCH = {
    "torch_row_of_dropped": Case("torch.ones(2000, 3000)[5, ::3]", TORCH_SETUP),
    "torch_slice_of_live": Case("live[1:].view(-1)", TORCH_SETUP + "live = torch.ones(2000, 3000)"),
    "torch_expanded": Case("torch.ones(8_000_000).expand(50, 8_000_000)", TORCH_SETUP),
    "torch_module_tree": Case(
        "torch.nn.Sequential(torch.nn.Linear(3000, 2000), torch.nn.ReLU(),"
        " torch.nn.Linear(2000, 1000))",
        TORCH_SETUP,
    ),
    "torch_state_of_live_module": Case(
        "live.state_dict()", TORCH_SETUP + "live = torch.nn.Linear(3000, 3000)"
    ),
    "torch_storage": Case("iter([torch.ones(10_000_000).untyped_storage()])", TORCH_SETUP),
    "torch_graph": Case("(torch.ones(5_000_000, requires_grad=True) * 2).exp().sum()", TORCH_SETUP),
    "torch_with_gradient": Case(
        "t = torch.ones(6_000_000, requires_grad=True)\nt.sum().backward()\nt", TORCH_SETUP, "t"
    ),
    "torch_as_numpy": Case("torch.ones(10_000_000).numpy()[::2]", TORCH_SETUP),
    "torch_from_live_numpy": Case(
        "torch.from_numpy(live)", TORCH_SETUP + "live = np.ones(5_000_000)"
    ),
    "torch_sparse": Case(
        "torch.sparse_coo_tensor(torch.arange(3_000_000).repeat(2, 1), torch.ones(3_000_000))",
        TORCH_SETUP,
    ),
}

SCIENCE = {
    "scipy_coo": Case(
        "scipy.sparse.coo_array((np.ones(3_000_000), (np.arange(3_000_000), "
        "np.arange(3_000_000))))",
        "import numpy as np, scipy.sparse",
    ),
    "scipy_lil": small(
        "scipy.sparse.eye(150_000, format='lil')", "import numpy as np, scipy.sparse"
    ),
    "scipy_dok": small(
        "scipy.sparse.dok_array(scipy.sparse.eye(120_000, format='coo'))",
        "import numpy as np, scipy.sparse",
    ),
    "scipy_tree": Case(
        "KDTree(np.random.default_rng(0).random((400_000, 3)))",
        "import numpy as np\nfrom scipy.spatial import KDTree",
    ),
    "scipy_lu": small(
        "scipy.sparse.linalg.splu(scipy.sparse.random_array((1200, 1200), density=0.01, rng=0,"
        " format='csc') + scipy.sparse.eye(1200, format='csc'))",
        "import numpy as np, scipy.sparse, scipy.sparse.linalg",
    ),
    "scipy_spline": Case(
        "CubicSpline(np.arange(1_000_000.0), np.ones(1_000_000))",
        "import numpy as np\nfrom scipy.interpolate import CubicSpline",
    ),
    "xarray_dataset": Case(
        "xr.Dataset({'t': (('x', 'y'), np.ones((2000, 2500)))},"
        " {'x': np.arange(2000), 'y': np.arange(2500), 'h': (('x', 'y'), np.ones((2000, 2500)))})",
        "import numpy as np, xarray as xr",
    ),
    "xarray_selection_of_live": Case(
        "live.isel(x=slice(10, 1500))",
        "import numpy as np, xarray as xr\nlive = xr.Dataset({'t': (('x',), np.ones(5_000_000))})",
    ),
    "xarray_lazy": Case(
        "xr.Dataset({'t': (('x',), np.ones(6_000_000))}).chunk({'x': 1_000_000}) * 2",
        "import numpy as np, xarray as xr",
    ),
    "sklearn_forest": small(
        "ExtraTreesClassifier(40, random_state=0)"
        ".fit(r.random((20_000, 4)), r.integers(0, 2, 20_000))",
        "import numpy as np\nfrom sklearn.ensemble import ExtraTreesClassifier\n"
        "r = np.random.default_rng(0)",
    ),
    "sklearn_pipeline": Case(
        "make_pipeline(StandardScaler(), KNeighborsClassifier(algorithm='kd_tree'))"
        ".fit(r.random((400_000, 8)), r.integers(0, 2, 400_000))",
        "import numpy as np\nfrom sklearn.pipeline import make_pipeline\n"
        "from sklearn.preprocessing import StandardScaler\n"
        "from sklearn.neighbors import KNeighborsClassifier\nr = np.random.default_rng(0)",
    ),
    "networkx_graph": small("nx.grid_2d_graph(150, 150)", "import networkx as nx"),
    "networkx_subgraph_of_dropped": small(
        "nx.path_graph(60_000).subgraph([1, 2, 3])", "import networkx as nx"
    ),
}

PICTURES = {
    "matplotlib_figure": Case(
        "f = Figure()\nf.add_subplot().plot(np.arange(3_000_000.0), np.ones(3_000_000))\niter([f])",
        "import numpy as np\nfrom matplotlib.figure import Figure",
        "f",
    ),
    "matplotlib_axes": Case(
        "f = Figure()\na = f.add_subplot()\na.plot(np.arange(2_000_000.0), np.ones(2_000_000))\na",
        "import numpy as np\nfrom matplotlib.figure import Figure",
        "f, a",
    ),
    "matplotlib_image": Case(
        "plt.imshow(np.ones((2000, 2500)))", "import numpy as np, matplotlib.pyplot as plt"
    ),
    "matplotlib_drawn_canvas": Case(
        "c = FigureCanvasAgg(Figure((12, 9), dpi=300))\nc.draw()\nc",
        "from matplotlib.figure import Figure\n"
        "from matplotlib.backends.backend_agg import FigureCanvasAgg",
        "c",
    ),
    "pillow_image": Case("[Image.new('RGB', (4000, 3000), 'red')]", "from PIL import Image"),
    "pillow_crop_of_live": Case(
        "[live.crop((0, 0, 3000, 3000))]",
        "from PIL import Image\nlive = Image.new('L', (4000, 4000), 9)",
    ),
    "pillow_opened_not_loaded": Case(
        "[Image.open(io.BytesIO(picture))]",
        "import io\nfrom PIL import Image\nb = io.BytesIO()\n"
        "Image.new('RGB', (4000, 3000), 'red').save(b, 'png', compress_level=0)\n"
        "picture = b.getvalue()",
        "b, picture",
    ),
    "pillow_opened_and_shown": Case(
        "Image.open(path)",
        "import os, tempfile\nfrom PIL import Image\n"
        "path = os.path.join(tempfile.mkdtemp(), 'red.png')\n"
        "Image.new('RGB', (4000, 3000), 'red').save(path)",
    ),
}

CASES: dict[str, Case] = {
    **PLAIN,
    **NUMPY,
    **PANDAS,
    **ARROW,
    **TORCH,
    **SCIENCE,
    **PICTURES,
}
