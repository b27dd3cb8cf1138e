"""Where the workbook and the published paper differ, and what was spent beside what is modelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.report import views
from model.report.look import format as fmt
from model.report.look import markup
from model.report.look import tables as tbl
from model.report.look.page import Block, folded, show
from model.results.reconcile import is_transcription

if TYPE_CHECKING:
    import pandas as pd

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
    frame = judged(result)
    if not len(frame):
        return show()
    counts = frame["shown"].value_counts()
    found = fmt.listed([f"{counts[word]} {VERDICTS[word][1]}" for word in SAID if word in counts])
    points = [
        f"{r.ref}: {r.statement}. Printed {plain(r.published)}, recomputed {plain(r.recomputed)}."
        for r in views.records(frame[frame["shown"] == "differs"])
    ]
    sentence = f"Of {fmt.counted(len(frame), 'figure')} printed in the paper: {found}."
    return show(sentence, Block(markup.bullets(points)) if points else None)


def judged(result: Result) -> pd.DataFrame:
    """Return the reconciliation with `shown`: its verdict, or that a figure agrees only with its own transcription."""
    copies = {(row.ref, row.statement) for row in result.case.published if is_transcription(row.formula)}
    frame = result.reconciliation
    rows = zip(frame["ref"], frame["statement"], frame["verdict"], strict=True)
    return frame.assign(shown=[TRANSCRIBED if v == "reconciles" and (r, s) in copies else v for r, s, v in rows])


def reconciliation(result: Result) -> tbl.Table:
    """Return the published figures row by row, those that do not reconcile first."""
    order = list(VERDICTS)
    frame = judged(result).sort_values("shown", key=lambda words: words.map(order.index), kind="stable")
    columns: dict[str, tbl.Show] = {
        "Reference": "ref", "Statement": "statement", "Published": lambda r: _figure(r.published),
        "Recomputed": lambda r: _figure(r.recomputed), "Difference": lambda r: _figure(r.difference),
        "Verdict": lambda r: tbl.Cell(text=VERDICTS[r.shown][0], sort=order.index(r.shown), kind=f"v-{r.verdict}"),
    }  # fmt: skip
    caption = "The published figures and the same figures recomputed from what the paper prints"
    return tbl.of("reconciliation", caption, views.records(frame), columns, sortable=True,
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
