"""The engine against the Bury case worked out by long hand (`tests/longhand.py`), and what a S151 officer would try."""

import functools
import math
from pathlib import Path

import pytest

from model import load_case, run
from tests.longhand import LINES, LongHand

FOLDER = Path(__file__).parents[1] / "inputs" / "bury-2022"
SCENARIOS = ("as-published", "base", "pessimistic", "with-family-safeguarding")
PENNY = 0.0101  # both sides are rounded to the penny


@functools.cache
def engine(scenario):
    return run(load_case(FOLDER, scenario=scenario), draws=1)


@functools.cache
def longhand(scenario):
    return LongHand(FOLDER, scenario)


def engine_lines(scenario, perimeter, basis):
    """(scheme, line, nature, recurrence) -> by year."""
    frame = engine(scenario).annual
    frame = frame[(frame["perimeter"] == perimeter) & (frame["price_basis"] == basis)]
    frame = frame[(frame["statistic"] == "central") & (frame["scheme"] != "portfolio")]
    keys = ["scheme", "line", "nature", "recurrence"]
    return {key: list(rows["value_gbp"]) for key, rows in frame.groupby(keys, observed=True, sort=False)}


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("basis", ["real", "nominal"])
def test_every_line_of_every_year_of_every_perimeter_to_the_penny(scenario, basis):
    mine = longhand(scenario)
    level = [mine.book.nominal(i) if basis == "nominal" else 1.0 for i in range(len(mine.book.year_names))]
    wrong = []
    for perimeter in mine.perimeters:
        wanted = mine.perimeter(perimeter)[0]
        found = engine_lines(scenario, perimeter, basis)
        for key in {**wanted, **found}:
            nothing = [0.0] * len(level)
            pairs = zip(wanted.get(key, nothing), found.get(key, nothing), level, strict=True)
            for year, (a, b, factor) in zip(mine.book.year_names, pairs, strict=True):
                if not abs(a * factor - b) <= PENNY:
                    wrong.append(f"{perimeter} {key} {year}: long hand {a * factor:.4f}, engine {b:.2f}")
    assert not wrong, "\n".join(wrong[:40])


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_headlines(scenario):
    mine, metrics = longhand(scenario), engine(scenario).metrics_by_perimeter
    for perimeter in mine.perimeters:
        for name, value in mine.metrics(perimeter).items():
            found = metrics[perimeter][name]["central"]
            if value is None:
                assert found is None, (perimeter, name)
            else:
                tolerance = 0.02 if name.endswith("_gbp") else 1e-6
                assert math.isclose(found, value, abs_tol=tolerance), (perimeter, name, value, found)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_base_budget_and_reserve(scenario):
    frame = engine(scenario).funding
    frame = frame[frame["statistic"] == "central"]
    for item, years in longhand(scenario).budgets().items():
        found = list(frame.loc[frame["item"] == item, "value_gbp"])[: len(years)]
        assert found == pytest.approx(years, abs=0.05), item


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_plan_is_the_change_of_the_base_budget_with_its_sign_turned(scenario):
    frame = engine(scenario).mtfp
    frame = frame[(frame["statistic"] == "central") & (frame["line"] == "total") & (frame["entry"] == "change")]
    base = longhand(scenario).budgets()["base_budget"]
    changes = [-(b - a) for a, b in zip([0.0, *base[:-1]], base, strict=True)]
    assert list(frame["value_gbp"]) == pytest.approx(changes, abs=0.05)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_children_by_placement_at_the_end(scenario):
    mine, frame = longhand(scenario), engine(scenario).caseload
    frame = frame[(frame["statistic"] == "central") & (frame["age_band"] == "all") & (frame["measure"] == "stock")]
    frame = frame[frame["month"] == max(frame["month"].astype(str))]
    nobody_moves = ("supported_accommodation",)  # holds the unaccompanied children as well
    for world_name, names in {"do_nothing": (), "with_schemes": tuple(mine.acting)}.items():
        mine.spend(names)
        closing = mine.worlds[names]["closing"]
        for p in LINES:
            found = float(frame[(frame["world"] == world_name) & (frame["placement"] == p)]["children"].iloc[0])
            have = sum(number for (_, where), number in closing.items() if where == p)
            if p in nobody_moves:
                assert found > have
            else:
                assert found == pytest.approx(have, abs=1e-5), (world_name, p)
