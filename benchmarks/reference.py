"""A reference report without model time: thirteen cells, three tables, five figures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PARAMETERS = """scenario: str = "base"  # the scenario's name
scale: float = 1.0  # multiplies every figure
years: int = 5  # financial years shown"""

CELLS = [
    (
        "code",
        (
            "%config InlineBackend.figure_formats = ['svg']\nimport matplotlib.pyplot as plt\nimport numpy as np\n"
            "import pandas as pd\nfrom IPython.display import Markdown\n\n"
            "plt.rcParams.update({'svg.hashsalt': 'report', 'svg.fonttype': 'none'})\n"
            "%config InlineBackend.print_figure_kwargs = {'metadata': {'Date': None}, 'bbox_inches': 'tight'}\n"
            "Markdown(f'# Report of {scenario}')"
        ),
    ),
    ("markdown", "## What it costs"),
    (
        "code",
        (
            "generator = np.random.default_rng(len(scenario))\n"
            "frame = pd.DataFrame(generator.normal(100, 20, (years, 4)) * scale,\n"
            "                     index=[f'{2022 + y}/{23 + y}' for y in range(years)],\n"
            "                     columns=['Fostering', 'Edge of care', 'Staff', 'Net'])\n"
            "frame.round(1)"
        ),
    ),
    ("code", "frame.cumsum().round(1)"),
    ("code", "frame.describe().round(2)"),
    (
        "code",
        (
            "figure, axes = plt.subplots(figsize=(7, 3))\nframe.plot.bar(ax=axes, stacked=True)\n"
            "axes.set_title('Costs by year');"
        ),
    ),
    (
        "code",
        "figure, axes = plt.subplots(figsize=(7, 3))\nframe.cumsum().plot(ax=axes)\naxes.set_title('Cumulative');",
    ),
    (
        "code",
        (
            "figure, axes = plt.subplots(figsize=(7, 3))\naxes.hist(generator.normal(size=2000), bins=40)\n"
            "axes.set_title('Net present value');"
        ),
    ),
    (
        "code",
        (
            "figure, axes = plt.subplots(figsize=(7, 3))\naxes.barh(frame.columns, frame.sum())\n"
            "axes.set_title('What matters');"
        ),
    ),
    (
        "code",
        (
            "figure, axes = plt.subplots(figsize=(7, 3))\nmonths = np.arange(120)\n"
            "bands = np.quantile(generator.normal(0, 1, (120, 400)).cumsum(axis=0), [0.1, 0.5, 0.9], axis=1)\n"
            "axes.fill_between(months, bands[0], bands[2], alpha=0.3)\naxes.plot(months, bands[1])\n"
            "axes.set_title('Range');"
        ),
    ),
    ("markdown", "## Where it comes from"),
    ("code", "print(f'{scenario}: total {frame.to_numpy().sum():,.1f}')"),
]


def notebook(given: list[tuple[str, str]]) -> dict[str, Any]:
    """A notebook of (kind, source) cells as JSON, the reference report's parameters before them."""
    cells = [_cell(0, "code", PARAMETERS, ["parameters"])]
    cells += [_cell(n, kind, source) for n, (kind, source) in enumerate(given, start=1)]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _cell(number: int, kind: str, source: str, tags: list[str] | None = None) -> dict[str, Any]:
    """One notebook cell."""
    cell: dict[str, Any] = {"id": f"cell-{number}", "cell_type": kind, "source": source, "metadata": {}}
    if tags:
        cell["metadata"]["tags"] = tags
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell


def write(path: Path, extra: list[tuple[str, str]] | None = None) -> Path:
    """Write the reference notebook to ``path``, with any ``extra`` (kind, source) cells at its end."""
    return write_plain(path, [*CELLS, *(extra or [])])


def write_plain(path: Path, cells: list[tuple[str, str]]) -> Path:
    """Write a notebook of these cells alone, with the same parameters."""
    path.write_text(json.dumps(notebook(cells), indent=1) + "\n", encoding="utf-8")
    return path


def outputs_of(notebook: Mapping[str, Any]) -> list[list[dict[str, Any]]]:
    """A notebook's outputs, cell by cell, for comparison: neighbouring pieces of one stream joined."""
    return [_joined(cell.get("outputs", [])) for cell in notebook["cells"] if cell["cell_type"] == "code"]


def _joined(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join pieces of text that a kernel happened to send apart, be it in the middle of a line."""
    joined: list[dict[str, Any]] = []
    for output in outputs:
        if output["output_type"] != "stream":
            joined.append(dict(output))
            continue
        text, last = "".join(output["text"]), joined[-1] if joined else {}
        if last.get("output_type") == "stream" and last["name"] == output["name"]:
            last["text"] += text
        else:
            joined.append({**output, "text": text})
    return joined
