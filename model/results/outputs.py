"""What runs left, read again to be compared: a scenario's outcome from its files, or from a result at hand."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from model.case.words import CENTRAL, PORTFOLIO, REAL
from model.results import provenance as prov

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from model.results.runs import Result

UNREADABLE: Final = (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError)
"""What reading a file of outputs ends in that somebody has changed, or that another version wrote."""
NET_BANDS: Final = ("central", "p10", "p90")


@dataclass(frozen=True, kw_only=True)
class Run:
    """One scenario's outcome, from its files or from a result at hand.

    `metrics`: perimeter -> metric -> statistic -> value; `annual`: the real central lines and net rows of `annual.csv`;
    `changed`: the input files changed since (empty = fresh); `link`: where its report is, empty if nowhere.
    """

    scenario: str
    title: str
    why: str
    metrics: Mapping[str, Mapping[str, Mapping[str, float | None]]]
    annual: pd.DataFrame
    shown_years: int
    changed: tuple[str, ...] = ()
    link: str = ""

    def value(self, perimeter: str, metric: str, statistic: str = "central") -> float | None:
        """Return one measure; None where there is none."""
        return self.metrics.get(perimeter, {}).get(metric, {}).get(statistic)

    def chance(self, perimeter: str) -> float | None:
        """Return the probability that NPV is above zero; None where only the central run was made."""
        return self.value(perimeter, "probability_npv_positive", "mean")

    def net(self, perimeter: str) -> pd.DataFrame:
        """Return the net position: a row per financial year, a column per statistic (central, p10, p90)."""
        a = self.annual
        kept = a[(a.perimeter == perimeter) & (a.scheme == PORTFOLIO)]
        table = kept.pivot(index="financial_year", columns="statistic", values="value_gbp")  # noqa: PD010 - one each
        return table[[s for s in NET_BANDS if s in table]]

    def in_year(self, perimeter: str, nature: str) -> tuple[str, float]:
        """Return the last shown financial year and the central total of a nature in it."""
        a = self.annual
        years = sorted(a.financial_year.unique())
        year = years[min(self.shown_years, len(years)) - 1]
        inside = (a.perimeter == perimeter) & (a.nature == nature) & (a.financial_year == year)
        return year, float(a[inside & (a.statistic == CENTRAL)]["value_gbp"].sum())


def run_of(result: Result) -> Run:
    """Return the outcome of a result at hand."""
    return Run(
        scenario=result.case.scenario,
        title=result.case.scenario_title,
        why=result.case.scenario_why,
        metrics=result.metrics_by_perimeter,
        annual=_kept(result.annual),
        shown_years=result.case.shown_years,
    )


def _kept(annual: pd.DataFrame) -> pd.DataFrame:
    net = (annual.scheme == PORTFOLIO) & annual.statistic.isin(NET_BANDS)
    return annual[(annual.price_basis == REAL) & (net | (annual.statistic == CENTRAL))]


def read_runs(found: Sequence[Finished], first: Sequence[str] = ("base",)) -> list[Run]:
    """Return the outcomes of finished scenarios, those named `first` in that order, then by title.

    One whose files say nothing is left out.
    """
    runs = []
    for whole in found:
        with contextlib.suppress(*UNREADABLE):
            runs.append(_read(whole))
    return in_order(runs, first)


def in_order(runs: Sequence[Run], first: Sequence[str]) -> list[Run]:
    """Return outcomes with those named `first` in that order, then by title."""
    place = {name: i for i, name in enumerate(dict.fromkeys(first))}
    return sorted(runs, key=lambda run: (place.get(run.scenario, len(place)), run.title.lower()))


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
            whole.append(Finished(folder=folder, provenance=found, changed=changed))
    return whole


def _read(whole: Finished) -> Run:
    import pandas as pd  # noqa: PLC0415 - importing the model must stay cheap

    folder, found = whole.folder, whole.provenance
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    if not all(isinstance(measures, dict) for measures in metrics.values()):
        raise TypeError(folder)
    return Run(
        scenario=folder.name,
        title=str(found.get("title") or folder.name),
        why=str(found.get("why", "")),
        metrics=metrics,
        annual=_kept(pd.read_csv(folder / "annual.csv", engine="pyarrow")),
        shown_years=int(found.get("shown_years", 5)),
        changed=whole.changed,
        link=f"{folder.name}/report.html" if (folder / "report.html").is_file() else "",
    )
