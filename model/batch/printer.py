"""Print a notebook's plain figures in half the time, with the bytes that IPython's own printer gives.

To print a figure with a tight frame, or laid out by an engine, matplotlib draws it twice: first for nothing, so that
every artist finds its place, then on paper. Artists of the kinds named below find their place when they are measured,
so the first drawing can be left out; and while one figure is printed, an axis is ticked and a text laid out once for
each place it has, not a dozen times. Everything else is matplotlib's and IPython's own code.

A figure that holds anything not named here, or that fails, is printed by IPython's printer, as if nobody had tried.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

import matplotlib as mpl
from IPython.core.pylabtools import print_figure, retina_figure
from matplotlib import axis, category, collections, lines, offsetbox, patches, spines, text, ticker
from matplotlib._pylab_helpers import Gcf
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.backends.backend_mixed import MixedModeRenderer
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.image import AxesImage
from matplotlib.layout_engine import ConstrainedLayoutEngine, TightLayoutEngine
from matplotlib.legend import Legend
from matplotlib.scale import LinearScale, LogScale, SymmetricalLogScale

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


FORMATS: Final = ("image/svg+xml", "image/png", "image/jpeg")
WISHES: Final = frozenset({"fmt", "base64", "bbox_inches", "metadata", "facecolor", "edgecolor", "pad_inches"})
"""What a notebook may set for its figures; frames of its own and other back ends are not ours."""
LAYOUTS: Final = {type(None), ConstrainedLayoutEngine, TightLayoutEngine}
SCALES: Final = {LinearScale, LogScale, SymmetricalLogScale}
SIZED: Final = {collections.PathCollection, collections.PolyCollection, collections.FillBetweenPolyCollection}
"""Sizes in points become dots of the paper when these are drawn, so before they are measured here."""
NESTED: Final = {Axes, Legend, offsetbox.DrawingArea, offsetbox.HPacker, offsetbox.TextArea, offsetbox.VPacker}
WORDS: Final = {text.Text, text.Annotation}
KINDS: Final = SIZED | NESTED | WORDS | {
    AxesImage, axis.XAxis, axis.YAxis, spines.Spine, lines.Line2D, patches.Circle, patches.Ellipse,
    patches.FancyBboxPatch, patches.PathPatch, patches.Polygon,
    patches.Rectangle, patches.StepPatch, patches.Wedge, collections.LineCollection,
}  # fmt: skip
"""Artists that are where they belong once they are measured."""
TICKING: Final = {
    ticker.AutoLocator, ticker.AutoMinorLocator, ticker.FixedFormatter, ticker.FixedLocator, ticker.LogLocator,
    ticker.MaxNLocator, ticker.MultipleLocator, ticker.NullFormatter,
    ticker.NullLocator, ticker.PercentFormatter, ticker.ScalarFormatter, ticker.StrMethodFormatter,
    ticker.SymmetricalLogLocator, category.StrCategoryFormatter, category.StrCategoryLocator,
}  # fmt: skip
"""Locators and formatters that keep nothing from one question to the next."""
OVERRIDES: Final = frozenset(
    {"apply_aspect", "draw", "get_children", "get_tightbbox", "get_window_extent", "make_image"}
)
FONT: Final = "DejaVu Sans"
LAST_LETTER, MINUS = 0x24F, 0x2212
"""Letters up to here, and the minus sign: the font has them all, and says nothing when it is asked for them."""
MOST = 4096
"""Layouts of text that are remembered."""
_FONT_SETTINGS = ("font.sans-serif", "text.hinting", "text.hinting_factor", "text.kerning_factor", "text.usetex")


class UnknownError(Exception):
    """Something that this module does not know; the figure is printed by IPython's printer."""


@dataclass(kw_only=True)
class Sheet:
    """What is known of one figure while it is printed: answers that axes and texts need not work out again."""

    alone: set[axis.Axis]
    settings: tuple[object, ...]
    ticks: dict[axis.Axis, tuple[object, list[Any]]] = field(default_factory=dict)
    boxes: dict[axis.Axis, tuple[object, tuple[list[Any], list[Any]]]] = field(default_factory=dict)

    def ticks_of(self, one: axis.Axis) -> list[Any]:
        """Stand in for ``Axis._update_ticks``."""
        if one not in self.alone:
            return cast("list[Any]", _TICKS(one))
        where = _where(one)
        known = self.ticks.get(one)
        if known is None or known[0] != where:
            known = self.ticks[one] = where, _TICKS(one)
        return [*known[1]]

    def boxes_of(self, one: axis.Axis, ticks: list[Any], renderer: Any) -> tuple[list[Any], list[Any]]:  # noqa: ANN401
        """Stand in for ``Axis._get_ticklabel_bboxes``."""
        where = (_where(one), id(renderer), tuple(map(id, ticks)))
        known = self.boxes.get(one)
        if known is None or known[0] != where or one not in self.alone:
            known = self.boxes[one] = where, _BOXES(one, ticks, renderer)
        return [*known[1][0]], [*known[1][1]]

    def layout_of(self, one: text.Text, renderer: Any) -> Any:  # noqa: ANN401
        """Stand in for ``Text._get_layout``."""
        key = (self.settings, *_appearance(one), *_paper(renderer))
        known = _REMEMBERED.get(key)
        if known is None:
            if len(_REMEMBERED) >= MOST:
                _REMEMBERED.clear()
            known = _REMEMBERED[key] = _LAYOUT(one, renderer)
        return known


_TICKS: Final = cast("Any", axis.Axis)._update_ticks  # noqa: SLF001
_BOXES: Final = cast("Any", axis.Axis)._get_ticklabel_bboxes  # noqa: SLF001
_LAYOUT: Final = cast("Any", text.Text)._get_layout  # noqa: SLF001
_REMEMBERED: dict[tuple[object, ...], Any] = {}
"""What texts measure, by all that they depend on: the same from notebook to notebook."""


def attach(shell: Any) -> None:  # noqa: ANN401 - IPython ships few types
    """Let a shell print what this module knows; what it registers for figures stays IPython's own."""
    filters = tuple(warnings.filters)
    for name in FORMATS:
        formatter = shell.display_formatter.formatters[name]
        formatter.lookup = functools.partial(_lookup, formatter.lookup, filters)


def draw_first() -> None:
    """Draw the figures of a cell that may look otherwise once they were drawn, as pyplot does after every cell.

    In a kernel pyplot draws all of them, for nobody, before they are shown: a third of the cells' time. It moves what
    a layout has placed, and asks a notebook's own formatters.
    """
    if not mpl.is_interactive():
        return
    for manager in Gcf.get_all_fig_managers():
        figure = manager.canvas.figure
        if figure.stale and not _is_settled(figure):
            manager.canvas.draw_idle()


def _is_settled(figure: Figure) -> bool:
    """Whether a figure looks the same however often it is drawn."""
    try:
        _examine(figure)
    except UnknownError:
        return False
    return type(figure) is Figure and figure.get_layout_engine() is None


def _lookup(
    lookup: Callable[[object], Callable[[object], object]],
    filters: tuple[object, ...],
    shown: object,
) -> Callable[[object], object]:
    """Find the printer of an object: for a figure that could be printed here, one that has it printed.

    Trying here, before IPython calls its printer, leaves no trace of us in the error a figure may raise there.
    """
    printer = lookup(shown)
    if type(shown) is Figure and getattr(printer, "func", None) in {print_figure, retina_figure}:
        with contextlib.suppress(Exception):
            done = _printed(shown, cast("functools.partial[object]", printer), filters)
            return lambda _: done
    return printer


def _printed(figure: Figure, printer: functools.partial[object], filters: tuple[object, ...]) -> object:
    """Print a figure as its printer would.

    Raises:
        UnknownError: it holds something unknown, or is not laid out at all.
        Exception: whatever the printer raises.
    """
    wishes = printer.keywords
    if printer.args or not wishes.keys() <= WISHES or wishes.get("bbox_inches", "tight") not in {"tight", None}:
        raise UnknownError
    if tuple(warnings.filters) != filters:  # warnings that a notebook asked for are shown as often as it asked
        raise UnknownError
    alone, sized = _examine(figure)
    sheet = Sheet(alone=alone, settings=(*map(_setting, _FONT_SETTINGS), len(fontManager.ttflist)))
    with _placed_by_measuring(figure, sized), _remembering(sheet), _silence():
        return printer(figure)


def _setting(name: str) -> object:
    value = cast("dict[str, object]", mpl.rcParams)[name]
    return tuple(value) if isinstance(value, list) else value


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Give up as soon as matplotlib has something to say in its log: it must be said as often as it ever was."""
    factory = logging.getLogRecordFactory()

    def refuse(*_: object, **__: object) -> logging.LogRecord:
        raise UnknownError

    logging.setLogRecordFactory(refuse)
    try:
        yield
    finally:
        logging.setLogRecordFactory(factory)


def _examine(figure: Figure) -> tuple[set[axis.Axis], list[Any]]:
    """Return the axes that share their ticks with nobody, and what has sizes, of a figure all of known kinds."""
    if not _is_plain(figure):
        raise UnknownError
    laid_out = figure.get_layout_engine() is not None
    alone: set[axis.Axis] = set()
    sized: list[Any] = []
    stack: list[Any] = [child for child in figure.get_children() if child is not figure.patch]
    while stack:
        artist = stack.pop()
        kind = type(artist)
        if kind not in KINDS or _is_placed_late(artist):
            raise UnknownError
        if kind is Axes:
            _examine_axes(artist, alone)
        if kind in SIZED:
            sized.append(artist)
        elif kind in NESTED:
            stack += artist.get_children()
        elif kind in WORDS:
            _appearance(artist)
        elif kind in {axis.XAxis, axis.YAxis}:
            stack += (artist.label, artist.offsetText)
            if laid_out:  # a layout is done once: what would stop us must be seen before it
                stack += (words for tick in _TICKS(artist) for words in (tick.label1, tick.label2))
    return alone, sized


def _is_plain(figure: Figure) -> bool:
    """Whether a figure is drawn and laid out by matplotlib's own means, and nobody listens."""
    canvas: Any = figure.canvas
    if type(canvas) is not FigureCanvasAgg or canvas.callbacks.callbacks.get("draw_event"):
        return False
    return type(figure.get_layout_engine()) in LAYOUTS and "draw" not in vars(figure)


def _is_placed_late(artist: Any) -> bool:  # noqa: ANN401
    """Whether an artist is not where it belongs until it is drawn: a wide legend, an arrow, methods of its own."""
    if artist.get_agg_filter() is not None or OVERRIDES & vars(artist).keys():
        return True
    late = type(artist) is Legend and vars(artist)["_mode"] == "expand"
    return late or getattr(artist, "arrow_patch", None) is not None


def _examine_axes(axes: Axes, alone: set[axis.Axis]) -> None:
    inner: Any = axes
    if inner.child_axes or axes.get_axes_locator() is not None or inner.get_rasterization_zorder() is not None:
        raise UnknownError
    for one in inner._axis_map.values():  # noqa: SLF001 - there is no public way to both
        parts = (one.get_major_locator(), one.get_minor_locator(), one.get_major_formatter(), one.get_minor_formatter())
        if not all(map(_is_steady, parts)) or type(one._scale) not in SCALES:  # noqa: SLF001
            raise UnknownError
        if one._get_shared_axes() == [axes] and len(inner._twinned_axes.get_siblings(axes)) == 1:  # noqa: SLF001
            alone.add(one)


def _is_steady(part: object) -> bool:
    """Whether a locator or formatter gives the same answer however often it is asked; a notebook's own need not."""
    if type(part) is ticker.ScalarFormatter and part.get_useMathText():
        return False
    if type(part) is ticker.FuncFormatter:  # what set_xticklabels makes of a list of labels
        return getattr(part.func, "func", None) is axis.Axis._format_with_dict  # type: ignore[attr-defined] # noqa: SLF001
    return type(part) in TICKING


@contextlib.contextmanager
def _placed_by_measuring(figure: Figure, sized: list[Any]) -> Iterator[None]:
    """Leave out the drawing that is for nobody; the layout it does first is done."""
    real = figure.draw

    def draw(renderer: Any) -> None:  # noqa: ANN401
        under = renderer._renderer if type(renderer) is MixedModeRenderer else renderer  # noqa: SLF001
        if "open_group" not in vars(under):  # matplotlib has not put its hand over it: this one is for the paper
            real(renderer)
            return
        inner: Any = figure
        inner._get_draw_artists(renderer)  # noqa: SLF001 - applies aspects
        engine = figure.get_layout_engine()
        if figure.axes and engine is not None:
            with contextlib.suppress(ValueError):  # as Figure.draw
                engine.execute(figure)
        for one in sized:
            one.set_sizes(one.get_sizes(), figure.dpi)

    vars(figure)["draw"] = draw
    try:
        yield
    finally:
        del vars(figure)["draw"]


@contextlib.contextmanager
def _remembering(sheet: Sheet) -> Iterator[None]:
    """Let axes and texts answer from the sheet while one figure is printed."""
    axes, texts = cast("Any", axis.Axis), cast("Any", text.Text)
    axes._update_ticks = lambda one: sheet.ticks_of(one)  # noqa: SLF001, PLW0108 - a method, which a bound one is not
    axes._get_ticklabel_bboxes = lambda one, ticks, renderer: sheet.boxes_of(one, ticks, renderer)  # noqa: SLF001, PLW0108
    texts._get_layout = lambda one, renderer: sheet.layout_of(one, renderer)  # noqa: SLF001, PLW0108
    try:
        yield
    finally:
        axes._update_ticks, axes._get_ticklabel_bboxes, texts._get_layout = _TICKS, _BOXES, _LAYOUT  # noqa: SLF001


def _where(one: axis.Axis) -> tuple[object, ...]:
    """Return all that an axis' ticks depend on and that changes while a figure is printed."""
    figure = one.get_figure(root=True)
    return (*one.get_view_interval(), *one.axes.bbox.bounds, figure.dpi)  # type: ignore[union-attr]


def _paper(renderer: Any) -> tuple[object, ...]:  # noqa: ANN401
    """Return what a text's size depends on in a renderer."""
    under = renderer._renderer if type(renderer) is MixedModeRenderer else renderer  # noqa: SLF001
    if type(under) not in {RendererAgg, RendererSVG}:
        raise UnknownError
    return type(under), getattr(under, "dpi", None)


def _appearance(one: text.Text) -> tuple[object, ...]:
    """Return all that a text's layout depends on in it."""
    words, font = one.get_text(), one.get_fontproperties()
    family, inner = font.get_family(), cast("Any", one)
    plain = family in (["sans-serif"], [FONT]) and font.get_file() is None and _setting("font.sans-serif")[0] == FONT  # type: ignore[index]
    known = words.isascii() or all(ord(letter) <= LAST_LETTER or ord(letter) == MINUS for letter in words)
    if not (plain and known) or "$" in words or one.get_usetex() or one.get_wrap():
        raise UnknownError
    return (
        words,
        family[0],
        font.get_style(),
        font.get_variant(),
        font.get_weight(),
        font.get_stretch(),
        font.get_size_in_points(),
        one.get_rotation(),
        one.get_rotation_mode(),
        one.get_horizontalalignment(),
        one.get_verticalalignment(),
        inner._get_multialignment(),  # noqa: SLF001
        inner._linespacing,  # noqa: SLF001
        one.get_figure(root=True).dpi,  # type: ignore[union-attr]
    )
