"""Where the workbook and the published paper differ, what it claims, and what was spent beside what is modelled.

A row of `published.csv` names in `beside_scheme` the scheme of which it claims a saving. A claim is one figure for
every year; a scheme of the model grows into its saving, so the two meet in some year or in none, and the NPV rests on
the modelled years.
"""

from typing import Any

import pandas as pd

from model.case.records import Case
from model.case.rows import POUNDS, PublishedRow
from model.case.words import AVOIDANCE, CASHABLE, INCOME
from model.report import views
from model.report.look import format as fmt
from model.report.look import markup
from model.report.look import tables as tbl
from model.report.look.page import Block, folded, show
from model.results.reconcile import is_transcription
from model.results.runs import Result

TRANSCRIBED = "transcribed"
VERDICTS = {
    "differs": ("✗ differs", "off by more"),
    "not_derivable": ("? not derivable", "not to be derived from anything the paper prints"),
    "rounding": ("≈ rounding", "off by rounding"),
    "reconciles": ("✓ reconciles", "recomputed exactly"),
    TRANSCRIBED: ("= transcribed", "held against their own transcription alone (nothing to work out)"),
}  # a verdict in a table and in a sentence, those to look at first
SAID = ("reconciles", TRANSCRIBED, "rounding", "differs", "not_derivable")  # the order of the sentence


def published(result: Result) -> Block:
    """Return where the workbook and the published paper differ; nothing where no paper is recorded."""
    frame = judged(result.case, result.reconciliation)
    if not len(frame):
        return show()
    points = [
        f"{r.ref}: {r.statement}. Printed {plain(r.published)}, recomputed {plain(r.recomputed)}."
        for r in views.records(frame[frame["shown"] == "differs"])
    ]
    return show(counted(frame), Block(markup.bullets(points)) if points else None)


def counted(frame: pd.DataFrame) -> str:
    """Return how many figures of the judged reconciliation have each verdict."""
    counts = frame["shown"].value_counts()
    found = fmt.listed([f"{counts[word]} {VERDICTS[word][1]}" for word in SAID if word in counts])
    return f"Of {fmt.counted(len(frame), 'figure')} printed in the paper: {found}."


def judged(case: Case, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the reconciliation with `shown`: its verdict, or that a figure agrees only with its own transcription."""
    copies = {(row.ref, row.statement) for row in case.published if is_transcription(row.formula)}
    rows = zip(frame["ref"], frame["statement"], frame["verdict"], strict=True)
    return frame.assign(shown=[TRANSCRIBED if v == "reconciles" and (r, s) in copies else v for r, s, v in rows])


def reconciliation(case: Case, frame: pd.DataFrame) -> tbl.Table:
    """Return the published figures row by row, those that do not reconcile first."""
    order = list(VERDICTS)
    rows = judged(case, frame).sort_values("shown", key=lambda words: words.map(order.index), kind="stable")

    def verdict(r: Any) -> tbl.Cell:  # noqa: ANN401 - a row of a frame
        words = VERDICTS[r.shown][0] + (f", expected {r.expected}" if r.verdict != r.expected else "")
        return tbl.Cell(text=words, sort=order.index(r.shown), kind=f"v-{r.verdict}")

    columns: dict[str, tbl.Show] = {
        "Reference": "ref", "Statement": "statement", "Published": lambda r: _figure(r.published),
        "Recomputed": lambda r: _figure(r.recomputed), "Difference": lambda r: _figure(r.difference),
        "Verdict": verdict,
    }  # fmt: skip
    caption = "The published figures and the same figures recomputed from what the paper prints"
    return tbl.of("reconciliation", caption, views.records(rows), columns, sortable=True,
                  empty="Nothing published is recorded for this case.")  # fmt: skip


def ledger(result: Result) -> Block:
    """Return what placements are modelled to cost beside the council's accounts; nothing where none are stated."""
    case = result.case
    if result.ledger.empty:
        return show()
    columns: dict[str, tbl.Show] = {
        "In the accounts": lambda r: f"{r.statement}, {r.financial_year}", "Spent": "in_price_base_gbp",
        f"Modelled, {case.timeline.financial_years[0]}": "modelled_gbp", "Share": lambda r: tbl.share(r.modelled_share),
        "What it holds": lambda r: f"{r.note} Source: {r.source}",
    }  # fmt: skip
    table = tbl.of("ledger", f"Placements in the accounts and in the model, {case.price_base} prices",
                   views.records(result.ledger), columns,
                   note="Modelled: the central run's first year if nothing is done.")  # fmt: skip
    return folded("What was spent, and what is modelled", table)


def plain(value: object) -> str:
    """Return a published figure as it is printed: no decimals from a thousand on, up to three below it."""
    number = views.some(value)
    if number is None:
        return "none"
    text = fmt.decimal(number, 0 if abs(number) >= 1000 else 3)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _figure(value: object) -> tbl.Cell:
    return tbl.number(plain(value), views.some(value))


def claims(result: Result) -> list[str]:
    """Return what the paper claims of each scheme, what the model finds, and in which years it finds as much."""
    found = {s.name: [row for row in result.case.published if row.beside_scheme == s.name]
             for s in result.case.active_schemes}  # fmt: skip
    return [_sentence(result, scheme, sorted(rows, key=_claimed_gbp)) for scheme, rows in found.items() if rows]


def _claimed_gbp(row: PublishedRow) -> float:
    """Return the printed figure in pounds a year."""
    return row.value * POUNDS[row.unit]


def _sentence(result: Result, scheme: str, rows: list[PublishedRow]) -> str:
    """Say it of one scheme. What it saves: central, real pounds, before its own cost."""
    years = views.by_nature(result, scheme)[[CASHABLE, AVOIDANCE, INCOME]].sum(axis=1)
    most, last = rows[-1], views.last_shown(result)
    half = most.precision * POUNDS[most.unit] / 2
    held = list(years[(years - _claimed_gbp(most)).abs() <= half].index)
    found = f"the model finds {fmt.money(years[last])} in {last}"
    if held == list(years.index[-len(held) :]) and held:
        found = f"the model finds that in each year from {held[0]} on"
    elif held:
        found = f"the model finds that in {fmt.listed(held)}"
    pounds = [(row.unit, _claimed_gbp(row)) for row in rows]
    printed = [fmt.pounds(amount) if unit == "GBP" else fmt.millions(amount, 3) for unit, amount in pounds]
    return f"{views.title_of(result.case, scheme)}: the paper claims {fmt.listed(printed)} a year; {found}."
