"""The assumptions of a made caseload: how far entries and exits may lie from what its rows state."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from model.children.law import EVEN_SHARE_8_9
from model.children.streams import YEARS_SEEN
from model.demand.codes import demand_settings

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
