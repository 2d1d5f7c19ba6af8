"""`python -m jupyter_memguard` is `jupyter memguard`, where there is no `jupyter`."""

from __future__ import annotations

import sys

from .always_on import main

if __name__ == "__main__":
    sys.exit(main())
