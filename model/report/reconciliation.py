"""Where the workbook and the published paper differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.report import claims, views
from model.report.look import format as fmt
from model.report.look import markup
from model.report.look import tables as tbl
from model.report.look.page import Block, folded, show
from model.results.reconcile import is_transcription

if TYPE_CHECKING:
    import pandas as pd

    from model.results.runs import Result

VERDICTS = {
    "reconciles": "✓ reconciles",
    "rounding": "≈ rounding",
    "differs": "✗ differs",
    "not_derivable": "? not derivable",
}
TRANSCRIBED = "transcribed"
WORDS = {**VERDICTS, TRANSCRIBED: "= transcribed"}


def published(result: Result) -> Block:
    """Return where the workbook and the published paper differ; nothing where no paper is recorded."""
    frame = result.reconciliation
    counts = {v: int((frame["verdict"] == v).sum()) for v in VERDICTS} if len(frame) else {}
    if not counts:
        return show()
    copied = int(transcribed(result).sum())
    parts = [(counts["reconciles"] - copied, "recomputed exactly"),
             (copied, "held against their own transcription alone (nothing to work out)"),
             (counts["rounding"], "off by rounding"), (counts["differs"], "off by more"),
             (counts["not_derivable"], "not to be derived from anything the paper prints")]  # fmt: skip
    found = fmt.listed([f"{number} {words}" for number, words in parts if number], "and")
    sentence = f"Of {fmt.counted(len(frame), 'figure')} printed in the paper: {found}."
    differ = frame[frame["verdict"] == "differs"]
    points = [f"{r.ref}: {r.statement}. Printed {plain(r.published)}, recomputed "
              f"{plain(r.recomputed)}." for r in views.records(differ)]  # fmt: skip
    return show(sentence, Block(markup.bullets(points)) if points else None, claims.table(result))


def transcribed(result: Result) -> pd.Series:
    """Return for each row of the reconciliation whether the figure agrees only with its own transcription."""
    copies = {(row.ref, row.statement) for row in result.case.published if is_transcription(row.formula)}
    import pandas as pd  # noqa: PLC0415 - importing the model must stay cheap

    frame = result.reconciliation
    keys = zip(frame["ref"], frame["statement"], strict=True)
    return (frame["verdict"] == "reconciles") & pd.Series(
        [key in copies for key in keys], index=frame.index, dtype=bool
    )


def reconciliation(result: Result) -> tbl.Table:
    """Return the published figures row by row, those that do not reconcile first."""
    frame = result.reconciliation
    frame = frame.assign(shown=frame["verdict"].mask(transcribed(result), TRANSCRIBED))
    order = {"differs": 0, "not_derivable": 1, "rounding": 2, "reconciles": 3, TRANSCRIBED: 4}
    frame = frame.assign(order=frame["shown"].map(order)).sort_values(["order"], kind="stable")
    rows = [
        [
            tbl.text(r.ref),
            tbl.note(r.statement),
            _figure(r.published),
            _figure(r.recomputed),
            _figure(r.difference),
            tbl.Cell(text=WORDS.get(r.shown, str(r.shown)), sort=order.get(r.shown), kind=f"v-{r.verdict}"),
        ]
        for r in views.records(frame)
    ]
    return tbl.Table(
        key="reconciliation",
        caption="The published figures and the same figures recomputed from what the paper prints",
        columns=("Reference", "Statement", "Published", "Recomputed", "Difference", "Verdict"),
        rows=rows,
        numeric=frozenset({2, 3, 4}),
        sortable=True,
        empty="Nothing published is recorded for this case.",
    )


def ledger(result: Result) -> Block:
    """Return what placements are modelled to cost beside the council's accounts; nothing where none are stated."""
    frame, case = result.ledger, result.case
    if frame.empty:
        return show()
    rows = [
        [
            tbl.text(f"{r.statement}, {r.financial_year}"),
            tbl.thousands(r.in_price_base_gbp),
            tbl.thousands(r.modelled_gbp),
            tbl.number(fmt.percent(r.modelled_share), r.modelled_share),
            tbl.note(f"{r.note} Source: {r.source}"),
        ]
        for r in views.records(frame)
    ]
    table = tbl.Table(
        key="ledger",
        caption=f"Placements in the accounts and in the model: £ thousand, {case.price_base} prices",
        columns=("In the accounts", "Spent", f"Modelled, {case.timeline.financial_years[0]}", "Share", "What it holds"),
        rows=rows,
        numeric=frozenset({1, 2, 3}),
        note="Modelled: the central run's first year if nothing is done.",
    )
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
