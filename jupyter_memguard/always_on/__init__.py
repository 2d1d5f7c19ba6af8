"""`jupyter memguard`: the guard in every kernel and terminal, without a line in the notebook.

IPython runs the files of some folders at its start: `startup` in `etc/ipython` of the environment
and of the system, and in the user's profile. Kernels, terminals, engines and the shells that are
built on IPython read these, and packages share them, so one file of our own there reaches all, and
nobody's configuration has to be changed. docs/magics.md says who does not read them.

Needs the standard library alone: neither IPython nor Jupyter has to be where the command runs.
"""

from .command import main

__all__ = ["main"]
