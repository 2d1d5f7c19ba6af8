"""The guard: whether IPython keeps a result that a cell shows."""
