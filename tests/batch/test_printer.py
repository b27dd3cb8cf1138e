"""A notebook's figures are printed faster than IPython does it, and are the same to the byte."""

import functools
import warnings

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from IPython.core.pylabtools import print_figure, retina_figure
from matplotlib import axis, text

from model.batch import printer


def lines():
    plt.plot(np.array([1, 2, 3]) * 1e9 + 1e12, label="two\nlines: gjpqy")
    plt.title("a title beside an offset", loc="left")
    plt.xlabel("month", linespacing=2)
    plt.legend()


def outside():
    _, axes = plt.subplots(figsize=(3, 2))
    axes.scatter([0, 1], [0, 1], s=[900, 30], clip_on=False, label="large dots")
    axes.fill_between([0, 1], [0, 1], [1, 2], alpha=0.3, label="band", clip_on=False)
    axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1), title="outside")
    axes.text(1.3, 1.4, "far beyond", transform=axes.transAxes, fontsize=20, rotation=30)
    axes.annotate("note", (0, 0), (-80, -90), textcoords="offset points", bbox={"boxstyle": "round"})
    axes.set_xlim(0, 1)


def constrained():
    figure, panels = plt.subplots(2, 2, layout="constrained", figsize=(7, 5))
    figure.suptitle("all of it")
    for power, axes in enumerate(panels.ravel()):
        axes.plot(np.arange(20) * 10 ** (3 * power), label=f"10 to the {3 * power}")
        axes.set_title(f"panel {power}")
        axes.set_ylabel("two\nlines")
    figure.legend(loc="outside right upper")


def tight():
    _, panels = plt.subplots(1, 3, layout="tight")
    for axes in panels:
        axes.bar(range(4), [1, -2, 3, 4], hatch="//")
        axes.set_xticks(range(4), [f"a long name {n}" for n in range(4)], rotation=45, ha="right")
        axes.set_title("t")


def twins():
    _, axes = plt.subplots()
    right, top = axes.twinx(), axes.twiny()
    axes.plot([1, 2])
    right.plot([5e7, 2e7])
    right.set_ylabel("right")
    top.set_xlabel("top")
    axes.set_title("twins")


def shared():
    figure, panels = plt.subplots(2, 2, sharex=True, sharey=True)
    for axes in panels.ravel():
        axes.plot([1e5, -3e5])
    panels[1, 1].set_axis_off()
    figure.align_ylabels()
    figure.supxlabel("below all")


def rasterised():
    _, axes = plt.subplots()
    axes.plot(np.sin(np.arange(100)), rasterized=True)
    axes.scatter([1, 50], [0, 0], s=[30, 3000], rasterized=True, clip_on=False)
    axes.imshow(np.arange(12).reshape(3, 4), extent=(0, 50, -1, 1), aspect="auto")


def names():
    plt.barh(["first", "second − 2½%"], [1, 2], xerr=0.3)
    plt.gca().spines[["top", "right"]].set_visible(False)
    plt.gca().spines["left"].set_position(("outward", 30))
    plt.gca().tick_params(direction="in", pad=15, labelrotation=20)
    plt.minorticks_on()


def aspects():
    figure, panels = plt.subplots(1, 2)
    panels[0].pie([1, 2], labels=["a", "b"], autopct="%d")
    panels[1].plot([1, 2], [1, 9])
    panels[1].set_aspect("equal", adjustable="datalim")
    figure.text(-0.3, -0.2, "below")


def formula():
    plt.title(r"$x^2$")


def arrow():
    plt.annotate("note", (0.5, 0.5), (1.4, 1.3), arrowprops={"arrowstyle": "->"}, bbox={"boxstyle": "round"})


def solid():
    plt.figure().add_subplot(projection="3d").plot([1, 2], [1, 2], [1, 2])


def wide_legend():
    plt.plot([1, 2], label="x")
    plt.legend(bbox_to_anchor=(0, 1.02, 1, 0.1), mode="expand")


def own_function():
    plt.gca().yaxis.set_major_formatter(lambda value, _: f"£{value:.1f}")


def other_font():
    plt.title("serif", family="serif")


def other_letters():
    plt.title("\N{SNOWMAN}\N{GRINNING FACE}")


def layout_and_formula():
    plt.subplots(1, 2, layout="tight")
    plt.gca().set_xticks([0.5], ["$x$"])


def tight_by_hand():
    """A figure that draws itself: nothing is known of its drawing."""
    figure = plt.gcf()
    figure.draw = figure.draw
    plt.plot([1, 2])


KNOWN = [lines, outside, constrained, tight, twins, shared, rasterised, names, aspects]
UNKNOWN = [
    formula, arrow, solid, wide_legend, own_function, other_font, other_letters, layout_and_formula, tight_by_hand,
]  # fmt: skip
PRINTERS = [
    functools.partial(print_figure, fmt="svg", metadata={"Date": None}),
    functools.partial(print_figure, fmt="svg", metadata={"Date": None}, bbox_inches=None),
    functools.partial(print_figure, fmt="png", base64=True),
    functools.partial(retina_figure, base64=True),
]
LAYOUT, TICKS = vars(text.Text)["_get_layout"], vars(axis.Axis)["_update_ticks"]


@pytest.fixture(autouse=True)
def style():
    with mpl.rc_context({"svg.hashsalt": "a-test", "svg.fonttype": "none"}), warnings.catch_warnings():
        mpl.rcParams["backend"] = "agg"
        warnings.filterwarnings("ignore", message="Glyph")
        yield
        plt.close("all")


def made(paint):
    plt.close("all")
    paint()
    return plt.gcf()


def found(figure, stock):
    """What a shell's formatter would call for a figure."""
    return printer._lookup(lambda _: stock, tuple(warnings.filters), figure)


@pytest.mark.parametrize("paint", KNOWN)
@pytest.mark.parametrize("stock", PRINTERS, ids=["svg", "svg whole", "png", "retina"])
def test_the_same_bytes_as_ipythons_printer_however_often(paint, stock):
    slow, fast = made(paint), made(paint)
    for _ in range(2):
        done = found(fast, stock)
        assert done is not stock
        assert done(fast) == stock(slow)


@pytest.mark.parametrize("paint", UNKNOWN)
def test_what_is_not_known_is_left_to_ipython_untouched(paint):
    stock = PRINTERS[0]
    expected, figure = stock(made(paint)), made(paint)
    assert found(figure, stock) is stock
    assert stock(figure) == expected


@pytest.mark.parametrize("wish", [{"bbox_extra_artists": []}, {"dpi": 50}, {"fmt": "pdf"}, {"backend": "agg"}])
def test_wishes_that_are_not_known_are_left_to_ipython(wish):
    stock = functools.partial(print_figure, **{"fmt": "svg"} | wish)
    assert found(made(lines), stock) is stock


def test_other_printers_objects_and_warnings_are_let_be():
    figure = made(lines)
    assert found(figure, repr) is repr
    assert found("words", PRINTERS[0]) is PRINTERS[0]
    before = tuple(warnings.filters)
    warnings.simplefilter("always")
    assert printer._lookup(lambda _: PRINTERS[0], before, figure) is PRINTERS[0]


def test_nothing_is_left_behind():
    figure = made(constrained)
    found(figure, PRINTERS[0])
    found(made(own_function), PRINTERS[0])
    assert "draw" not in vars(figure)
    assert vars(text.Text)["_get_layout"] is LAYOUT
    assert vars(axis.Axis)["_update_ticks"] is TICKS


def test_what_is_remembered_of_one_text_is_not_used_for_another():
    pages = []
    for size, turned in ((8, 0), (16, 0), (8, 30), (8, 0)):
        figure = made(lambda size=size, turned=turned: plt.ylabel("the same words", fontsize=size, rotation=turned))
        pages.append(found(figure, PRINTERS[0])(figure))
        assert pages[-1] == PRINTERS[0](figure)
    assert pages[0] == pages[3]
    assert len({*pages}) == 3
