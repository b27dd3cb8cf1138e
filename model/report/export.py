"""An executed notebook as one HTML file: nbconvert with a template of our own, inside our page."""

import copy
from collections.abc import Sequence

from nbformat import NotebookNode

from model.report.look import format as fmt
from model.report.look import markup
from model.report.look.exporter import page_exporter


def body_of(notebook: NotebookNode) -> str:
    """Return the cells of a notebook as HTML, and at the end all of its code in one place."""
    node = copy.deepcopy(notebook)
    node.cells = [cell for section in _sections(node.cells) if _says_something(section) for cell in section]
    for step, cell in enumerate((c for c in node.cells if c.cell_type == "code"), 1):
        cell.metadata["step"] = step
    body, _ = page_exporter().from_notebook_node(node)
    return f"{body.strip()}\n{_all_code(node)}"


def _sections(cells: Sequence[NotebookNode]) -> list[list[NotebookNode]]:
    """Return the cells of a notebook in sections, each from a heading of the second level to the next."""
    sections: list[list[NotebookNode]] = [[]]
    for cell in cells:
        if cell.cell_type == "markdown" and cell.source.startswith("## "):
            sections.append([])
        sections[-1].append(cell)
    return sections


def _says_something(section: Sequence[NotebookNode]) -> bool:
    """Whether a section of a page has anything to show: a case without children has none to speak of."""
    outputs = [output for cell in section if cell.cell_type == "code" for output in cell.outputs]
    return not outputs or any(o.get("data", {}).get("text/html", "something") for o in outputs)


def _all_code(node: NotebookNode) -> str:
    cells = [c.source.strip() for c in node.cells if c.cell_type == "code" and c.source.strip()]
    if not cells:
        return ""
    code = markup.escape("\n\n".join(f"# Step {i}\n{source}" for i, source in enumerate(cells, 1)))
    return (
        '<section class="all-code" aria-labelledby="all-the-code"><h2 id="all-the-code">All the code of this page</h2>'
        f'<details class="code"><summary>Show {fmt.counted(len(cells), "step")}</summary>'
        f'<pre tabindex="0" role="group" aria-label="All code"><code>{code}</code></pre></details></section>'
    )
