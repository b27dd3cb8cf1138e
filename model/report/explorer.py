"""A page to ask "what if" on: sliders for the assumptions that matter most, and the chart that follows them."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from model.report import views
from model.report.look import format as fmt
from model.report.look import markup
from model.report.look import tables as tbl
from model.report.look.charts import Figure
from model.results.what_if import BANDS, WhatIf

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model.case.assumptions import Assumption
    from model.report.look.live import LiveFan

STEPS: Final = 50  # positions of a slider


class Explorer(WhatIf):
    """A what-if that can be shown: its chart, and its sliders in a notebook."""

    @cached_property
    def _fan(self) -> LiveFan:
        from model.report.look.live import LiveFan  # noqa: PLC0415 - matplotlib takes a second to import

        return LiveFan("explorer", self.case.timeline.month_labels)

    def chart(self, values: Mapping[str, float] | None = None) -> Figure:
        """Return the fan chart of the cumulative net position under these central values."""
        found, months = self.answer(values), self.case.timeline.month_labels
        name = views.title_of(self.case, self.perimeter)
        title = (
            f"{name}: pays back in {fmt.share_of_draws(found.payback_probability, self.draws)}; central NPV "
            f"{fmt.money(found.npv_central)}, mean {fmt.money(found.npv_mean)}"
        )
        ends = ", ".join(f"{p}th percentile {fmt.money(v[-1])}" for p, v in found.fan.items())
        alt = f"Fan chart of the cumulative net position of {name} by month. {title}. At the end: {ends}."
        years = [i for i, label in enumerate(months) if label.endswith("-03")]
        rows = [[tbl.text(fmt.month(months[i])), tbl.number(fmt.money(found.central[i]), found.central[i]),
                 *(tbl.number(fmt.money(v[i]), v[i]) for v in found.fan.values())] for i in years]  # fmt: skip
        columns = ("At the end of", "Central", *(f"{p}th percentile" for p in BANDS))
        data = tbl.Table(key="explorer-data", caption=f"Cumulative net position, {name}", columns=columns,
                         rows=rows, numeric=1)  # fmt: skip
        svg = self._fan.drawn(found.fan, found.central, alt)
        return Figure(key="explorer", title=title, alt=alt, svg=svg, data=data,
                      rests_on=tuple(a.name for a in self.assumptions))  # fmt: skip

    def widget(self) -> Any:  # noqa: ANN401 - ipywidgets has no types
        """Return the sliders and the chart that follows them, for a notebook."""
        import ipywidgets as widgets  # noqa: PLC0415 - only a notebook shows it

        sliders = {a.name: _slider(a) for a in self.assumptions}
        page = widgets.HTML()

        def follow(_change: object = None) -> None:
            values = {n: s.value for n, s in sliders.items() if s.value != self.case.assumptions[n].value}
            page.value = self.chart(values).html

        for slider in sliders.values():
            slider.observe(follow, names="value")
        follow()

        class Page(widgets.VBox):
            """Sliders and chart; where nothing can follow a slider, on paper or in a saved page, the chart alone."""

            def _repr_mimebundle_(self, **kwargs: object) -> dict[str, object]:
                shown = super()._repr_mimebundle_(**kwargs)
                return {**shown, "text/html": page.value} if shown else {}

        return Page([*sliders.values(), page])


def _slider(a: Assumption) -> Any:  # noqa: ANN401
    import ipywidgets as widgets  # noqa: PLC0415 - as above

    words, step = fmt.unit_words(a.unit), (a.high - a.low) / STEPS
    plain = markup.label(a.name)
    name = plain if not words or plain.endswith(words) else f"{plain} ({words})"
    percent = fmt.on_axis(a.value, a.unit).endswith("%")
    places = max(0, math.ceil(-math.log10(step * (100 if percent else 1))))  # as many as a step needs to show
    return widgets.FloatSlider(
        value=a.value, min=a.low, max=a.high, step=step, description=name, tooltip=name, continuous_update=False,
        readout_format=f".{places}%" if percent else f",.{places}f",
        style={"description_width": "30em"}, layout=widgets.Layout(width="95%"),
    )  # fmt: skip
