"""How many enter and leave in a year, pooled over an authority's last years, and how far the next years may differ.

The levels of entries and exits are assumptions of a made caseload, over what its rows state.

One authority's years are few, so the spread is all authorities': how far entries and exits over three years lay from
those over the three years before, once chance is taken out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from model.case.parameters import AGE_BANDS
from model.case.timeline import MONTHS_A_YEAR
from model.children.expected import project
from model.children.law import EVEN_SHARE_8_9
from model.children.levers import Drivers
from model.children.streams import YEARS_SEEN, Streams
from model.demand.authority import AuthorityCaseload
from model.demand.codes import demand_settings
from model.demand.dfe import DfeTables

_STEPS: Final = np.array([0.0, *np.geomspace(0.1, 30.0, 12)])
"""Variances of a year's step in the level of entries that are tried, over the variance of chance."""
_USUAL_STEP: Final = 2.0
"""A step's variance over that of chance, as it usually is: large ones need years enough to show them."""
_WIDEST_LEVEL: Final = 0.5
"""Log standard deviation of entries beyond which two or three years say nothing at all."""
_FEWEST: Final = 20  # authorities and periods from which a spread can be told
_MONTHS: Final = 36
_NUDGE: Final = 0.05  # of a logarithm, to see how much a level moves the children expected
_ROUNDS: Final = 3
_FARTHEST: Final = 0.7  # logarithm of the furthest that a level is moved: to half or double
_FEWEST_YOUNG: Final = 0.05
_WIDEST: Final = 1.0  # a change of entries or exits beyond e either way is a break of series

ASSUMPTION_COLUMNS: Final = (
    "name", "value", "low", "high", "distribution", "unit", "price_base", "source", "as_at", "quality", "impact",
    "owner", "note",
)  # fmt: skip
OWNER: Final = "Head of performance"
ENTRIES, EXITS = "caseload.entries_multiplier", "caseload.exits_multiplier"
_NORMAL_P90: Final = 1.2815515655446004
_SEEN: Final = (
    "where children go is as sure as if counted for so many years: the fewer, the wider placements' intervals"
)
_FLAT: Final = "no trend is assumed: what the years differ by is in the range of entries_multiplier"


@dataclass(frozen=True, kw_only=True)
class Level:
    """A level over what the rows state: its median, the standard deviation of its logarithm, how good it is, why."""

    log_sd: float
    quality: str
    note: str
    median: float = 1.0

    def row(self, name: str, impact: str) -> dict[str, object]:
        """Return the multiplier's row: lognormal, or fixed where nothing varies."""
        said = {"name": name, "value": self.median, "unit": "ratio", "quality": self.quality, "impact": impact}
        if self.log_sd <= 0:
            return said | {"low": "", "high": "", "distribution": "fixed", "note": self.note}
        low, high = (float(self.median * np.exp(side * _NORMAL_P90 * self.log_sd)) for side in (-1, 1))
        return said | {"low": low, "high": high, "distribution": "lognormal", "note": self.note}


def assumption_rows(
    levels: tuple[Level, Level], *, source: str, as_at: str, counted_8_9: float | None = None, years_seen: float = 0
) -> pd.DataFrame:
    """Return the caseload assumptions as rows of ``assumptions.csv``. ``levels``: of entries and of exits.

    ``counted_8_9``: of those of 5 to 9, if known; ``years_seen``: years in which it was counted where children go.
    """
    entries, exits = levels
    rows: list[Mapping[str, object]] = [
        entries.row(ENTRIES, "red"),
        exits.row(EXITS, "amber"),
        {"name": "caseload.entries_growth_annual", "value": 0.0, "low": "", "high": "", "distribution": "fixed"}
        | {"unit": "rate/year", "quality": "amber", "impact": "amber", "note": _FLAT},
        _share_8_9(counted_8_9),
    ]
    if years_seen:
        rows.append(
            {"name": YEARS_SEEN, "value": round(years_seen, 1), "low": "", "high": "", "distribution": "fixed"}
            | {"unit": "years", "quality": "amber", "impact": "amber", "note": _SEEN}
        )
    shared = {"price_base": "", "as_at": as_at, "owner": OWNER, "source": source}
    frame = pd.DataFrame([shared | dict(row) for row in rows], columns=list(ASSUMPTION_COLUMNS))
    numbers = {c: [round(v, 4) if isinstance(v, float) else v for v in frame[c]] for c in ("value", "low", "high")}
    return frame.assign(**numbers)


def _share_8_9(counted: float | None) -> dict[str, object]:
    settings = demand_settings()
    half = (settings["share_8_9_high"] - settings["share_8_9_low"]) / 2
    value = EVEN_SHARE_8_9 if counted is None else counted
    return {
        "name": "caseload.share_5_9_aged_8_9", "value": value, "low": value - half, "high": value + half,
        "distribution": "uniform", "unit": "share", "impact": "green",
        "quality": "red" if counted is None else "green",
        "note": "counted in days" if counted is not None else
        "two of the band's five years: the band is not split; replace with the council's count",
    }  # fmt: skip


# From published tables ------------------------------------------------------------------------------------------------


def pooled_flows(tables: DfeTables, caseload: AuthorityCaseload) -> AuthorityCaseload:
    """Return the caseload with the flows of its year at the level of its last three years, ages as in its year."""
    years = list(range(caseload.year - int(demand_settings()["entry_years"]) + 1, caseload.year + 1))

    def pooled(flow: Mapping[str, float], measure: str) -> dict[str, float]:
        totals = yearly(tables, measure).reindex(index=[caseload.authority], columns=years).iloc[0]
        level = float(totals.mean() / totals.iloc[-1]) if totals.iloc[-1] > 0 else 1.0
        return {age: count * level for age, count in flow.items()}

    entries, exits = pooled(caseload.entries_by_age, "starts"), pooled(caseload.exits_by_age, "ceased")
    return replace(caseload, entries_by_age=entries, exits_by_age=exits)


def yearly(tables: DfeTables, measure: str) -> pd.DataFrame:
    """Return the published totals of a measure, authorities by year (int columns)."""
    rows = tables.totals[(tables.totals["level"] == "authority") & (tables.totals["measure"] == measure)]
    table = rows.pivot_table(index="authority", columns="year", values="count")
    table.columns = table.columns.astype(int)
    return table.sort_index(axis=1)


def levels_of(tables: DfeTables, caseload: AuthorityCaseload) -> tuple[Level, Level]:
    """Return how uncertain the levels of entries and exits are: all authorities' spread, and this one's chance."""
    found = []
    for measure, flow in (("starts", caseload.entries_by_age), ("ceased", caseload.exits_by_age)):
        between, number = spread_between(yearly(tables, measure).loc[:, lambda t: t.columns <= caseload.year])
        events = max(sum(flow.values()) * demand_settings()["entry_years"], 1.0)
        note = f"range from {number} changes from one year to the next over all authorities, and from its own chance"
        found.append(Level(log_sd=float(np.sqrt(between + 1 / events)), quality="amber", note=note))
    return found[0], found[1]


def held(streams: Streams, entries: Level, exits: Level) -> tuple[Level, Level]:
    """Return the levels at which as many children are expected over the next three years as now.

    Flows of three years seldom balance, and what they leave over is no forecast: over all authorities the growth of
    three years said nothing of the next three's. Entries and exits give way by as much as each is uncertain.
    """
    doubt = np.array([entries.log_sd, exits.log_sd]) ** 2
    doubt, level = doubt if doubt.any() else np.ones(2), np.zeros(2)
    start = _growth(streams, level)
    slope = (np.array([_growth(streams, nudge) for nudge in np.eye(2) * _NUDGE]) - start) / _NUDGE
    for _ in range(_ROUNDS):
        level -= _growth(streams, level) * doubt * slope / (doubt @ slope**2)
    note = f"set so that the children in care stay as many: the flows alone would change them by {np.expm1(start):+.0%}"
    medians = np.exp(np.clip(level, -_FARTHEST, _FARTHEST))
    found = [
        replace(at, median=float(m), note=f"{at.note}; {note}") for at, m in zip((entries, exits), medians, strict=True)
    ]
    return found[0], found[1]


def _growth(streams: Streams, level: np.ndarray) -> float:
    """Return log of the children expected after one, two and three years over those now, on average.

    `level`: logarithms of the levels of entries and exits.
    """
    entering, leaving = np.exp(level)
    moved = Drivers(entry_scale=np.full((_MONTHS, 1), entering), exit_scale=np.array([leaving]))
    paths = [project(s, moved, cells=False).projection.stock.sum(axis=(1, 2)) for s in (streams.general, streams.uasc)]
    total = np.sum(paths, axis=0)
    return float(np.log(total[MONTHS_A_YEAR::MONTHS_A_YEAR] / total[0]).mean())


def younger_infants(caseload: AuthorityCaseload) -> float:
    """Return the share of entrants under one who enter in their first six months, such that infants stay as many.

    Those in the first half year spend nine months under one on average, the others three; half of those who leave
    have left by the middle of that.
    """
    children, entries, exits = (
        flow.get(AGE_BANDS[0], 0.0) for flow in (caseload.stock_by_age, caseload.entries_by_age, caseload.exits_by_age)
    )
    staying = entries - exits / 2
    months = MONTHS_A_YEAR * children / staying if staying > 0 else MONTHS_A_YEAR / 2
    return float(np.clip((months - 3) / 6, _FEWEST_YOUNG, 1 - _FEWEST_YOUNG))


def spread_between(rows: pd.DataFrame) -> tuple[float, int]:
    """Return the variance, beyond chance, of the logarithm of a year's flow over the mean of up to three years before.

    And from how many changes. 0 where too few are known.
    """
    after = rows.to_numpy(dtype=float)
    before = rows.T.rolling(3, min_periods=1).mean().shift(1).T.to_numpy(dtype=float)
    years_before = np.arange(len(rows.columns)).clip(1, 3)
    with np.errstate(divide="ignore", invalid="ignore"):
        change, noise = np.log(after / before), 1 / after + 1 / (before * years_before)
    kept = np.abs(change) < _WIDEST
    if kept.sum() < _FEWEST:
        return 0.0, 0
    return max(0.0, float((change[kept] ** 2 - noise[kept]).mean())), int(kept.sum())


# From returns: one authority's own years and children -----------------------------------------------------------------


def entry_level(yearly: np.ndarray, before: float, stay: float) -> tuple[float, float]:
    """Return entries a year as they now stand, and the log standard deviation of that level over the next years.

    `yearly` counts, oldest first. The level wanders from year to year by as much as makes the counts likeliest, beside
    their chance (a local level model: Harvey 1989): years that differ by no more than chance all count alike, and the
    more they differ the more the newest count. It begins where the `before` children in care at the start say: with
    stays of so many years on average (`stay`), that many would be in care if before / stay entered each year.
    """
    if not yearly.sum() > 0:
        return 0.0, 0.0
    chance = float(yearly.mean())
    start = (before / stay, before / stay**2) if before > 0 and stay > 0 else (chance, np.inf)
    fitted = [(_filtered(yearly, start, chance, step * chance), step * chance) for step in _STEPS]
    (level, variance, _), step = max(fitted, key=lambda found: found[0][2] - found[1] / chance / _USUAL_STEP)
    return level, min(float(np.sqrt(variance + step)) / level, _WIDEST_LEVEL)


def _filtered(yearly: np.ndarray, start: tuple[float, float], chance: float, step: float) -> tuple[float, float, float]:
    """Return the level after the last year, its variance, and the log likelihood of the years' counts.

    `start` the level before them and its variance; with nothing known of it, the first year's count is the level.
    """
    (level, variance), likelihood = start, 0.0
    if not np.isfinite(variance):
        level, variance, yearly = float(yearly[0]), chance, yearly[1:]
    for count in yearly:
        ahead = variance + step + chance
        likelihood -= 0.5 * (np.log(ahead) + (count - level) ** 2 / ahead)
        gain = (variance + step) / ahead
        level, variance = level + gain * (count - level), (1 - gain) * (variance + step)
    return max(level, 0.5), variance, likelihood
