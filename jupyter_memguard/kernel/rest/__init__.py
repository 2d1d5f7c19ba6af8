"""Who holds the rest: memory that is neither a result nor a variable, with a name and a remedy.

`hoard.py` says what a hoard is, and `table.py` has the one table of hoarders, of which each is a
file in `hoarders/`. `answer.py` asks them and measures what they found.
"""
