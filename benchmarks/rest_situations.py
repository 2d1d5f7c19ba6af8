"""Situations that public threads ask about, in which memory is kept by no result.

Each imports what it needs, does what was done once on a small scale, and then does it.
"""

from __future__ import annotations

from typing import NamedTuple


class Situation(NamedTuple):
    """A situation: where people ask, the code before it, and the code that makes memory grow."""

    name: str
    thread: str
    before: str
    grow: str
    modules: dict[str, str] = {}  # noqa: RUF012 - files beside the notebook, by their names


KEEPER = "def keep(): pass\nkeep.all = []\n"

SITUATIONS = (
    Situation(
        "figures left open",
        "quantopian/pyfolio#503",
        "import numpy as np, matplotlib.pyplot as plt; plt.switch_backend('agg')\n"
        "plt.plot([1]); plt.savefig('x.png'); plt.close('all');",
        "for _ in range(5): plt.figure(); plt.plot(np.random.rand(1_000_000))",
    ),
    Situation(
        "figures with %matplotlib widget",
        "matplotlib/ipympl#4",
        "%matplotlib widget\nimport numpy as np, matplotlib.pyplot as plt\n"
        "plt.ioff(); plt.subplots()[1].plot([1]); plt.close('all');",
        "for _ in range(5): plt.subplots()[1].plot(np.random.rand(1_000_000));",
    ),
    Situation(
        "widgets that nobody closed",
        "jupyter-widgets/ipywidgets#1345",
        "import ipywidgets, os\nipywidgets.Image(value=b'1').close()",
        "for _ in range(10): ipywidgets.Image(value=os.urandom(8_000_000))",
    ),
    Situation(
        "plotly's widgets",
        "manzt/anywidget#929",
        "import numpy as np, plotly.graph_objects as go\n"
        "go.FigureWidget(go.Scatter(y=[1])).close()",
        "for _ in range(5): go.FigureWidget(go.Scatter(y=np.random.rand(1_000_000)))",
    ),
    Situation(
        "bokeh's document",
        "bokeh/bokeh#4231",
        "import numpy as np\nfrom bokeh.io import curdoc\nfrom bokeh.plotting import figure\n"
        "def show(n):\n"
        "    drawn = figure(); drawn.line(np.random.rand(n), np.random.rand(n))\n"
        "    curdoc().add_root(drawn)\n"
        "show(9)",
        "for _ in range(5): show(1_000_000)",
    ),
    Situation(
        "lru_cache on a method",
        "scrapy/parsel#312",
        "import functools\n"
        "class Loader:\n"
        "    def __init__(self): self.data = bytearray(10_000_000)\n"
        "    @functools.lru_cache\n"
        "    def first(self): return self.data[0]",
        "for _ in range(8): Loader().first()",
    ),
    Situation(
        "a cache in the user's module",
        "malariagen/malariagen-data-python#1289",
        "import helpers, os",
        "for n in range(8): helpers.load(n)",
        {"helpers": "_cache = {}\ndef load(n): _cache[n] = bytearray(10_000_000)\n"},
    ),
    Situation(
        "earlier versions of a class",
        "ipython/ipython#11817",
        "import hooks",
        "for _ in range(5):\n"
        "    class Model:\n"
        "        weights = {}\n"
        "        def __init__(self): self.weights[1] = bytearray(20_000_000)\n"
        "    hooks.keep.all.append(Model())",
        {"hooks": KEEPER},
    ),
    Situation(
        "tasks that wait",
        "aio-libs/aiozipkin#73",
        "import asyncio\n"
        "async def poll(n):\n    data = bytearray(n)\n    await asyncio.sleep(10_000)",
        "for _ in range(8): asyncio.ensure_future(poll(10_000_000));\nawait asyncio.sleep(0)",
    ),
    Situation(
        "exceptions of futures",
        "python/cpython#80111",
        "import concurrent.futures, hooks\n"
        "def fails(n):\n    data = bytearray(n)\n    raise LookupError\n"
        "pool = concurrent.futures.ThreadPoolExecutor(1); pool.submit(len, 'x').result()",
        "hooks.keep.all += [pool.submit(fails, 10_000_000) for _ in range(8)]\n"
        "concurrent.futures.wait(hooks.keep.all);",
        {"hooks": KEEPER},
    ),
    Situation(
        "exceptions that are kept",
        "celery/billiard#311",
        "import hooks\ndef fails(n):\n    data = bytearray(n)\n    raise LookupError",
        "for _ in range(8):\n"
        "    try: fails(10_000_000)\n"
        "    except LookupError as error: hooks.keep.all.append(error)",
        {"hooks": KEEPER},
    ),
    Situation(
        "generators that were not closed",
        "scikit-hep/uproot5#1305",
        "import hooks\ndef rows(n):\n    data = bytearray(n)\n    yield 1\n    yield 2",
        "for _ in range(8):\n    hooks.keep.all.append(rows(10_000_000)); next(hooks.keep.all[-1])",
        {"hooks": KEEPER},
    ),
    Situation(
        "arrays in cycles",
        "illinois-ceesd/mirgecom#839",
        "import gc\ngc.collect(); gc.disable()\nclass Node: pass",
        "nodes = []\n"
        "for _ in range(8):\n"
        "    node = Node(); node.it = node; node.data = bytearray(10_000_000); nodes.append(node)\n"
        "gc.collect(); del nodes, node",
    ),
    Situation(
        "texts of warnings",
        "python/cpython#97557",
        "import warns, warnings; warns.all(1)",
        "warns.all(200_000)",
        {
            "warns": "import warnings\n"
            "def all(count):\n"
            "    with warnings.catch_warnings():\n"
            "        warnings.simplefilter('default')\n"
            "        warnings.showwarning = lambda *_: None\n"
            "        for n in range(count): warnings.warn(f'{n:0200}')\n"
        },
    ),
    Situation(
        "sources that linecache keeps",
        "sympy/sympy#27232",
        "import linecache",
        "for n in range(2000):\n"
        "    lines = [f'x = {n + i:0200}' for i in range(200)]\n"
        "    linecache.cache[f'<generated {n}>'] = 1, None, lines, ''\n"
        "del lines",
    ),
    Situation(
        "records of a MemoryHandler",
        "Tribler/tribler#8530",
        "import logging.handlers\n"
        "logging.getLogger('mine').addHandler(\n"
        "    logging.handlers.MemoryHandler(10**6, flushLevel=100))\n"
        "logging.getLogger('mine').propagate = False",
        "for n in range(80): logging.getLogger('mine').error('%s', bytearray(1_000_000))",
    ),
    Situation(
        "arguments of finalizers",
        "DiamondLightSource/httomo#265",
        "import weakref\n"
        "class Reader:\n"
        "    def __init__(self):\n"
        "        self.data = bytearray(10_000_000)\n"
        "        weakref.finalize(self, self.close)\n"
        "    def close(self): pass",
        "for _ in range(8): Reader()",
    ),
    Situation(
        "a mapped file",
        "numpy/numpy#7732",
        "import numpy as np; np.ones(10_000_000).tofile('mapped')",
        "mapped = np.memmap('mapped', mode='r'); int(mapped.sum());",
    ),
    Situation(
        "shared memory",
        "luizalabs/shared-memory-dict#55",
        "from multiprocessing.shared_memory import SharedMemory\n"
        "import hooks; SharedMemory(create=True, size=1).unlink()",
        "for _ in range(8):\n"
        "    hooks.keep.all.append(SharedMemory(create=True, size=10_000_000))\n"
        "    hooks.keep.all[-1].buf[:] = b'x' * 10_000_000",
        {"hooks": KEEPER},
    ),
    Situation(
        "free, but not given back",
        "pandas-dev/pandas#9716",
        "texts = None",
        "texts = [b'x' * 100_000 for _ in range(1600)]; del texts[::2]\n"
        "few = texts[::40]; del texts",
    ),
)
