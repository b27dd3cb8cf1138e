"""What a case, its assumptions and a result look like at the end of a notebook cell."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from model.case.assumptions import Assumption, Assumptions
from model.case.records import Case
from model.report.headlines import headlines
from model.report.look import format as fmt
from model.report.look import markup
from model.report.look import tables as tbl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model.results.runs import Result


def register() -> None:
    """Tell the IPython that runs this, if one does, how these are shown; nothing else in the model knows of a page."""
    if "IPython" not in sys.modules:  # it is heavy, and a command line has none
        return
    from IPython import get_ipython  # noqa: PLC0415 - as above

    if (shell := get_ipython()) is None:
        return
    formatter = shell.display_formatter.formatters["text/html"]
    formatter.for_type(Assumption, lambda a: assumptions_html({a.name: a}))
    formatter.for_type(Assumptions, assumptions_html)
    formatter.for_type(Case, case_html)
    formatter.for_type_by_name("model.results.runs", "Result", result_html)


def case_html(case: Case) -> str:
    """Return a case as HTML: what it is about, its schemes, and how good its evidence is."""
    rated = [a.quality for a in case.assumptions.values()]
    facts = {
        "Council": case.council,
        "Scenario": f"{case.scenario_title} ({case.scenario}): {case.scenario_why}",
        "Period": f"{fmt.duration(case.timeline.months)} from {fmt.month(case.timeline.month_labels[0])}",
        "Prices": f"real, {case.price_base}",
        "Discounted at": f"{fmt.percent(case.conventions.discount_rate_annual, 1)} a year",
        "What was known": f"as at {fmt.day(case.knowledge_date)}",
        "Schemes": fmt.listed([f"{s.title} (from {fmt.month(s.start.isoformat())})" for s in case.active_schemes]),
        "Posts": f"{fmt.counted(len(case.establishment), 'row')} in establishment.csv",
        "Assumptions": f"{len(rated)}: " + ", ".join(f"{rated.count(r)} {r}" for r in tbl.RATING_MARKS),
        "Published figures": fmt.counted(len(case.published), "row"),
        "Overrides": fmt.listed([str(name) for name in case.overrides]) if case.overrides else "none",
    }
    return tbl.facts("case", case.title, facts).html


def assumptions_html(assumptions: Mapping[str, Assumption]) -> str:
    """Return assumptions as one HTML table, every field in words."""
    columns: dict[str, tbl.Show] = {
        "Name": "name", "Value": lambda a: tbl.quantity(a.value, a.unit),
        "Range": lambda a: f"{fmt.reach(a.low, a.high, a.unit)} ({a.distribution})",
        "Prices": lambda a: fmt.price_base(a.unit, a.price_base), "Quality": "quality", "Impact": "impact",
        "Source": "source", "As at": lambda a: "" if a.as_at is None else fmt.day(a.as_at), "Owner": "owner",
        "Note": "note",
    }  # fmt: skip
    caption = fmt.counted(len(assumptions), "assumption").capitalize()
    return tbl.of("assumptions", caption, assumptions.values(), columns).html


def result_html(result: Result) -> str:
    """Return a result as HTML: its headlines for each perimeter."""
    case = result.case
    words = f"{case.title}, {case.scenario_title}: {fmt.counted(result.draws, 'run')}, seed {result.seed}"
    return f"{markup.paragraph(words)}{headlines(result).html}"
