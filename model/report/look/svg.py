"""A matplotlib canvas printed as SVG, laid out and drawn once.

`savefig` draws a constrained layout twice, the first time for nothing, and measures every text anew each time: half of
a chart's cost. What is printed is the same to the byte, and a test says so. Importing this module costs what importing
matplotlib does, so charts do it when they are drawn.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from matplotlib.backend_bases import FigureCanvasBase
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager, get_font
from matplotlib.textpath import text_to_path

if TYPE_CHECKING:
    from matplotlib.font_manager import FontProperties

DOTS: Final = 72  # to the inch: SVG's own


class Printer(RendererSVG):
    """matplotlib's SVG renderer, but what a text measures is remembered from chart to chart: always at `DOTS`."""

    def get_text_width_height_descent(
        self,
        s: str,
        prop: FontProperties,
        ismath: Any,  # noqa: ANN401 - matplotlib's own type
    ) -> tuple[float, float, float]:
        """Return width, height and descent of a text in dots."""
        return _measured(s, prop.copy(), ismath)

    def _get_font_height_metrics(self, prop: FontProperties) -> tuple[float | None, float | None, float | None]:
        """Return ascent, descent and line gap of a font in dots; matplotlib asks for them before each text."""
        return _font_heights(prop.copy())


class Paper(FigureCanvasBase):
    """What a figure stands on: one printer, for layout and for print."""

    def __init__(self, figure: Figure) -> None:
        """Put the figure on an empty page."""
        super().__init__(figure)
        self.page = io.StringIO()
        width, height = figure.get_size_inches() * DOTS
        undated = {"Date": None, "Creator": None}
        self.printer = Printer(width, height, self.page, image_dpi=DOTS, metadata=undated)  # type: ignore[no-untyped-call]

    def get_renderer(self) -> Printer:
        """Return the printer: the layout asks for it by this name."""
        return self.printer


def empty(width: float, height: float) -> Figure:
    """Return an empty figure, sizes in inches, that will be laid out so that nothing overlaps."""
    return Figure(figsize=(width, height), layout="constrained", dpi=DOTS)


def printed(figure: Figure) -> str:
    """Return a figure as an SVG document. It is laid out afresh, so that the same contents give the same picture."""
    paper, layout = Paper(figure), figure.get_layout_engine()
    for axes in figure.axes:
        place = axes.get_subplotspec()
        if place is not None:
            axes.set_subplotspec(place)  # where a layout before this one moved it from
    if layout is not None:
        layout.execute(figure)
        figure.set_layout_engine("none")  # or drawing would do it again
    figure.draw(paper.printer)
    paper.printer.finalize()  # type: ignore[no-untyped-call]
    figure.set_layout_engine(layout)
    return paper.page.getvalue()


@lru_cache(maxsize=4096)
def _measured(text: str, prop: FontProperties, ismath: Any) -> tuple[float, float, float]:  # noqa: ANN401
    width, height, descent = text_to_path.get_text_width_height_descent(text, prop, ismath)
    return float(width), float(height), float(descent)


@lru_cache(maxsize=256)
def _font_heights(prop: FontProperties) -> tuple[float | None, float | None, float | None]:
    """As matplotlib reads them from the font's OS/2 table; None where it has none, and matplotlib looks elsewhere."""
    font = get_font(fontManager.findfont(prop))
    table, head = font.get_sfnt_table("OS/2"), font.get_sfnt_table("head")
    if table is None or head is None:
        return None, None, None
    scale = 1 / head["unitsPerEm"] * prop.get_size_in_points()
    return table["sTypoAscender"] * scale, -table["sTypoDescender"] * scale, table["sTypoLineGap"] * scale
