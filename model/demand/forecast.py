"""What will be: the do-nothing world of a caseload and its assumptions as they are written, by the case's own engine.

A forecast reads the files that `demand` writes. So it is what a case with these files projects, to the child, and it
gives nothing away that they do not.
"""

import datetime as dt
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import pandas as pd

from model.case.assumptions import Assumptions
from model.case.draws import sample
from model.case.parameters import AGE_BANDS, PLACEMENTS
from model.case.reading import assumption_rows, caseload_checks, reference_files
from model.case.reading.case_tables import ASSUMPTIONS, CASELOAD
from model.case.reading.files import records
from model.case.reading.problems import InputProblems, Problem
from model.case.records import Case, Conventions, FundingPlan
from model.case.rows import CaseloadRow
from model.case.timeline import Timeline
from model.case.words import GENERAL, UASC
from model.children.chance import Dealt
from model.children.counting import by_age
from model.children.law import INPUT_AGE_OF
from model.children.streams import Streams, streams_of
from model.demand.codes import REFERENCE
from model.money.portfolio import Evaluation

MONTHS: Final = 36
DRAWS: Final = 2000
SEED: Final = 1
QUANTILES: Final = {"p10": 0.1, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p90": 0.9}
_BLOCK: Final = 250
_THREADS: Final = 2


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """Whole children of one stream, month 0 the opening.

    `by_placement` (months + 1, placements, draws), `by_age` (months + 1, input ages, draws); `cells` their mean,
    (months + 1, input ages, placements).
    """

    by_placement: np.ndarray
    by_age: np.ndarray
    cells: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """Children in care, (months + 1, draws)."""
        total: np.ndarray = self.by_placement.sum(axis=1)
        return total


def written_case(files: Mapping[str, pd.DataFrame], start: dt.date, *, months: int = MONTHS) -> Case:
    """Return a case of nothing but a caseload and its assumptions, read back as any case's files are.

    Raises InputProblems with everything that `check` would refuse in them.
    """
    problems: list[Problem] = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        for file in ("caseload.csv", "assumptions.csv"):
            files[file].to_csv(folder / file, index=False, lineterminator="\n")
        rows = CASELOAD.rows(folder, problems)
        stated = assumption_rows.read(ASSUMPTIONS.rows(folder, problems), problems)
    problems += caseload_checks.problems(rows, (), "caseload.csv")
    reference = reference_files.read(REFERENCE, problems).reference
    if problems:
        raise InputProblems(problems)
    return Case(
        folder=Path("demand"), name="demand", title="", council="", timeline=Timeline(start, months), shown_years=1,
        price_base="", knowledge_date=start, published_scenario="base", base_scenario="base", scenario="base",
        scenario_title="", scenario_why="", overrides={}, perimeters={}, schemes=(), establishment=(),
        conventions=Conventions(weeks_per_year=52, discount_rate_annual=0, discount_rate_name="", price_index=""),
        assumptions=Assumptions({name: row.assumption for name, row in stated.items()}),
        caseload=records(CaseloadRow, rows), approved_budget=(), published=(), actuals=(), correlations=(),
        funding=FundingPlan(), reference=reference,
    )  # fmt: skip


def forecast(
    case: Case, *, draws: int = DRAWS, seed: int = SEED, streams: Streams | None = None
) -> dict[str, Forecast]:
    """Return the forecast of each stream that holds or expects children: the do-nothing world of a case.

    Draw k depends on the seed and k alone, and is draw k of a run of the case.
    """
    made = streams or streams_of(case)

    def block(first: int) -> dict[str, Forecast]:
        some = Evaluation(case=case, draws=sample(case, min(_BLOCK, draws - first), seed, first=first), streams=made)
        wanted = (GENERAL, UASC) if made.uasc.opening.any() else (GENERAL,)
        return {stream: _counted(some.ground(stream)) for stream in wanted}

    with ThreadPoolExecutor(_THREADS) as pool:
        blocks = list(pool.map(block, range(0, draws, _BLOCK)))
    return {stream: _joined([b[stream] for b in blocks]) for stream in blocks[0]}


def _counted(ground: Dealt) -> Forecast:
    """Count the children of one block; `cells` are sums over its draws here."""
    ages = by_age(ground.stays, *ground.drivers.entry_scale.shape)
    return Forecast(
        by_placement=ground.do_nothing.stock,
        by_age=_input_ages(ages),
        cells=_input_ages(ground.do_nothing.cells["stock"]),
    )


def _input_ages(counts: np.ndarray) -> np.ndarray:
    """Add up the model's ages (the second axis) into those of `caseload.csv`."""
    summed: np.ndarray = np.add.reduceat(counts, np.searchsorted(INPUT_AGE_OF, range(len(AGE_BANDS))), axis=1)
    return summed


def _joined(blocks: list[Forecast]) -> Forecast:
    draws = sum(block.total.shape[1] for block in blocks)
    return Forecast(
        by_placement=np.concatenate([block.by_placement for block in blocks], axis=2),
        by_age=np.concatenate([block.by_age for block in blocks], axis=2),
        cells=sum(block.cells for block in blocks) / draws,
    )


def forecast_frame(forecasts: Mapping[str, Forecast]) -> pd.DataFrame:
    """Return stream, age_band, placement, month, statistic, children.

    Quantiles and mean for the whole, each age and each placement; the mean also for each cell. Month 0 is the opening.
    """
    whole = [("all", "all"), *((age, "all") for age in AGE_BANDS), *(("all", placement) for placement in PLACEMENTS)]
    parts = []
    for stream, ahead in forecasts.items():
        values = np.concatenate([ahead.total[:, None], ahead.by_age, ahead.by_placement], axis=1)
        quantiles = np.quantile(values, list(QUANTILES.values()), axis=2, method="nearest")
        tables = dict(zip(QUANTILES, quantiles, strict=True)) | {"mean": values.mean(axis=2)}
        parts += [_long(table, whole).assign(statistic=name, stream=stream) for name, table in tables.items()]
        cells = _long(ahead.cells.reshape(len(ahead.cells), -1), list(product(AGE_BANDS, PLACEMENTS)))
        parts.append(cells.assign(statistic="mean", stream=stream))
    columns = ["stream", "age_band", "placement", "month", "statistic", "children"]
    return pd.concat(parts, ignore_index=True)[columns].round({"children": 3})


def _long(table: np.ndarray, kinds: list[tuple[str, str]]) -> pd.DataFrame:
    """Return (months, kinds) as age_band, placement, month, children."""
    ages, placements = zip(*kinds, strict=True)
    months, number = table.shape
    return pd.DataFrame(
        {
            "age_band": np.repeat(ages, months),
            "placement": np.repeat(placements, months),
            "month": np.tile(np.arange(months), number),
            "children": table.T.ravel(),
        }
    )


def forecast_lines(forecasts: Mapping[str, Forecast]) -> list[str]:
    """Return the forecast of all children in words, a line a year."""
    total = np.sum([ahead.total for ahead in forecasts.values()], axis=0)
    return [
        f"{years} year{'s' if years > 1 else ''} on: {middle:.0f} (80% between {low:.0f} and {high:.0f})"
        for years in (1, 2, 3)
        for low, middle, high in [np.quantile(total[12 * years], [0.1, 0.5, 0.9])]
    ]
