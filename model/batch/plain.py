"""nbconvert's own plainest page, for a job that names no exporter of its own."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

from nbconvert.exporters import HTMLExporter, TemplateExporter
from nbconvert.filters import Highlight2HTML, clean_html
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
from nbformat import v4

from model.batch import engine

if TYPE_CHECKING:
    from nbformat import NotebookNode

REMEMBERED, LONG = 512, 20_000
"""How many pieces of a page a process remembers, and from how many characters on a piece is not kept."""
NO_WORDS = "No description has been provided for this image"
"""nbconvert's own words."""
_QUOTED = """"[^"]*"|'[^']*'"""
_PICTURE = re.compile(f"""<img\\b((?:[^>"']|{_QUOTED})*)>""", re.IGNORECASE)
_SPEAKS = re.compile(r"(?:^|\s)alt(?:[\s=]|$)", re.IGNORECASE)
_NOT_ALL_TAGS = re.compile(r"<(?:!--|iframe|noscript|script|template|textarea|xmp)", re.IGNORECASE)
"""What may hold something that looks like a picture and is none."""


class PlainExporter(HTMLExporter):
    """What ``jupyter nbconvert --template basic`` writes, but for one step.

    nbconvert reads every page it has made back through a parser, to give words to pictures that have none, and writes
    out what it has read. That takes six times as long as all the rest. Here the words are added to the tags as they
    stand, and what a browser reads is the same.
    """

    def from_notebook_node(  # type: ignore[override] # as in nbconvert's own
        self,
        nb: NotebookNode,
        resources: dict[str, Any] | None = None,
        **options: Any,  # noqa: ANN401 - nbconvert's
    ) -> tuple[str, dict[str, Any]]:
        """Return the page, and nbconvert's resources."""
        ready = self._init_resources(resources)
        widgets = WidgetsDataTypeFilter(notebook_metadata=self._nb_metadata, parent=self, resources=ready)
        self.register_filter("filter_data_type", widgets)
        page, ready = TemplateExporter.from_notebook_node(self, nb, ready, **options)
        if _NOT_ALL_TAGS.search(page):
            return super().from_notebook_node(nb, resources, **options)
        return _PICTURE.sub(_described, page), ready


def _described(picture: re.Match[str]) -> str:
    """A picture's tag, with words."""
    given = picture[1]
    return picture[0] if _SPEAKS.search(re.sub(_QUOTED, "", given)) else f'<img{given} alt="{NO_WORDS}">'


def plain_exporter() -> PlainExporter:
    """Make an exporter that has made a first page: it has compiled its templates and loaded what it needs.

    The code that all scenarios share is coloured and cleaned once a process.
    """
    colour = Highlight2HTML(pygments_lexer=engine.language_info()["pygments_lexer"])

    @functools.lru_cache(maxsize=REMEMBERED)
    def coloured(source: str, magics: str | None) -> str:
        return str(colour(source, metadata={"magics_language": magics} if magics else {}))

    cleaned = functools.lru_cache(maxsize=REMEMBERED)(clean_html)
    exporter = PlainExporter(
        template_name="basic",
        filters={
            "highlight_code": lambda source, metadata: coloured(source, metadata.get("magics_language")),
            "clean_html": lambda html: cleaned(html) if len(html) < LONG else clean_html(html),
        },
        optimistic_validation=True,
    )
    exporter.from_notebook_node(_first_notebook())
    return exporter


def _first_notebook() -> NotebookNode:
    """A notebook with one of everything that most have."""
    shown = [v4.new_output("stream", text="a"), v4.new_output("display_data", {"text/html": "<b>a</b>"})]
    cells = [v4.new_markdown_cell("# A"), v4.new_code_cell("a = 1", outputs=shown, execution_count=1)]
    return v4.new_notebook(  # type: ignore[no-any-return]
        cells=cells, metadata={"language_info": engine.language_info()}
    )
