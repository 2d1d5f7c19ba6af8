"""What notebooks show, as cases for the sizes: tests and benchmarks/sizes.py build them.

Each function builds one displayed value, in a process of its own. What the user would still have
in variables goes into `keep`.
"""

from __future__ import annotations

from library_cases import LIBRARIES  # type: ignore[import-not-found]
from python_cases import PYTHON  # type: ignore[import-not-found]
from table_cases import TABLE  # type: ignore[import-not-found]

CASES = {**TABLE, **PYTHON, **LIBRARIES}
