"""`clean-notebooks`: a notebook in git holds its words and its code, and nothing that running it leaves behind."""

import argparse
import json
import re
from itertools import count
from pathlib import Path
from typing import Any

from model.commands.shared import BAD_INPUT, DONE, FAILED
from model.commands.terminal import say

KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
CELL_METADATA = ("jupyter", "tags")

Json = dict[str, Any]


def run(options: argparse.Namespace) -> int:
    """Clean notebooks and say which; 2 where one is no file, 1 if anything was changed or cannot be."""
    paths = [Path(name) for name in options.notebooks] or sorted(Path("notebooks").glob("*.ipynb"))
    said = [wrong or f"{path}: cleaned" for path in paths if (wrong := unreadable(path)) or clean(path)]
    for line in said:
        say(line)
    if not all(path.is_file() for path in paths):
        return BAD_INPUT
    return FAILED if said else DONE


def unreadable(path: Path) -> str:
    """Say why a file is no notebook that can be cleaned; nothing where it is one."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        return f"{path}: {error.strerror}"
    except ValueError as error:
        return f"{path}: not a notebook's JSON ({error}); restore it from git"
    is_notebook = isinstance(found, dict) and isinstance(found.get("cells"), list)
    return "" if is_notebook else f"{path}: JSON, and not a notebook's; restore it from git"


def clean(path: Path) -> bool:
    """Remove outputs, counts, injected parameters and stray metadata in place; return whether anything changed."""
    text = path.read_text(encoding="utf-8")
    wanted = cleaned(json.loads(text))
    if wanted != text:
        path.write_text(wanted, encoding="utf-8", newline="\n")
    return wanted != text


def cleaned(notebook: Json) -> str:
    """Return a notebook's clean text: the same words and code give the same bytes, whoever last ran it."""
    cells = [_clean_cell(cell) for cell in notebook.get("cells", []) if "injected-parameters" not in tags_of(cell)]
    taken: set[str] = set()
    for cell in cells:
        if cell["id"] in taken or not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", cell["id"]):
            cell["id"] = ""
        taken.add(cell["id"])
    free = (name for number in count(1) if (name := f"cell-{number:02d}") not in taken)
    for cell in cells:
        cell["id"] = cell["id"] or next(free)
    notebook = {"cells": cells, "metadata": KERNEL, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _clean_cell(cell: Json) -> Json:
    kept: Json = {
        "cell_type": cell["cell_type"],
        "id": cell.get("id", ""),
        "metadata": {key: value for key, value in cell.get("metadata", {}).items() if key in CELL_METADATA and value},
        "source": source_of(cell).splitlines(keepends=True),
    }
    if cell["cell_type"] == "code":
        kept |= {"execution_count": None, "outputs": []}
    if "attachments" in cell:
        kept["attachments"] = cell["attachments"]
    return kept


def tags_of(cell: Json) -> list[str]:
    """A cell's tags."""
    return list(cell.get("metadata", {}).get("tags", []))


def source_of(cell: Json) -> str:
    """A cell's text."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)
