"""What is retained, what it would free, and where the memory is."""
