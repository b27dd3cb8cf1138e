"""An executed notebook as one HTML file: nbconvert with a template of our own, inside our page.

Nothing is fetched and nothing parsed again: nbconvert's own HTML exporter reads its whole output back through a parser
to look for pictures without words, which takes longer than the rest and turns every SVG's attributes to lower case.
Ours derives from the class beneath it.
"""

import copy
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from nbconvert.exporters import TemplateExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from model.report.look import format as fmt
from model.report.look import markup
from model.report.look.page import TEMPLATE

NO_WORDS = "A picture made by the analyst, who gave it no description."
SHOWN = ("text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/plain")


def markdown_html(source: str) -> str:
    """Return markdown as HTML, headings without pilcrow links."""
    renderer = IPythonRenderer(escape=False, exclude_anchor_links=True)
    return str(MarkdownWithMath(renderer=renderer).render(source))


def shown_type(output: Mapping[str, Any]) -> str:
    """Return which of an output's forms the page shows; nothing where it has none that a page can."""
    return next((kind for kind in SHOWN if kind in output["data"]), "")


def alt_text(output: Mapping[str, Any]) -> str:
    """Return what an output's metadata says a picture shows, escaped; or that nobody said."""
    found = dict(output.get("metadata", {}))
    said = found.get("alt") or next((v["alt"] for v in found.values() if isinstance(v, dict) and v.get("alt")), None)
    return markup.attribute(said or NO_WORDS)


class PageExporter(TemplateExporter):
    """The cells of a notebook as the body of a page."""

    def _file_extension_default(self) -> str:
        return ".html"

    def _template_extension_default(self) -> str:
        return ".html.j2"


@cache
def page_exporter() -> PageExporter:
    """Return an exporter; making one costs more than using it."""
    return PageExporter(  # type: ignore[no-untyped-call] # nbconvert has no types here
        template_name="council",
        extra_template_basedirs=[str(TEMPLATE)],
        filters={"alt_text": alt_text, "shown_type": shown_type, "markdown_html": markdown_html},
    )


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
