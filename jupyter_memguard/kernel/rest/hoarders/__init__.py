"""One file for each hoarder; `rest/table.py` lists them, and docs/rest-of-memory.md says how."""
