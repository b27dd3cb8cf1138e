"""A page to ask "what if" on: sliders for the assumptions that matter most, and what follows from them at once.

The six are found by the tornado, not fixed. Moving a slider moves the central value and keeps the assumption's range
around it, on the same draws.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from model.case.draws import Draws, central, part_of, redraw, sample
from model.case.units import UNITS
from model.money.appraisal import BLOCK, discount_factors, each, npv_evaluator, payback_months, present_value
from model.money.portfolio import STREAMS_REST_ON, evaluate, members_of, streams_of
from model.report import views
from model.report.look import format as fmt
from model.report.look import markup
from model.report.look import tables as tbl
from model.report.look.figures import Figure
from model.risk.sensitivity import largest, tornado

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from model.case.assumptions import Assumption
    from model.case.records import Case
    from model.money.portfolio import Streams
    from model.report.look.live import LiveFan

    Floats = NDArray[np.float64]

SLIDERS: Final = 6
BANDS: Final = (10, 25, 50, 75, 90)
STEPS: Final = 50  # positions of a slider


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What follows from one setting of the sliders. `fan`: percentile -> cumulative by month; `central` (months,)."""

    central: Floats
    fan: Mapping[int, Floats]
    payback_probability: float
    positive_probability: float
    npv_central: float
    npv_mean: float


class _Outcome(NamedTuple):
    """What one block of draws comes to: `cumulative` (months, draws), `npv` and `paid` back (draws,)."""

    cumulative: Floats
    npv: Floats
    paid: NDArray[np.bool_]


@dataclass(frozen=True)
class Explorer:
    """A case, a perimeter and one sample of draws, ready to be asked."""

    case: Case
    perimeter: str
    draws: int
    seed: int
    threads: int = 1
    process_noise: bool = True

    @cached_property
    def assumptions(self) -> list[Assumption]:
        """The assumptions that move the NPV most, by the tornado: at most six."""
        bars = tornado(self.case, npv_evaluator(self.case, [self.perimeter]), [self.perimeter])
        return [self.case.assumptions[name] for name in largest(bars, SLIDERS)]

    @cached_property
    def sampled(self) -> Draws:
        """The draws of the case as it stands; every answer starts from them."""
        return sample(self.case, self.draws, self.seed, process_noise=self.process_noise)

    @cached_property
    def _streams(self) -> Streams:
        return streams_of(self.case)

    @cached_property
    def _fan(self) -> LiveFan:
        from model.report.look.live import LiveFan  # noqa: PLC0415 - matplotlib takes a second to import

        return LiveFan("explorer", self.case.timeline.month_labels)

    def changed(self, values: Mapping[str, float]) -> Case:
        """Return the case with other central values, each range moved along and kept within its unit."""
        moved = {name: shifted(self.case.assumptions[name], value) for name, value in values.items()}
        return replace(self.case, assumptions={**self.case.assumptions, **moved})

    def answer(self, values: Mapping[str, float] | None = None) -> Answer:
        """Return what follows from these central values (name -> value; others as in the case)."""
        case = self.changed(values or {})
        draws = redraw(case, self.sampled, self.case) if values else self.sampled
        streams = self._streams if STREAMS_REST_ON.isdisjoint(values or ()) else streams_of(case)
        members = members_of(case)[self.perimeter]
        factors = discount_factors(case.timeline, case.conventions.discount_rate_annual)
        blocks = [central(case), *(part_of(draws, first, BLOCK) for first in range(0, self.draws, BLOCK))]

        def outcome(block: Draws) -> _Outcome:
            net = evaluate(case, block, streams=streams, cells=False, compiled_from=1).net(members)
            return _Outcome(np.cumsum(net, axis=0), present_value(net, factors), np.isfinite(payback_months(net)))

        middle, *parts = each(outcome, blocks, self.threads)
        npv, paid = np.concatenate([part.npv for part in parts]), np.concatenate([part.paid for part in parts])
        cumulative = np.concatenate([part.cumulative for part in parts], axis=1)
        at = [round(p / 100 * (draws.n - 1)) for p in BANDS]
        cumulative.sort(axis=1)
        return Answer(
            central=middle.cumulative[:, 0],
            fan={p: cumulative[:, i] for p, i in zip(BANDS, at, strict=True)},
            payback_probability=float(paid.mean()),
            positive_probability=float((npv > 0).mean()),
            npv_central=float(middle.npv[0]),
            npv_mean=float(npv.mean()),
        )

    def chart(self, values: Mapping[str, float] | None = None) -> Figure:
        """Return the fan chart of the cumulative net position under these central values."""
        found, months = self.answer(values), self.case.timeline.month_labels
        name = views.title_of(self.case, self.perimeter)
        title = (
            f"{name}: pays back in {fmt.chance(found.payback_probability)} of draws; central NPV "
            f"{fmt.money(found.npv_central)}, mean {fmt.money(found.npv_mean)}"
        )
        ends = ", ".join(f"{p}th percentile {fmt.money(v[-1])}" for p, v in found.fan.items())
        alt = f"Fan chart of the cumulative net position of {name} by month. {title}. At the end: {ends}."
        years = [i for i, label in enumerate(months) if label.endswith("-03")]
        rows = [[tbl.text(fmt.month(months[i])), tbl.number(fmt.money(found.central[i]), found.central[i]),
                 *(tbl.number(fmt.money(v[i]), v[i]) for v in found.fan.values())] for i in years]  # fmt: skip
        columns = ("At the end of", "Central", *(f"{p}th percentile" for p in BANDS))
        data = tbl.Table(key="explorer-data", caption=f"Cumulative net position, {name}", columns=columns,
                         rows=tbl.rows_of(rows), numeric=tbl.numbers_from(columns))  # fmt: skip
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


def shifted(assumption: Assumption, value: float) -> Assumption:
    """Return the assumption with another central value and its range moved along, both kept within the unit."""
    unit = UNITS[assumption.unit]
    gap = value - assumption.value

    def kept(end: float) -> float:
        return float(min(max(end + gap, unit.low), unit.high))

    low, high = kept(assumption.low), kept(assumption.high)
    if assumption.distribution == "lognormal" and value > 0 and assumption.value > 0:
        scale = value / assumption.value  # its range is in proportion, or its median would not be the value
        low, high = assumption.low * scale, assumption.high * scale
    return replace(assumption, value=value, low=low, high=high)


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
