"""Reports: what IPython retains, what releasing it would free, and where the memory is."""
