"""A chart is printed faster than `savefig` does it, and is the same to the byte."""

import io

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from model.report.look import svg

STYLE = {"svg.hashsalt": "a-test", "svg.fonttype": "none", "font.family": "DejaVu Sans", "hatch.linewidth": 1.2}


def lines(canvas):
    axes = canvas.subplots()
    axes.plot([0, 1, 2], [3.5e6, -1.2e6, 8e6], label="a line, with descenders: gjpqy")
    axes.fill_between([0, 1, 2], [0, -1e6, 2e6], [4e6, 3e6, 9e6], alpha=0.2, label="two\nlines")
    axes.set_title("Ends above", loc="left", weight="bold")
    axes.set_xlabel("month")
    axes.legend(loc="best")


def bars(canvas):
    panels = canvas.subplots(2, 2, squeeze=False).ravel()
    for axes, scale in zip(panels, (1, 1e3, 1e6, 1e9), strict=True):
        axes.bar(range(5), scale * np.arange(-2, 3), hatch="////", edgecolor="white")
        axes.set_xticks(range(5), [f"a long name {i}" for i in range(5)], rotation=30)
    canvas.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center")


def texts(canvas):
    axes = canvas.subplots()
    axes.barh([0, 1], [5, 3], xerr=[0.5, 0.2])
    axes.set_yticks([0, 1], ["", "Price of an IFA place: £815 ± 2½%"], fontsize=14, style="italic")
    axes.legend([], [], loc="upper center", bbox_to_anchor=(0.5, -0.2))


@pytest.mark.parametrize("paint", [lines, bars, texts])
@pytest.mark.parametrize("width", [7.2, 4.5])
def test_the_same_bytes_as_savefig(paint, width):
    with mpl.rc_context(STYLE):
        slow, page = Figure(figsize=(width, 3), layout="constrained"), io.StringIO()
        paint(slow)
        slow.savefig(page, format="svg", metadata={"Date": None, "Creator": None})
        fast = svg.empty(width, 3)
        paint(fast)
        assert svg.printed(fast) == page.getvalue()


def test_what_is_remembered_of_one_size_of_text_is_not_used_for_another():
    with mpl.rc_context(STYLE):
        pages = []
        for size in (8, 16, 8):
            canvas = svg.empty(4, 2)
            canvas.subplots().set_ylabel("the same words", fontsize=size)
            pages.append(svg.printed(canvas))
    assert pages[0] == pages[2] != pages[1]
