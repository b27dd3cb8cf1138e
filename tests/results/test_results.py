"""The frames and files of a run: they add up to the penny, and the same run leaves the same bytes."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from model import load_case, run
from model.case.words import CENTRAL, MEAN, QUANTILES
from model.results import sample
from model.results.files import write
from tests.cases import write_case
from tests.engine import load

KEY = ["perimeter", "price_basis", "financial_year", "statistic"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_case(tmp_path_factory.mktemp("case"))


@pytest.fixture(scope="module")
def result(folder):
    return run(load_case(folder, scenario="base"), draws=300, seed=2)


def test_the_rows_of_a_perimeter_sum_to_its_net_row_to_the_penny(result):
    table = result.annual[result.annual.statistic.isin(["central", "mean"])]
    pence = table.assign(pence=(table.value_gbp * 100).round().astype(int))
    rows = pence[pence.scheme != "portfolio"].groupby(KEY).pence.sum()
    net = pence[pence.scheme == "portfolio"].set_index(KEY).pence
    assert (pence.pence / 100 == table.value_gbp).all()
    pd.testing.assert_series_equal(rows.sort_index(), net.sort_index())
    assert set(table[table.scheme == "portfolio"].line) == {"net"}


def test_a_line_that_few_draws_have_counts_in_all_of_them(folder):
    # the rare line stands in neither the central run nor the first of two blocks
    whole = run(load_case(folder, scenario="base"), draws=500, seed=2)
    rare = next(key for key in whole.sample.lines if key[0] == "fostering")
    half = {name: part for name, part in whole.sample.lines.items() if name != rare}
    first = replace(whole.sample, lines=half)
    joined = sample.join([first, whole.sample])
    np.testing.assert_array_equal(joined.lines[rare][:, :500], 0)
    np.testing.assert_array_equal(joined.lines[rare][:, 500:], whole.sample.lines[rare])
    central = replace(whole.central, lines={k: v for k, v in whole.central.lines.items() if k != rare})
    without = replace(whole, central=central).annual
    assert ((without.scheme == "fostering") & (without.line == rare[1].line) & (without.statistic == "mean")).any()


def test_the_columns_and_words_are_the_contract(result):
    a = result.annual
    assert list(a.columns) == ["scenario", "perimeter", "scheme", "line", "nature", "recurrence", "price_basis",
                               "financial_year", "statistic", "value_gbp"]  # fmt: skip
    assert set(a.statistic) == {CENTRAL, MEAN, *QUANTILES}
    assert set(a.nature) <= {"investment", "cashable_saving", "cost_avoidance", "income", "net"}
    assert {"invest_to_save", "whole", "fostering"} <= set(a.perimeter)
    assert not a.duplicated([*KEY, "scheme", "line", "nature", "recurrence"]).any()
    assert list(result.caseload.columns) == ["scenario", "world", "age_band", "placement", "measure", "month",
                                             "statistic", "children"]  # fmt: skip
    assert not a.value_gbp.isna().any()
    assert not result.caseload.children.isna().any()


def test_children_are_conserved_in_the_published_frame(result):
    cells = result.caseload[result.caseload.age_band != "all"]
    for statistic in ("central", "mean"):
        chosen = cells[cells.statistic == statistic]
        table = chosen.pivot_table(
            index=["world", "age_band", "placement"], columns=["measure", "month"], values="children", observed=True
        )
        stock = table["stock"].to_numpy()
        flow = {m: table[m].to_numpy() for m in ("entry", "exit", "move_in", "move_out", "age_in", "age_out")}
        closing = stock[:, :-1] + flow["entry"] + flow["move_in"] + flow["age_in"]
        closing -= flow["exit"] + flow["move_out"] + flow["age_out"]
        assert np.abs(closing - stock[:, 1:]).max() < 1e-5


def test_cells_add_up_to_the_totals(result):
    frame = result.caseload.query("measure == 'stock' and statistic == 'mean'")
    cells = frame[frame.age_band != "all"].groupby(["world", "month"], observed=True).children.sum()
    whole = frame[(frame.age_band == "all") & (frame.placement == "all")].set_index(["world", "month"]).children
    np.testing.assert_allclose(cells.sort_index(), whole.sort_index(), atol=1e-4)


def test_nominal_is_real_at_the_price_level_of_the_year(result):
    net = result.annual.query("perimeter == 'whole' and scheme == 'portfolio' and statistic == 'p50'")
    by = net.pivot_table(index="financial_year", columns="price_basis", values="value_gbp")
    assert by.nominal["2022/23"] == by.real["2022/23"]
    assert by.nominal["2023/24"] == pytest.approx(by.real["2023/24"] * 1.03, abs=0.02)
    assert by.nominal["2024/25"] == pytest.approx(by.real["2024/25"] * 1.03 * 1.02, abs=0.02)


def test_one_draw_is_the_central_run_alone(folder):
    one = run(load_case(folder, scenario="base"), draws=1)
    assert set(one.annual.statistic) == set(one.monthly.statistic) == set(one.caseload.statistic) == {"central"}
    assert set(one.metrics_by_perimeter["whole"]["npv_gbp"]) == {"central"}
    assert one.npv_draws["whole"].shape == (1,)


def test_central_does_not_depend_on_the_draws(folder, result):
    case = load_case(folder, scenario="base")
    other = run(case, draws=10, seed=9).metrics_by_perimeter["whole"]["npv_gbp"]["central"]
    assert other == result.metrics_by_perimeter["whole"]["npv_gbp"]["central"]


def test_with_no_width_and_no_chance_every_draw_is_the_central_run(tmp_path):
    """Zero-width ranges: each statistic of money is the central one."""
    flat = {r: {"distribution": "fixed", "low": "", "high": ""} for r in _ranged()}
    same = run(load(tmp_path, "base", assumptions=flat), draws=5, process_noise=False)
    for values in same.metrics_by_perimeter["whole"].values():
        numbers = [values[s] for s in ("central", "mean", "p05", "p95") if s in values]
        assert (
            set(numbers) == {None}
            if None in numbers
            else numbers == pytest.approx(numbers[:1] * len(numbers), rel=1e-12)
        )


def _ranged():
    from tests.cases import assumption_rows

    return [row["name"] for row in assumption_rows() if row["distribution"] != "fixed"]


def test_an_empty_list_of_schemes_gives_zeros_and_nulls(folder):
    nothing = run(load_case(folder, scenario="do-nothing"), draws=20)
    whole = nothing.metrics_by_perimeter["whole"]
    assert whole["npv_gbp"]["central"] == whole["npv_gbp"]["mean"] == 0
    assert whole["bcr"]["central"] is None
    assert not nothing.annual.value_gbp.any()
    assert not nothing.caseload.query("world == 'impact'").children.any()


def test_no_zero_has_a_minus_sign(folder, tmp_path):
    write(run(load_case(folder, scenario="do-nothing"), draws=5, seed=1), tmp_path)
    assert "-0.0" not in (tmp_path / "metrics.json").read_text(encoding="utf-8")


def test_the_metrics_are_those_of_the_draws(result):
    npv = result.npv_draws["whole"]
    metrics = result.metrics_by_perimeter["whole"]
    assert metrics["npv_gbp"]["mean"] == pytest.approx(npv.mean())
    assert metrics["npv_gbp"]["p90"] == pytest.approx(np.quantile(npv, 0.9))
    assert metrics["probability_npv_positive"]["mean"] == (npv > 0).mean()
    assert metrics["expected_shortfall_10_gbp"]["mean"] == pytest.approx(np.sort(npv)[:30].mean())
    by_year = [v["mean"] for k, v in metrics.items() if k.startswith("probability_payback_by_")]
    assert by_year == sorted(by_year)
    assert by_year[-1] == metrics["probability_payback"]["mean"]


def test_the_monthly_cumulative_ends_where_the_years_do(result):
    end = result.monthly.query("perimeter == 'whole' and price_basis == 'real' and statistic == 'central'")
    years = result.annual.query(
        "perimeter == 'whole' and scheme == 'portfolio' and price_basis == 'real' and statistic == 'central'"
    )
    assert end.cumulative_gbp.iloc[-1] == pytest.approx(years.value_gbp.sum(), abs=0.2)


def test_the_same_run_leaves_the_same_bytes(folder, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write(run(load_case(folder, scenario="base"), draws=40, seed=3), tmp_path / name)
    files = sorted(p.name for p in (tmp_path / "one").iterdir())
    assert {"annual.csv", "caseload.csv", "funding.csv", "mtfp.csv", "metrics.json"} <= set(files)
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name
    metrics = json.loads((tmp_path / "one" / "metrics.json").read_text(encoding="utf-8"))
    assert "NaN" not in json.dumps(metrics)
    assert pd.read_csv(tmp_path / "one" / "annual.csv").shape[1] == 10


def test_threads_change_nothing(folder, result):
    again = run(load_case(folder, scenario="base"), draws=300, seed=2, threads=2)
    pd.testing.assert_frame_equal(again.annual, result.annual)
    for name, npv in result.npv_draws.items():
        np.testing.assert_array_equal(again.npv_draws[name], npv)


def test_a_text_with_a_comma_survives_the_csv(tmp_path):
    from model.results.files import write_csv

    frame = pd.DataFrame({"line": ['a "b", c', "plain"], "value": [1.5, 2.0]})
    write_csv(frame, tmp_path / "x.csv")
    assert pd.read_csv(tmp_path / "x.csv").line.tolist() == frame.line.tolist()


def test_draws_below_one_are_refused(folder):
    with pytest.raises(ValueError, match="draws must be 1"):
        run(load_case(folder), draws=0)


@pytest.mark.parametrize("n", [1, 2, 7, 300])
def test_quantiles_are_numpys(n):
    amounts = np.random.default_rng(n).normal(size=(20, n))
    amounts[:, : n // 3] = 0
    amounts[3] = np.inf
    with np.errstate(invalid="ignore"):
        expected = np.quantile(amounts, list(sample.QUANTILES.values()), axis=-1)
        found = np.stack(list(sample.quantiles(amounts).values()))
    np.testing.assert_array_equal(found, expected)
