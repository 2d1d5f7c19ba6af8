"""What people do about a shown array that does not go away, each on a kernel of its own.

Run `python benchmarks/recipes.py` (needs the extra `bench` of pyproject.toml; half a minute). An
array of 200 MB is shown, then each recipe is followed. Printed is what the process lost of it, as
/proc tells, and whether `_` and `Out` still have a small result that is shown afterwards. A recipe
whose package is not installed says so.
"""

from __future__ import annotations

import subprocess
import sys
import time
from typing import NamedTuple

from jupyter_client.manager import start_new_kernel

MEGABYTES = 200
PATIENCE_SECONDS = 60
SHOW = f"arr = np.ones({MEGABYTES} * 10**6 // 8)\narr"
RSS = """
import os
print(int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE"))
"""
SMALL = "print(_ == 7, any(type(value) is int and value == 7 for value in Out.values()))"
PATCH = "type(get_ipython().displayhook).update_user_ns = lambda self, result: None"


class Recipe(NamedTuple):
    """Cells before the array is shown, cells afterwards, and options of the kernel."""

    before: list[str]
    after: list[str]
    options: list[str] = []  # noqa: RUF012 - of a NamedTuple


DELETE = ["del arr", "import gc; gc.collect();"]
RECIPES = {
    "`del arr`, `gc.collect()`": Recipe([], DELETE),
    "`del arr`, `del Out[n]`": Recipe([], ["del Out[max(Out)]", *DELETE]),
    "`del arr`, `%reset -f out`": Recipe([], ["%reset -f out", *DELETE]),
    "`%xdel arr`": Recipe([], ["%xdel arr", "import gc; gc.collect();"]),
    "`%reset -f`": Recipe([], ["%reset -f", "import gc; gc.collect();"]),
    "`c.InteractiveShell.cache_size = 0`, `del arr`": Recipe(
        [], DELETE, ["--InteractiveShell.cache_size=0"]
    ),
    "the article's line, `del arr`": Recipe([PATCH], DELETE),
    "IPyExperiments, `finish()`": Recipe(
        ["import ipyexperiments; exp = ipyexperiments.IPyExperimentsCPU()"],
        ["exp.finish();", "import gc; gc.collect();"],
    ),
    "`del arr`, then `%memguard free`": Recipe(
        ["%load_ext jupyter_memguard"], [*DELETE, "%memguard free"]
    ),
    "`%memguard guard large`, `del arr`": Recipe(
        ["%load_ext jupyter_memguard", "%memguard guard large"], DELETE
    ),
}


def follow(recipe: Recipe) -> tuple[float, str]:
    """Follow a recipe; returns the megabytes that came back, and what is said of `_` and `Out`."""
    manager, client = start_new_kernel(
        kernel_name="python3", extra_arguments=recipe.options, stderr=subprocess.DEVNULL
    )
    try:

        def run(code: str) -> str:
            printed: list[str] = []
            reply = client.execute_interactive(
                code,
                timeout=PATIENCE_SECONDS,
                output_hook=lambda message: printed.append(message["content"].get("text", "")),
            )
            if reply["content"]["status"] != "ok":
                raise RuntimeError(reply["content"]["evalue"])
            # IPyExperiments writes below each cell.
            return "".join(printed).strip().partition("\n")[0]

        run("import numpy as np")
        for cell in recipe.before:
            run(cell)
        run(SHOW)
        shown = int(run(RSS))
        for cell in recipe.after:
            run(cell)
        # What is shown in two cells is no longer the last of anything.
        run("1")
        time.sleep(1)  # some allocators give back late
        back = (shown - int(run(RSS))) / 10**6
        run("3 + 4")
        return back, run(SMALL)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def main() -> int:
    """Follow all recipes and print a table."""
    print(f"| recipe | of {MEGABYTES} MB came back | `_` and `Out[n]` of a later `3 + 4` |")
    print("| --- | --: | --- |")
    words = {
        "True True": "7 and 7",
        "False True": "none, 7",
        "True False": "7, none",
        "False False": "none",
    }
    for name, recipe in RECIPES.items():
        try:
            back, small = follow(recipe)
            print(f"| {name} | {back:.0f} | {words[small]} |")
        except RuntimeError as error:  # noqa: PERF203 - it takes seconds anyway
            print(f"| {name} | not run: {error} | |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
