"""Translations of jupyter-memguard: the folder `locale` has one folder for each language."""
