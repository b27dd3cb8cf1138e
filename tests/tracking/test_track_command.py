"""`freeze` and `track` from the command line: a page and its tables, with figures and with none."""

import pandas as pd
import pytest

from model.__main__ import main
from tests.cases import write_case
from tests.tracking.test_plans import BENEFITS

FIGURES = """\
period,measure,value,unit,source,status
2023-04,children_started,9,children,903,final
2023-05,children_started,3,children,903,final
"""


def tracked(tmp_path, **files):
    case, out = write_case(tmp_path, files={"benefits.csv": BENEFITS, **files}), tmp_path / "out"
    assert main(["freeze", str(case), "--draws", "150"]) == 0
    assert main(["track", str(case), "--outputs", str(out)]) == 0
    return case, out / "exampleshire/outturn"


def test_a_plan_is_tracked_to_a_page_and_tables(tmp_path):
    case, folder = tracked(tmp_path, **{"actuals.csv": FIGURES})
    page = (folder / "outturn.html").read_text(encoding="utf-8")
    assert [words in page for words in ("Has it worked?", "From plan to outturn", "Plan 1, frozen")] == [True] * 3
    figures = pd.read_csv(folder / "figures.csv")
    assert figures["value"].isna().tolist() == [False, True], "three children are too few to be written"
    assert (folder / "tables.xlsx").is_file()
    assert "had it no effect at all, its benefits' figures to 2023/24 would show it" in page.replace("&#x27;", "'")
    earned = pd.read_csv(folder / "earned.csv").pivot_table(index="nature", columns="state", values="mean_gbp")
    bridge = pd.read_csv(folder / "bridge.csv").query("of == 'net'").set_index("step")["value_gbp"]
    assert earned["now"]["net"] == pytest.approx(bridge["outturn"], abs=0.05), "both say what has come of it"
    assert (earned.drop("net").sum() * 100).round().tolist() == (earned.loc["net"] * 100).round().tolist()
    assert main(["freeze", str(case), "--draws", "150"]) == 2, "a new version without a reason"
    assert main(["freeze", str(case), "--draws", "150", "--reason", "A later start"]) == 0
    assert main(["track", str(case), "--outputs", str(tmp_path / "out"), "--plan", "1"]) == 0
    assert pd.read_csv(folder / "versions.csv")["held_against"].tolist() == [True, False]


def test_before_anything_is_counted_the_forecast_is_as_it_was_frozen(tmp_path):
    _, folder = tracked(tmp_path)
    forecast = pd.read_csv(folder / "forecast.csv")
    assert forecast["mean_gbp"][0] == forecast["mean_gbp"][1]
    assert "The figures say nothing of any assumption yet." in (folder / "outturn.html").read_text(encoding="utf-8")


def test_a_plan_of_few_draws_of_which_nothing_is_counted_yet_is_tracked(tmp_path):
    case = write_case(tmp_path, files={"benefits.csv": BENEFITS})
    assert main(["freeze", str(case), "--draws", "20"]) == 0
    assert main(["track", str(case), "--outputs", str(tmp_path / "out")]) == 0
