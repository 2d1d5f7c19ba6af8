"""The examples in README and docs/ are right: notebooks, settings, configuration, `%memguard`."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.inputtransformer2 import TransformerManager
from jsonschema import Draft7Validator
from traitlets.config import Config

from jupyter_memguard.config import Memguard
from jupyter_memguard.magics import words

ROOT = Path(__file__).parent.parent
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
TEXTS = {path: path.read_text("utf-8") for path in DOCUMENTS}
BLOCK = re.compile(r"(?ms)^( *)```(\w+)\n(.*?)^\1``` *$")
SETTINGS = "jupyter-memguard:plugin"


def blocks(language: str, path: Path | None = None) -> list[str]:
    """Return the blocks in a language, of one document or of all."""
    texts = TEXTS.values() if path is None else [TEXTS[path]]
    return [
        re.sub(rf"(?m)^{indent}", "", content)
        for text in texts
        for indent, found, content in BLOCK.findall(text)
        if found == language
    ]


def test_the_tutorial_has_the_cells_of_the_experiment() -> None:
    notebook = json.loads((ROOT / "examples" / "experiment.ipynb").read_text("utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [block.strip() for block in blocks("python", ROOT / "docs" / "tutorial.md")] == cells


def test_settings_for_a_site_are_settings_of_the_schema() -> None:
    schema = json.loads((ROOT / "schema" / "plugin.json").read_text("utf-8"))
    found = [json.loads(block)[SETTINGS] for block in blocks("json") if SETTINGS in block]
    assert found
    for each in found:
        Draft7Validator(schema).validate(each)


def test_python_in_the_documents_can_be_read_and_its_configuration_is_taken() -> None:
    manager: Any = TransformerManager
    code = [manager().transform_cell(block) for block in blocks("python")]
    lines = [line for block in code for line in block.splitlines()]
    for block in code:
        ast.parse(block)
    # What is ours of a configuration, in blocks or between backticks.
    told = [line for line in lines if line.startswith("c.Memguard.")]
    names = set(re.findall(r"`c\.Memguard\.(\w+)`", "".join(TEXTS.values())))
    assert told
    assert names <= set(Memguard.class_own_traits(config=True))
    for line in told:
        config = Config()
        exec(line, {"c": config})  # noqa: S102 - a line of ours
        assert set(config.Memguard) <= set(Memguard.class_own_traits(config=True)), line
        Memguard(config=config)


def test_each_memguard_line_is_understood() -> None:
    inline = [
        match for text in TEXTS.values() for match in re.findall(r"`%memguard ([^`]*)`", text)
    ]
    cells = re.findall(r"(?m)^%memguard (.*)$", "\n".join(blocks("python")))
    assert len(inline + cells) > 10
    for line in {*inline, *cells}:
        words.read(line)
    with pytest.raises(UsageError):
        words.read("no such word")
