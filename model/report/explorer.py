"""A page to ask "what if" on: sliders for the assumptions that matter most, and the chart that follows them."""

import math
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

from model.case.assumptions import Assumption
from model.case.reading.problems import InputProblems, Problem
from model.case.units import UNITS
from model.report import money, views
from model.report.look import charts, widget
from model.report.look import format as fmt
from model.report.opening import group_of
from model.report.saving import save_scenario
from model.results.runs import Result
from model.results.what_if import Answer, WhatIf

STEPS: Final = 100  # positions of a slider
AIR: Final = 0.6  # of the height of the chart before, above and below it: the axis stays while sliders move


class Explorer(WhatIf):
    """A what-if that can be shown: its chart, and its sliders in a notebook."""

    @cached_property
    def before(self) -> Answer:
        """The answer with every slider where it was."""
        return self.answer()

    def chart(self, values: Mapping[str, float] | None = None) -> charts.Figure:
        """Return the fan chart of the cumulative net position under these central values, on the axis of before."""
        found = self.answer(values) if values else self.before
        name = views.title_of(self.case, self.perimeter)
        was, now = (_finding(answer, self.draws) for answer in (self.before, found))
        frame, before = (answer.frame for answer in (found, self.before))
        low, high = float(before.min().min()), float(before.max().max())
        air = AIR * ((high - low) or 1.0)
        return money.fan(
            "explorer", f"{name}: {now}", name, frame, note=f"Before: {was}.", before=before["central"],
            limits=(low - air, high + air), rests_on=views.labels(self.case, values or ()),
        )  # fmt: skip

    def page(self) -> Any:  # noqa: ANN401 - a widget
        """Return the sliders and the chart that follows them, for a notebook."""
        return _Page(self).widget


def sliders(result: Result, perimeter: str = "") -> Any:  # noqa: ANN401 - a widget
    """Return sliders for the assumptions that move a group of schemes most, and its chart. Raises InputProblems."""
    return Explorer(result.case, group_of(result.case, perimeter), result.draws, result.seed, threads=2).page()


def _finding(answer: Answer, draws: int) -> str:
    return (
        f"pays back in {fmt.share_of_draws(answer.payback_probability, draws)}; NPV {fmt.money(answer.npv_central)} "
        f"central, {fmt.money(answer.npv_mean)} mean"
    )


class _Page:
    """What the sliders stand at, and what is said of it."""

    def __init__(self, explorer: Explorer) -> None:
        """Show the assumptions that move the answer most."""
        self.explorer, self.values = explorer, dict[str, float]()
        self.names = [a.name for a in explorer.assumptions]
        known = explorer.case.assumptions
        self.widget = widget.made("sliders.js", self._asked, rows=[], page="", said="",
                                  others=[(a.name, a.label) for a in known.values()])  # fmt: skip
        self._show("")

    def _asked(self, asked: Mapping[str, Any]) -> None:
        """Do what a reader asked for; a value that a scenario could not hold is refused, and nothing moves."""
        kind, name, kept = asked["kind"], str(asked["name"]), dict(self.values)
        known = self.explorer.case.assumptions
        try:
            if kind == "save":
                self._show(f"Saved as {save_scenario(self.explorer.case, name, self.explorer.moved(self.values))}.")
                return
            if kind == "add" and name not in self.names:
                self.names.append(name)
            elif kind == "reset":
                self.values = {n: v for n, v in self.values.items() if name and n != name}
            elif kind in {"slide", "type"}:
                value = float(asked["value"]) if kind == "slide" else _typed(str(asked["text"]), known[name])
                self.values[name] = value
            self._show("")
        except ValueError as problem:  # as the reader's checks say it, or a range that its distribution cannot have
            self.values = kept
            self._show(str(problem))

    def _show(self, said: str) -> None:
        case = self.explorer.case
        rows = [_row(case.assumptions[n], self.values.get(n, case.assumptions[n].value)) for n in self.names]
        with self.widget.hold_sync():
            self.widget.rows, self.widget.said = rows, said
            self.widget.page = self.explorer.chart(self.values).html
            self.widget.moves += 1


def _typed(text: str, a: Assumption) -> float:
    """Return the number that was typed. InputProblems where the box would not show it so."""
    value = fmt.read(text, a.unit)
    if value is None:
        expected = f"a number as the box shows it, such as {fmt.quantity(a.value, a.unit)}"
        raise InputProblems([Problem(file=a.label, value=text, expected=expected)])
    return value


def _row(a: Assumption, value: float) -> dict[str, Any]:
    """Return a slider: from nothing, where its unit goes so far, to half as much again beyond its range."""
    unit, width = UNITS[a.unit], (a.high - a.low) or abs(a.value) or 1.0
    low = unit.low if math.isfinite(unit.low) and not unit.low_excluded else a.low - width / 2
    high = min(a.high + width / 2, unit.high)
    return {
        "name": a.name, "label": a.label, "min": min(low, value), "max": max(high, value),
        "step": 1 if unit.whole else (high - low) / STEPS, "value": value, "shown": fmt.quantity(value, a.unit),
    }  # fmt: skip
