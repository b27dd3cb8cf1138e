"""Every notebook runs from top to bottom on a case that is not Bury's, and says what the engine says."""

import re
from pathlib import Path

import nbformat
import pytest

from model import load_case, run
from model.batch.jobs import Job, run_jobs, summary
from model.case.reading.load import scenario_names
from model.report.look import format as fmt
from tests.cases import write_case

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
DRAWS, SEED = 20, 3


def parameters(path, case):
    """What a scheduler gives a notebook: the case, and few draws where it takes any."""
    cells = nbformat.read(path, as_version=4).cells
    declared = next(c.source for c in cells if "parameters" in c.metadata.get("tags", []))
    given = {
        "case": str(case),
        "draws": DRAWS,
        "seed": SEED,
        "index_draws": 8,
    }
    return {name: value for name, value in given.items() if re.search(rf"^{name}: ", declared, re.MULTILINE)}


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return write_case(tmp_path_factory.mktemp("notebooks"))


@pytest.fixture(scope="module")
def executed(case):
    """The words of each executed notebook's outputs, by its number."""
    out = case.parents[1] / "outputs"
    jobs = [
        Job(case="c", scenario=path.stem, folder=out / "c" / path.stem, made_from={"x": "1"}, notebook=path,
            parameters=parameters(path, case))
        for path in NOTEBOOKS
    ]  # fmt: skip
    results = run_jobs(jobs, outputs=out, workers=2)
    assert [r.status for r in results] == ["made"] * len(jobs), summary(results)
    found = {}
    for job in jobs:
        cells = nbformat.read(job.folder / f"{job.name}.ipynb", as_version=4).cells
        shown = [o.data for c in cells if c.cell_type == "code" for o in c.outputs if "data" in o]
        pages = ["".join(data.get("text/html", data.get("text/markdown", ""))) for data in shown]
        found[job.scenario[:2]] = re.sub(r"<[^>]*>", "|", "".join(re.sub(r"(?s)<svg.*?</svg>", "", p) for p in pages))
    return found


@pytest.fixture(scope="module")
def result(case):
    return run(load_case(case, scenario="base"), draws=DRAWS, seed=SEED)


@pytest.mark.slow
def test_no_notebook_shows_nothing_or_a_missing_number(executed):
    assert len(executed) == len(NOTEBOOKS)
    for number, words in executed.items():
        assert len(words) > 300, number
        assert not re.search(r"\bnan\b|\bNone\b|\binf\b", words), number


@pytest.mark.slow
@pytest.mark.parametrize("number", ["00", "07", "90"])
def test_headlines_are_the_engines_figures(executed, result, number):
    npv = result.metrics_by_perimeter["whole"]["npv_gbp"]
    for statistic in ("central", "mean"):
        assert fmt.money(npv[statistic]) in executed[number]


@pytest.mark.slow
def test_the_establishment_notebook_says_how_many_posts_are_filled(executed, result):
    frame = result.staffing
    last = frame[(frame.world == "with_schemes") & (frame.statistic == "central") & (frame.month == frame.month.max())]
    at_the_end = last.set_index("measure")["value"]
    filled, posts = (fmt.decimal(at_the_end[name], 1) for name in ("new_posts_filled_fte", "new_posts_fte"))
    assert f"{filled} of {posts} new posts (fte) filled" in executed["05"]


@pytest.mark.slow
def test_the_caseload_notebook_says_how_many_children_there_would_be(executed, result):
    frame = result.caseload
    kept = frame[(frame.world == "do_nothing") & (frame.measure == "stock") & (frame.statistic == "central")
                 & (frame.age_band == "all") & (frame.placement == "all")].set_index("month")["children"]  # fmt: skip
    assert f"{fmt.decimal(kept.iloc[0])} children in" in executed["02"]
    assert f"{fmt.decimal(kept.iloc[-1])} in {fmt.month(str(kept.index[-1]))}, central" in executed["02"]


@pytest.mark.slow
def test_the_comparison_holds_every_scenario_and_what_each_changes(executed, case):
    for name in scenario_names(case):
        assert load_case(case, scenario=name).scenario_title in executed["91"]
    assert "£900 a week" in executed["91"]  # hindsight's price against base's
    assert "£800 a week" in executed["91"]


@pytest.mark.slow
@pytest.mark.parametrize(("number", "name"), [("03", "fostering.fill_rate"), ("04", "edge_of_care.effect")])
def test_a_notebook_to_try_a_number_in_leaves_it_alone_by_default(executed, result, number, name):
    assert "as the scenario Base has it" in executed[number]
    assert "taken as certain" not in executed[number]
    shown = result.case.assumptions[name]
    assert fmt.quantity(shown.low, shown.unit) in executed[number]


def test_the_notebooks_on_one_subject_speak_of_no_one_case():
    for path in [p for p in NOTEBOOKS if p.name[:2] in {"02", "03", "04", "05"}]:
        words = " ".join(
            cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"
        )
        assert not re.search(r"\b20\d\d\b|[Tt]he paper|Bury", words), path.name
