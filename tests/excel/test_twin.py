"""The workbook of live formulas is the model: recalculated, it gives Python's figures, whatever is changed."""

import datetime as dt
import os
import random
import re
import time
import zipfile
from collections import deque
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from python_calamine import CalamineWorkbook

from model.case.assumptions import Assumptions
from model.case.draws import central
from model.case.parameters import PLACEMENT_LINES
from model.case.pay import Grade
from model.case.reading.load import scenario_names
from model.case.words import DO_NOTHING, INTERACTION, PORTFOLIO, WITH_SCHEMES
from model.excel.grid import SEP
from model.excel.inputs import pasted_from
from model.excel.lines import METRICS
from model.excel.purses import PURSE_OF, RESERVE_BY_MONTH
from model.excel.twin import GREEN, write_workbook
from model.money.funding import reserve_flows, run_reserve
from model.money.portfolio import evaluate
from model.results.runs import run
from model.schemes.load import load_case
from model.schemes.staff.prices import with_prices
from tests.cases import write_case
from tests.excel.recalculating import FIRST, needs_libreoffice, recalculated, set_cells, set_text

BURY = "inputs/bury-2022"
SHIPPED = [(case.parent.name, s) for case in Path("inputs").glob("*/case.toml") for s in scenario_names(case.parent)]
DESK = (
    ("bury-2022", "base"),
    ("bury-2022", "with-family-safeguarding"),
    ("example-all-kinds", "base"),
    ("dudley-2009", "base"),
)
SHIPPED = SHIPPED if os.environ.get("CI") else DESK
PENNY, CHILD = 0.011, 1e-6
ON_CHILDREN = {"fostering_growth", "entry_reduction", "step_down", "leaving_sooner"}
LENT = ("Loan", "Repayment of borrowing", "Borrowing")
RESERVE_WORDS = {
    line.split(" | ")[0]: line.split(" | ")[1] for line in RESERVE_BY_MONTH.splitlines() if line[:1].isalpha()
}


def rows_of(sheets, name):
    """Label -> row, the last of those with one label."""
    return {row[0]: row for row in sheets[name] if row and row[0]}


def cells(row, n):
    """The first n periods of a row as numbers: a blank, a text or an error there is a fault."""
    found = row[FIRST : FIRST + n]
    assert all(isinstance(cell, float | int) for cell in found), row[:12]
    return np.array(found)


def assert_the_same(case, sheets):
    """Every metric, annual line and month of children of a workbook against Python's run of the case."""
    result, years = run(case, draws=1), len(case.timeline.financial_years)
    shown, annual = rows_of(sheets, "Appraisal"), rows_of(sheets, "Annual lines")
    for perimeter, metrics in result.metrics_by_perimeter.items():
        for metric, (label, _) in METRICS.items():
            python, excel = metrics[metric]["central"], shown[f"{perimeter}: {label}"][2]
            assert isinstance(excel, str) if python is None else excel == pytest.approx(python, abs=0.01), metric
    lines, seen = result.annual[result.annual.statistic == "central"], set()
    for (perimeter, scheme, line, nature, recurrence, basis), group in lines.groupby(
        ["perimeter", "scheme", "line", "nature", "recurrence", "price_basis"]
    ):
        owner = f"{INTERACTION}:{perimeter}" if scheme == INTERACTION else scheme
        label = SEP.join((basis, perimeter, "net") if scheme == PORTFOLIO else (basis, owner, line, nature, recurrence))
        seen.add(label)
        python = group.sort_values("financial_year").value_gbp.to_numpy()
        assert np.abs(cells(annual[label], years) - python).max() < PENNY, label
    others = [row for label, row in annual.items() if label.startswith(("real", "nominal")) and label not in seen]
    assert all(not cells(row, years).any() for row in others)
    assert_the_same_children(case, sheets, result.central.stock)
    assert_the_same_purses(case, sheets, result)


def central_by_year(frame, *keys):
    """Keys of a frame -> its central values by financial year."""
    found = frame[frame.statistic == "central"].sort_values("financial_year")
    return {key: group.value_gbp.to_numpy() for key, group in found.groupby(list(keys))}


def assert_the_same_purses(case, sheets, result):
    """The reserve month by month, every purse, and every row of the plan."""
    years = len(case.timeline.financial_years)
    plan = rows_of(sheets, "Purses and plan")
    for (group, item), python in central_by_year(result.funding, "group", "item").items():
        if group == "purse":
            assert np.abs(cells(plan[{**PURSE_OF, "net": "All purses"}[item]], years) - python).max() < PENNY, item
    entries = {"change": "{}: change on the year before", "cumulative": "{}: in all"}
    for (kind, line, entry), python in central_by_year(result.mtfp, "kind", "line", "entry").items():
        if line.startswith(LENT):  # loans are a statement of their own, in funding.csv
            continue
        name = "total" if kind == "total" else f"{kind}: {line}"
        assert np.abs(cells(plan[entries[entry].format(name)], years) - python).max() < 2 * PENNY, (line, entry)
    middle, reserve = central(case), rows_of(sheets, "Reserve")
    python = run_reserve(case, reserve_flows(evaluate(case, middle)), middle)
    for item, amount in python.items():
        excel = cells(reserve[RESERVE_WORDS[item]], case.timeline.months)
        assert np.abs(excel - amount[:, 0]).max() < PENNY, item


def worlds(sheets):
    """Title of a section of the sheet of children -> label -> row."""
    found, title = {}, ""
    for row in sheets["Children"]:
        if row and row[0] and row[1] == "":
            title = row[0]
        found.setdefault(title, {})[row[0] if row else ""] = row
    return found


def assert_the_same_children(case, sheets, stock):
    if not case.caseload:
        return
    acting = {s.name for s in case.active_schemes if s.kind in ON_CHILDREN}
    found, months = worlds(sheets), case.timeline.months
    with_them = next((t for t in found if set(t.removeprefix("With ").split(" and ")) == acting), "Do nothing")
    unaccompanied = found.get("Unaccompanied children, in every world", {})
    for world, title in ((DO_NOTHING, "Do nothing"), (WITH_SCHEMES, with_them)):
        for i, line in enumerate(PLACEMENT_LINES.values()):
            row = found[title].get(f"{line}, with those moved", found[title][line])
            others = cells(unaccompanied[line], months) if unaccompanied else 0.0
            assert np.abs(cells(row, months) + others - stock[world][1:, i, 0]).max() < CHILD, (world, line)


def made(case, folder, changes=(), texts=()):
    """Write a case's workbook, put numbers and texts into cells of it, and return its sheets recalculated."""
    path = folder / f"{case.name}-{case.scenario}.xlsx"
    write_workbook(run(case, draws=1), path)
    set_cells(path, dict(changes))
    for (sheet, cell), text in dict(texts).items():
        set_text(path, sheet, cell, text)
    return recalculated(path, folder)


@needs_libreoffice
@pytest.mark.slow
@pytest.mark.parametrize(("case", "scenario"), SHIPPED)
def test_a_shipped_scenario_recalculated_is_the_model(case, scenario, tmp_path):
    found = load_case(f"inputs/{case}", scenario)
    sheets = made(found, tmp_path)
    assert_the_same(found, sheets)
    assert any(GREEN in row for row in sheets["Summary"])


@needs_libreoffice
@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_cells_changed_at_random_in_a_case_that_is_not_ours_give_what_python_gives(seed, tmp_path):
    case, chance = load_case(write_case(tmp_path)), random.Random(seed)  # noqa: S311 - cells to change, no secret
    free = [a for name, a in case.assumptions.items() if name not in pasted_from(case) and a.value]
    values = {a.name: a.value * chance.uniform(0.6, 1.4) for a in chance.sample(free, 12) if a.unit != "switch"}
    values = {
        name: min(value, 1.0) if case.assumptions[name].unit == "share" else value for name, value in values.items()
    }
    sheets = made(case, tmp_path, values)
    assert_the_same(changed(case, values), sheets)
    assert any(GREEN in row for row in sheets["Summary"])


@needs_libreoffice
@pytest.mark.slow
def test_five_hundred_posts_are_no_burden_and_an_end_may_be_set_in_the_sheet(tmp_path):
    case = load_case(write_case(tmp_path))
    one = next(p for p in case.establishment if p.charged_to == "improvement" and not p.included_in)
    kinds = (
        {"printed_gbp": 40_000.0 + i, "start": dt.date(2022, 4 + i % 50 // 48, 1), "recruited": i % 40 > 0}
        for i in range(500)
    )
    posts = tuple(
        replace(one, id=f"post_{i}", fte_current=0.0, fte_proposed=1.0, **kind) for i, kind in enumerate(kinds)
    )
    case, end = replace(case, establishment=(*case.establishment, *posts)), dt.date(2027, 3, 14)
    begun = time.process_time()
    sheets = made(case, tmp_path, {"improvement.end": serial(end)})
    assert time.process_time() - begun < 20  # six where nothing else runs
    path = tmp_path / f"{case.name}-{case.scenario}.xlsx"
    assert path.stat().st_size < 8e6
    with zipfile.ZipFile(path) as file:
        pages = [file.read(name).decode() for name in file.namelist() if "worksheets/sheet" in name]
    assert max(len(formula) for page in pages for formula in re.findall(r"<f>([^<]*)</f>", page)) < 8192  # Excel's most
    schemes = tuple(replace(s, end=end) if s.name == "improvement" else s for s in case.schemes)
    assert_the_same(replace(case, schemes=schemes), sheets)


GRADES = {"G5": "12", "G7": "17", "G9": "22", "G14": "38"}


def paid_by_grade(number):
    """Bury's edge of care team with so many posts paid by grade, regrades and posts cut among them."""
    case = load_case(BURY, "edge-of-care-only")
    known = dt.date(2022, 4, 1)
    grades = (Grade(council=case.council, grade=g, spine="njc", point_bottom=p, point_top=p, as_at=known)
              for g, p in GRADES.items())  # fmt: skip
    one, names = next(p for p in case.establishment if p.charged_to == "edge_of_care"), list(GRADES)
    posts = [
        replace(
            one, id=f"post_{i}", post=f"Post {i}", included_in="", included_when="", grade=names[i % 4],
            grade_current=names[(i + 1) % 4] if i % 5 == 4 else "", fte_current=float(i % 5 == 4) + i % 3,
            fte_proposed=1.0 + i % 3 - 0.25 * (i % 50 == 7), start=dt.date(2022 + i % 3, 4 + i % 7, 1 + i % 2),
            costing="bottom_up", printed_gbp=None, recruited=i % 4 > 0,
        )
        for i in range(number)
    ]  # fmt: skip
    pay = replace(case.reference.pay, grades=tuple(grades))
    case = replace(case, reference=replace(case.reference, pay=pay), establishment=(*case.establishment, *posts))
    return with_prices(case)


def places(path):
    """Id of a post -> the row that it stands in on the list of posts, and the text of its grade."""
    posts = CalamineWorkbook.from_path(str(path)).get_sheet_by_name("Posts").to_python(skip_empty_area=False)
    return {row[13]: (at, row[7]) for at, row in enumerate(posts, start=1) if len(row) > 13}


@needs_libreoffice
@pytest.mark.slow
def test_five_hundred_posts_paid_by_grade_follow_their_cells(tmp_path):
    case, path = paid_by_grade(500), tmp_path / "first.xlsx"
    result = run(case, draws=1)
    begun = time.process_time()
    write_workbook(result, path)
    assert time.process_time() - begun < 12  # two where nothing else runs
    assert path.stat().st_size < 8e6
    at, grade = {name: row for name, (row, _) in places(path).items()}, places(path)["post_1"][1]
    printed = next(p.id for p in case.establishment if p.costing == "printed" and p.charged_to == "edge_of_care")
    begins = dt.date(2024, 10, 20)
    edits = {f"Posts!F{at['post_6']}": 4.5, f"Posts!E{at['post_14']}": 3.5, f"Posts!G{at[printed]}": 412_000.0,
             f"Posts!J{at['post_3']}": serial(begins)}  # fmt: skip
    sheets = made(case, tmp_path, edits, {("Posts", f"H{at['post_12']}"): grade})
    own = {p.id: p for p in case.establishment}
    together = [n for n, p in own.items() if alike(p) == alike(own["post_3"])]
    new = {n: {"start": begins} for n in together}
    changes = {
        "post_6": {"fte_proposed": 4.5}, "post_14": {"fte_current": 3.5}, "post_12": {"grade": own["post_1"].grade},
        printed: {"printed_gbp": 412_000.0},
    }  # fmt: skip
    for name, change in changes.items():
        new[name] = new.get(name, {}) | change
    posts = tuple(replace(p, **new.get(p.id, {})) for p in case.establishment)
    assert min(at[n] for n in together) == at["post_3"]
    assert_the_same(replace(case, establishment=posts), sheets)


def alike(post):
    """What posts that start together have in common."""
    return (post.start, post.adds_people, post.change_annual_cost_gbp < 0, post.recruited, post.charged_to,
            post.costing, (post.grade, post.grade_current) if post.change_annual_cost_gbp < 0 else ())  # fmt: skip


def serial(day):
    """A day as a spreadsheet counts it."""
    return float((day - dt.date(1899, 12, 30)).days)


def changed(case, values, **starts):
    """The case with other values of assumptions and starts of schemes."""
    fixed = {n: {"value": v, "low": v, "high": v, "distribution": "fixed"} for n, v in values.items()}
    assumptions = {n: replace(a, **fixed.get(n, {})) for n, a in case.assumptions.items()}
    schemes = tuple(replace(s, start=starts.get(s.name, s.start)) for s in case.schemes)
    return replace(case, assumptions=Assumptions(assumptions), schemes=schemes)


TEN = {
    "price.ifa_foster_weekly": 900.0, "fostering.fill_rate": 0.75, "edge_of_care.effect": 0.33, "fostering.delay": 6.0,
    "caseload.entries_growth_annual": 0.02, "growth.placement_prices_real_annual": 0.035,
    "establishment.vacancy_share": 0.25, "agency.whole_cost": 1.0, "edge_of_care.team_inside_safeguarding": 0.0,
    "edge_of_care.weight_residential": 2.0,
}  # fmt: skip
SWITCHED = {
    "fostering.inflow_limited": 0.0, "edge_of_care.capacity_limited": 0.0, "establishment.fill_probability": 0.6,
    "fostering.deregistration_annual": 0.3, "cost.diverted_child": 9000.0, "cashable.contract_step_residential": 2.0,
}  # fmt: skip


@needs_libreoffice
@pytest.mark.slow
@pytest.mark.parametrize("values", [TEN, SWITCHED], ids=["ten inputs", "switches"])
def test_inputs_changed_in_the_sheet_give_what_python_gives(values, tmp_path):
    case, start = load_case(BURY, "base"), dt.date(2023, 5, 16)
    sheets = made(case, tmp_path, {**values, "edge_of_care.start": serial(start)})
    assert_the_same(changed(case, values, edge_of_care=start), sheets)


@needs_libreoffice
@pytest.mark.slow
def test_a_change_that_needs_python_turns_the_check_red(tmp_path):
    case = load_case(BURY, "fostering-only")
    sheets = made(case, tmp_path, {"caseload.exits_multiplier": 1.1})
    assert not any(GREEN in row for row in sheets["Summary"])


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Sheet -> cell -> formula of base, as they stand in the file; and the file's names."""
    path = tmp_path_factory.mktemp("twin") / "workbook.xlsx"
    write_workbook(run(load_case(BURY, "base"), draws=1), path)
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name).decode() for name in file.namelist() if name.endswith(".xml")}


def formulas(pages):
    """Yield (sheet, row, column number, formula)."""
    for name, text in pages.items():
        if name.startswith("xl/worksheets/sheet"):
            for letters, row, formula in re.findall(r'<c r="([A-Z]+)(\d+)"[^>]*><f>([^<]*)</f>', text):
                yield name, int(row), number_of(letters), formula


def number_of(letters):
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def pattern(formula, row, column):
    """A formula with its references made relative, so that a copied one reads the same."""

    def relative(found):
        fixed, letters, line_fixed, line = found.groups()
        across = letters if fixed else f"C[{number_of(letters) - column}]"
        return f"{across}{line if line_fixed else f'R[{int(line) - row}]'}"

    return re.sub(r"(?<![A-Za-z0-9_.])(\$?)([A-Z]{1,3})(\$?)(\d+)(?![A-Za-z0-9_.(])", relative, formula)


def test_a_row_has_one_formula_and_it_holds_no_number(pages):
    by_row, plain = {}, re.compile(r"(?<![A-Za-z0-9_.$])\d+\.?\d*(?![A-Za-z0-9_.])")
    for sheet, row, column, formula in formulas(pages):
        if column > FIRST:
            by_row.setdefault((sheet, row), set()).add(pattern(formula, row, column))
        bare = re.sub(r"'[^']*'!|\"[^\"]*\"|\$?[A-Z]{1,3}\$?\d+", "", formula)
        assert set(plain.findall(bare)) <= {"0", "1"}, formula
    lists = {f"xl/worksheets/sheet{number}.xml" for number in (1, 2, 7)}  # summary, checks and posts are no time series
    assert len(by_row) > 500
    assert [key for key, found in by_row.items() if len(found) > 1 and key[0] not in lists] == []


@pytest.fixture(scope="module")
def rows(pages):
    """(sheet's name, row) -> its label and unit, and the formulas in it; and where each name stands."""
    strings = [re.sub("<[^>]*>", "", text) for text in re.findall(r"<si>(.*?)</si>", pages["xl/sharedStrings.xml"])]
    titles = {f"xl/worksheets/sheet{n}.xml": unescape(t)
              for t, n in re.findall(r'<sheet name="([^"]+)" sheetId="(\d+)"', pages["xl/workbook.xml"])}  # fmt: skip
    named = re.findall(r"""<definedName name="([^"]+)">'?([^'!]+)'?!\$[A-Z]+\$(\d+)<""", pages["xl/workbook.xml"])
    names = {name: (title, int(row)) for name, title, row in named}
    found = {}
    for page, title in titles.items():
        for column, row, text in re.findall(r'<c r="([AB])(\d+)"[^>]* t="s"><v>(\d+)</v>', pages[page]):
            found.setdefault((title, int(row)), ({}, []))[0][column] = unescape(strings[int(text)])
    for page, row, _, formula in formulas(pages):
        found.setdefault((titles[page], row), ({}, []))[1].append(unescape(formula))
    return found, names


def test_every_row_of_formulas_has_a_label_and_a_unit(rows):
    found, _ = rows
    bare = [key for key, (words, made) in found.items()
            if made and not (words.get("A") and words.get("B")) and key[0] not in {"Summary", "Checks"}]  # fmt: skip
    assert bare == []


def test_pasted_tables_say_what_they_were_fitted_to(rows):
    found, _ = rows
    said = {words.get("A") for (sheet, _), (words, _) in found.items() if sheet == "Children tables"}
    assert {"under_1, all, general: entries", "all, residential, general: children", "18, all, uasc: exits"} <= said


def test_no_formula_but_the_summarys_has_a_value_saved_that_a_reader_could_take_for_its_own(pages):
    saved = {name for name, text in pages.items() if re.search("</f><v>[^<]", text)}
    assert saved == {f"xl/worksheets/sheet{number}.xml" for number in (1, 2)}  # the summary and the checks


CELLS = re.compile(r"(?:'([^']+)'!|([A-Za-z]+)!)?\$?[A-Z]{1,3}\$?(\d+)(?::\$?[A-Z]{1,3}\$?(\d+))?(?![\w.(])")


def precedents(rows, key):
    """The rows that a row's formulas point to."""
    found, names = rows
    out = set()
    for formula in found[key][1]:
        for quoted, plain, row, last in CELLS.findall(formula):
            out |= {(quoted or plain or key[0], at) for at in range(int(row), int(last or row) + 1)}
        out |= {names[name] for name in re.findall(r"[a-z_]\w*(?:\.\w+)?", formula) if name in names}
    return out


def test_an_auditor_walks_from_the_net_present_value_to_every_input_that_it_rests_on(rows):
    found, names = rows
    start = next(key for key, (words, _) in found.items()
                 if key[0] == "Appraisal" and words.get("A") == "invest_to_save: Net present value")  # fmt: skip
    seen, queue = {start}, deque([start])
    while queue:
        for key in precedents(rows, queue.popleft()) - seen:
            seen.add(key)
            if key in found:
                queue.append(key)
    rests_on = ("fostering.fill_rate", "fostering.households", "edge_of_care.effect", "price.ifa_foster_weekly",
                "establishment.months_to_fill", "discount_rate", "cost.entry", "edge_of_care.start")  # fmt: skip
    assert [name for name in rests_on if names[name] not in seen] == []
    assert names["reserve.opening"] not in seen  # financing stays outside the net present value


def test_nothing_volatile_no_links_no_macros_and_only_functions_of_excel_2016(pages):
    used = {name for *_, formula in formulas(pages) for name in re.findall(r"([A-Z][A-Z0-9.]+)\(", formula)}
    assert used <= {
        "ABS", "AVERAGE", "COLUMN", "COLUMNS", "DATE", "DAY", "IF", "INDEX", "INT", "MATCH", "MAX", "MIN", "MONTH",
        "ROUND", "ROWS", "SUM", "SUMIF", "SUMPRODUCT", "YEAR",
    }  # fmt: skip
    assert not any("externalLink" in name or "vba" in name for name in pages)


def test_the_same_case_gives_the_same_bytes(tmp_path):
    case = load_case(BURY, "fostering-only")
    for name in ("one.xlsx", "two.xlsx"):
        write_workbook(run(case, draws=1), tmp_path / name)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()
