"""The catalogue of the front end's texts, and what its translations lack.

`python scripts/catalogue.py` writes `translations/jupyter_memguard_locale/locale/`:

- `jupyter_memguard.pot`, all texts, as `jupyterlab-translate extract` names it,
- `<language>/LC_MESSAGES/jupyter_memguard.po`, brought up to date: new texts are empty in it,
- `<language>/LC_MESSAGES/jupyter_memguard.json`, what JupyterLab reads.

With `--check` nothing is written; it fails if a file is not what would be written, if a translation
lacks a place for a value (%1), or if more than 3 % of the texts are not translated: whoever adds
one need not speak the language. A new language: `pybabel init -D jupyter_memguard -l fr_FR
-i translations/jupyter_memguard_locale/locale/jupyter_memguard.pot
-d translations/jupyter_memguard_locale/locale`.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
MOST_MISSING = 0.03
PLACE = ROOT / "translations" / "jupyter_memguard_locale" / "locale"
DOMAIN = "jupyter_memguard"


def extracted() -> Catalog:
    """Return the catalogue of the texts that the sources have now."""
    done = subprocess.run(
        ["node", ROOT / "scripts" / "messages.mjs"], capture_output=True, text=True, check=True
    )
    package = json.loads((ROOT / "package.json").read_text())
    catalogue = Catalog(
        project=DOMAIN,
        version=package["version"],
        msgid_bugs_address=package["bugs"]["url"],
        header_comment=f"# Texts of {package['name']}, {package['license']}.",
        fuzzy=False,
    )
    for message in json.loads(done.stdout):
        texts = message["texts"]
        catalogue.add(
            tuple(texts) if len(texts) > 1 else texts[0],
            locations=[(message["file"], None)],
            context=message["context"],
        )
    return catalogue


def as_po(catalogue: Catalog) -> str:
    """Return a catalogue as a file, without the times that change with each run."""
    out = io.BytesIO()
    write_po(out, catalogue, omit_header=False, sort_output=True, ignore_obsolete=True, width=100)
    times = r'^"(POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team): .*\n'
    return re.sub(times, "", out.getvalue().decode(), flags=re.MULTILINE)


def as_json(catalogue: Catalog) -> str:
    """Return a translated catalogue as JupyterLab reads it."""
    found: dict[str, object] = {
        "": {
            "domain": DOMAIN,
            "language": str(catalogue.locale).replace("_", "-"),
            "plural_forms": catalogue.plural_forms,
            "version": catalogue.version,
        }
    }
    for message in sorted(catalogue, key=lambda message: str(message.id)):
        if message.id and message.string:
            single = message.id if isinstance(message.id, str) else message.id[0]
            key = f"{message.context}\x04{single}" if message.context else single
            texts = message.string
            found[key] = [texts] if isinstance(texts, str) else list(texts)
    return json.dumps(found, ensure_ascii=False, indent=0) + "\n"


def wanted() -> tuple[dict[Path, str], list[str]]:
    """Return all files as they should be, and what is wrong with translations."""
    template = extracted()
    files = {PLACE / f"{DOMAIN}.pot": as_po(template)}
    wrong = []
    for path in sorted(PLACE.glob(f"*/LC_MESSAGES/{DOMAIN}.po")):
        locale = path.parent.parent.name
        with path.open("rb") as source:
            catalogue = read_po(source, locale=locale, domain=DOMAIN)
        catalogue.update(template, no_fuzzy_matching=True)
        catalogue.version = template.version
        catalogue.fuzzy = False
        catalogue.header_comment = template.header_comment
        catalogue.msgid_bugs_address = template.msgid_bugs_address
        files[path] = as_po(catalogue)
        files[path.with_suffix(".json")] = as_json(catalogue)
        wrong += [f"{locale}: {fault}" for fault in faults(catalogue)]
    return files, wrong


def faults(catalogue: Catalog) -> list[str]:
    """Return what is wrong: many texts that are not translated, other places for values (%1)."""
    missing, found = [], []
    for message in catalogue:
        if not message.id:
            continue
        texts = [message.id] if isinstance(message.id, str) else list(message.id)
        translated = list(message.string) if isinstance(message.string, tuple) else [message.string]
        if not all(translated):
            missing.append(f"not translated: {texts[0]}")
        elif set(re.findall(r"%\d", texts[-1])) != set(re.findall(r"%\d", translated[-1])):
            found.append(f"other values: {texts[0]}")
    return found + (missing if len(missing) > MOST_MISSING * len(catalogue) else [])


def main(words: list[str]) -> int:
    """Write the files, or check them."""
    files, wrong = wanted()
    for path, text in files.items():
        is_right = path.exists() and path.read_text("utf-8") == text
        if not is_right and "--check" in words:
            wrong.append(f"{path.relative_to(ROOT)} is not up to date: run scripts/catalogue.py")
        elif not is_right:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8", newline="\n")
    print("\n".join(wrong) or f"{len(files)} files, up to date")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
