"""The chart that follows the sliders: whatever it showed before, it is the chart built anew; and its data are shown."""

import re

import numpy as np
import pytest

from model import load_case
from model.report.explorer import Explorer
from model.report.look import charts
from model.report.look.live import LiveFan
from model.results.what_if import BANDS
from tests.cases import write_case

MONTHS = [f"{2022 + (3 + i) // 12}-{(3 + i) % 12 + 1:02d}" for i in range(36)]
RISING = np.linspace(-1.0, 1.0, len(MONTHS))
SCALES = (1.0, 40.0, 3e5, 2e6, 9e8, -7e6, 0.0)


def fan(scale):
    return {p: scale * RISING + abs(scale) * (p - 50) / 100 for p in BANDS}


@pytest.mark.parametrize("before", SCALES)
@pytest.mark.parametrize("scale", SCALES)
def test_what_it_showed_before_leaves_no_trace(before, scale):
    used = LiveFan("a-fan", MONTHS)
    used.drawn(fan(before), before * RISING, "before")
    fresh = LiveFan("a-fan", MONTHS).drawn(fan(scale), scale * RISING, "now")
    assert used.drawn(fan(scale), scale * RISING, "now") == fresh


def test_it_is_the_chart_that_matplotlib_scales_by_itself():
    found = fan(2e6)

    def paint(canvas):
        axes, x = canvas.subplots(), np.arange(len(MONTHS))
        for low, high, alpha in ((10, 90, 0.18), (25, 75, 0.32)):
            axes.fill_between(x, found[low], found[high], color=charts.BLUE, alpha=alpha, linewidth=0,
                              label=f"{low}th to {high}th percentile")  # fmt: skip
        axes.plot(x, found[50], color=charts.BLUE, linestyle=(0, (4, 2)), label="Median")
        axes.plot(x, 2e6 * RISING, color=charts.INK, label="Central")
        charts.zero_line(axes)
        charts.money_axis(axes)
        charts.month_axis(axes, MONTHS)
        axes.set_ylabel("Cumulative net position")
        axes.legend(loc="upper left")

    plain = charts.draw("a-fan", "words", paint, height=2.9)
    assert LiveFan("a-fan", MONTHS).drawn(found, 2e6 * RISING, "words") == plain


def test_a_chart_after_other_settings_is_the_chart_of_a_fresh_page(tmp_path):
    case = load_case(write_case(tmp_path), scenario="base")
    used, fresh = (Explorer(case, "invest_to_save", 64, 2) for _ in range(2))
    first, second = used.assumptions[:2]
    start = used.chart().html
    moved = used.chart({first.name: first.high, second.name: second.low})
    back = used.chart({second.name: second.high})
    assert back.html == fresh.chart({second.name: second.high}).html
    assert used.chart().html == start
    assert len({start, moved.html, back.html}) == 3
    assert moved.alt in moved.html
    shown = [row[1].sort for row in moved.data.rows]
    assert shown == pytest.approx(list(fresh.answer({first.name: first.high, second.name: second.low}).central[11::12]))
    assert len(re.findall(r"<svg", moved.svg)) == 1
