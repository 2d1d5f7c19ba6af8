"""Which places hold a result, how to release it, and what is left in its place."""
