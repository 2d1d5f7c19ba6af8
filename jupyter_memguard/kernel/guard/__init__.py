"""What becomes of a result that a cell shows."""
