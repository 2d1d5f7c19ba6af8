"""Tests of the packages, the scripts and the documents."""
