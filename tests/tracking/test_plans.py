"""A plan, once frozen, is moved by nothing; a new version needs a reason and leaves the old one where it is."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from model.case.reading.problems import InputProblems
from model.results.runs import run
from model.schemes.load import load_case
from model.tracking import plans
from tests.cases import write_case

BENEFITS = """\
id,scheme,benefit,measure,unit,nature,owner,formula,source
F,fostering,Places filled,fostering.places_filled,children,not_money,Head of fostering,,ledger
E,edge_of_care,Fewer enter,entries_over_ten,children,avoided,Head of early help,\
children_started.10_15 + children_started.16_17,903
"""


def frozen(case, **changes):
    how = {"on": date(2022, 7, 13), "reason": "", "draws": 60, "seed": 3, "change_below": 0.5, "stop_below": 0.1}
    return plans.read_plan(plans.freeze(case, **{**how, **changes}))


def promised(plan):
    return pd.read_csv(plan.folder / plans.PROMISED)


@pytest.fixture
def folder(tmp_path):
    return write_case(tmp_path, files={"benefits.csv": BENEFITS})


def test_a_plan_holds_what_the_run_says(folder):
    case = load_case(folder)
    plan = frozen(case)
    result = run(case, draws=60, seed=3)
    assert plan.stored["npv_gbp"] == pytest.approx(result.npv_draws["invest_to_save"], rel=1e-5)
    net = promised(plan).query("benefit == 'net.invest_to_save' and statistic == 'central'")["value"]
    assert net.to_numpy() == pytest.approx(result.central.net["invest_to_save"][:, 0], rel=1e-8, abs=1e-5)
    assert np.allclose(plan.draws["fostering.households"], result.sample.draws["fostering.households"], rtol=1e-6)


def test_a_promise_is_the_formula_of_its_benefit(folder):
    """Entries of 10 and over: 42 a year in the case's rows, less what edge of care keeps at home once it is there.

    Its five workers, 5% of posts empty, hold 8 children each for 6 months; 50 of 8 and over would enter, two are served
    for each. A tenth a year of those kept at home enters after all: some hundredths a month so soon.
    """
    found = promised(frozen(load_case(folder)))
    paths = found.query("benefit == 'E' and statistic == 'central'").set_index("month")["value"]
    assert paths["2022-12"] == pytest.approx(42 / 12)
    reach = (5 * 0.95 * 8 / 6) / (2 * 50 * 1.01 / 12)
    assert paths["2024-03"] == pytest.approx(42 / 12 * 1.01 * (1 - 0.2 * 0.8 * reach) + 0.02, abs=0.02)


def test_no_later_edit_moves_a_plan(folder):
    plan = frozen(load_case(folder))
    before = promised(plan)
    rows = (folder / "assumptions.csv").read_text()
    (folder / "assumptions.csv").write_text(rows.replace("fostering.households,12,6,18", "fostering.households,2,1,3"))
    again = plans.read_plan(plan.folder)
    assert again.case.assumptions["fostering.households"].value == 12
    assert load_case(folder).assumptions["fostering.households"].value == 2
    assert promised(again).equals(before)


def test_a_file_of_a_plan_that_was_changed_is_named(folder):
    plan = frozen(load_case(folder))
    path = plan.folder / "promised.csv"
    path.write_text(path.read_text().replace("net.", "nett.", 1))
    with pytest.raises(InputProblems, match=r"plans/1/promised.csv: expected a file as frozen"):
        plans.read_plan(plan.folder)


def test_a_new_version_needs_its_reason_and_leaves_the_old_one(folder):
    case = load_case(folder)
    first = frozen(case)
    with pytest.raises(InputProblems, match="plan 1 is frozen; a new version needs --reason"):
        frozen(case)
    second = frozen(case, on=date(2023, 4, 1), reason="The team started in April")
    assert [second.version, second.reason] == [2, "The team started in April"]
    assert plans.versions(folder) == {1: first.folder, 2: second.folder}


def test_a_freeze_that_is_stopped_half_way_leaves_no_plan_and_the_next_one_is_the_first(folder, monkeypatch):
    case = load_case(folder)
    with monkeypatch.context() as stopped:
        stopped.setattr(plans.np, "savez_compressed", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            frozen(case)
    assert plans.versions(folder) == {}
    assert not [path for path in (folder / "plans").iterdir() if not path.name.startswith(".")]
    assert frozen(case).version == 1
    assert [path.name for path in (folder / "plans").iterdir()] == ["1"]
