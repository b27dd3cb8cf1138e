"""What runs left, read again to be compared: a scenario's outcome from its files, or from a result at hand."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from model.batch.store import why_damaged
from model.case.words import CENTRAL, INVESTMENT, REAL
from model.results import provenance as prov

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from model.results.runs import Result

UNREADABLE: Final = (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError)
"""What reading a file of outputs ends in that somebody has changed, or that another version wrote."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One scenario's outcome, from its files or from a result at hand.

    `metrics`: perimeter -> metric -> statistic -> value; `year`: the last that pages show, and `invested`: perimeter ->
    what is invested in it, central, real pounds; `changed`: the input files changed since, or one of its own (empty =
    fresh); `link`: where its report is, empty if nowhere.
    """

    scenario: str
    title: str
    why: str
    theme: str
    metrics: Mapping[str, Mapping[str, Mapping[str, float | None]]]
    year: str
    invested: Mapping[str, float]
    changed: tuple[str, ...] = ()
    link: str = ""

    def value(self, perimeter: str, metric: str, statistic: str = "central") -> float | None:
        """Return one measure; None where there is none."""
        return self.metrics.get(perimeter, {}).get(metric, {}).get(statistic)


def run_of(result: Result) -> Run:
    """Return the outcome of a result at hand."""
    case = result.case
    year, invested = _invested(result.annual, case.shown_years)
    return Run(scenario=case.scenario, title=case.scenario_title, why=case.scenario_why, theme=case.scenario_theme,
               metrics=result.metrics_by_perimeter, year=year, invested=invested)  # fmt: skip


def _invested(annual: pd.DataFrame, shown_years: int) -> tuple[str, dict[str, float]]:
    """Return the last shown financial year, and perimeter -> what is invested in it."""
    years = sorted(annual["financial_year"].unique())
    year = years[min(shown_years, len(years)) - 1]
    central = annual[(annual["price_basis"] == REAL) & (annual["statistic"] == CENTRAL)]
    spent = central[(central["nature"] == INVESTMENT) & (central["financial_year"] == year)]
    return year, (-spent.groupby("perimeter")["value_gbp"].sum()).to_dict()


def read_runs(found: Sequence[Finished], first: Sequence[str] = ("base",)) -> list[Run]:
    """Return the outcomes of finished scenarios, those named `first` in that order, then by theme.

    One whose files say nothing is left out.
    """
    runs = []
    for whole in found:
        with contextlib.suppress(*UNREADABLE):
            runs.append(_read(whole))
    return in_order(runs, first)


def in_order(runs: Sequence[Run], first: Sequence[str]) -> list[Run]:
    """Return outcomes with those named `first` in that order, then by theme (those of none last) and title."""
    place = {name: i for i, name in enumerate(dict.fromkeys(first))}

    def key(run: Run) -> tuple[int, bool, str, str]:
        return place.get(run.scenario, len(place)), not run.theme, run.theme, run.title.lower()

    return sorted(runs, key=key)


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A scenario's whole folder, before its figures are read: what it was made from, and what has changed since."""

    folder: Path
    provenance: dict[str, Any]
    changed: tuple[str, ...]


def finished(case_outputs: Path, cases: Path | None, known: Collection[str] | None = None) -> list[Finished]:
    """Return every whole scenario in a case's outputs by its folder's name.

    `cases` is the folder of all cases, to tell which inputs changed since; None = it is not known. `known`: the
    scenarios that the case still has; None = all.
    """
    whole = []
    folders = sorted(p.parent for p in case_outputs.glob(f"*/{prov.FILE}"))
    for folder in [f for f in folders if known is None or f.name in known]:
        found = prov.read(folder)
        if found is not None and all((folder / name).is_file() for name in ("metrics.json", "annual.csv")):
            changed = tuple(prov.changed_inputs(found, cases)) if cases else ()
            damage = why_damaged(folder, "metrics.json", "annual.csv")
            changed += (damage,) if damage else ()
            whole.append(Finished(folder=folder, provenance=found, changed=changed))
    return whole


def _read(whole: Finished) -> Run:
    import pandas as pd  # noqa: PLC0415 - importing the model must stay cheap

    folder, found = whole.folder, whole.provenance
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    if not all(isinstance(measures, dict) for measures in metrics.values()):
        raise TypeError(folder)
    year, invested = _invested(pd.read_csv(folder / "annual.csv", engine="pyarrow"), int(found.get("shown_years", 5)))
    return Run(
        scenario=folder.name,
        title=str(found.get("title") or folder.name),
        why=str(found.get("why", "")),
        theme=str(found.get("theme", "")),
        metrics=metrics,
        year=year,
        invested=invested,
        changed=whole.changed,
        link=f"{folder.name}/report.html" if (folder / "report.html").is_file() else "",
    )
