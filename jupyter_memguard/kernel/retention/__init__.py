"""Who holds a result, letting it go, and what is left in its place."""
