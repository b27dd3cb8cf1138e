"""Discounting, NPV, BCR, payback and peak funding of each perimeter, the checks, and the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model.case.words import AVOIDANCE, CASHABLE, INCOME, INTERACTION, INVESTMENT
from model.excel.grid import add_up
from model.money.portfolio import members_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from model.excel.grid import Row, Sheet
    from model.excel.staff import Work
    from model.schemes.cashflows import Tag

METRICS = {
    "npv_gbp": ("Net present value", "GBP"), "npv_cashable_gbp": ("Net present value, cashable savings alone", "GBP"),
    "bcr": ("Benefit-cost ratio", "factor"), "pv_investment_gbp": ("Present value of investment", "GBP"),
    "pv_savings_gbp": ("Present value of savings", "GBP"), "payback_months": ("Payback, months", ""),
    "discounted_payback_months": ("Discounted payback, months", ""),
    "payback_cashable_months": ("Cashable payback, months", ""),
    "peak_funding_gbp": ("Peak funding", "GBP"), "peak_funding_month": ("Month of peak funding", ""),
}  # fmt: skip


def write_appraisal(work: Work, lines: Mapping[tuple[str, Tag], Row]) -> dict[str, dict[str, Row]]:
    """`appraisal.appraise` for every perimeter: rows by month, measures in the Constant column."""
    sheet = work.book.monthly("Appraisal")
    sheet.title(
        "Appraisal of every perimeter",
        "Real pounds, discounted from mid-month; a measure stands in the Constant column. "
        "never and none are words where there is no such number.",
    )
    return {
        perimeter: _appraise(work, sheet, perimeter, {
            key: row for key, row in lines.items() if key[0] in {*members, f"{INTERACTION}:{perimeter}"}
        })
        for perimeter, members in members_of(work.case).items()
    }  # fmt: skip


def _appraise(work: Work, sheet: Sheet, name: str, lines: Mapping[tuple[str, Tag], Row]) -> dict[str, Row]:
    add, factor, n = sheet.add, work.cal.factor, name
    sheet.section(name)

    def total(*natures: str) -> str:
        return add_up(row for (_, tag), row in lines.items() if tag.nature in natures)

    invested = add(f"{n}: investment", "GBP", total(INVESTMENT))
    cash = add(f"{n}: cashable savings and income", "GBP", total(CASHABLE, INCOME))
    avoided = add(f"{n}: cost avoided", "GBP", total(AVOIDANCE))
    net = add(f"{n}: net", "GBP", f"={invested}+{cash}+{avoided}", style="total")
    cashable = add(f"{n}: net, cashable alone", "GBP", f"={invested}+{cash}")
    discounted = add(f"{n}: net, discounted", "GBP", f"={net}*{factor}")
    so_far = {row: add(f"{n}: {words} so far", "GBP", f"={at:prev}+{row}", before=0.0)
              for row, words in ((net, "net"), (discounted, "discounted"), (cashable, "cashable"))
              for at in (sheet.row_at(sheet.at),)}  # fmt: skip

    def measure(key: str, formula: str) -> Row:
        label, kind = METRICS[key]
        return add(f"{n}: {label}", "GBP" if kind == "GBP" else "", const=f"={formula}", kind=kind)

    def payback(key: str, row: Row) -> Row:
        """`appraisal.payback_months`."""
        guard = f"(deficit_guard_gbp+deficit_guard_share*SUMPRODUCT(ABS({row:all})))"
        last = add(
            f"{n}: last month below nought ({METRICS[key][0].lower()})",
            "months",
            const=f"=SUMPRODUCT(MAX(({so_far[row]:all}<-{guard})*{work.cal.month:all}))",
        )
        return measure(key, f'IF({last:const}=0,0,IF({last:const}=months,"never",{last:const}+1))')

    pv = measure("pv_investment_gbp", f"-SUMPRODUCT({invested:all},{factor:all})")
    npv = measure("npv_gbp", f"SUMPRODUCT({net:all},{factor:all})")
    peak = measure("peak_funding_gbp", f"MAX(0,-MIN({so_far[net]:all}))")
    deepest = f"MATCH(MIN({so_far[net]:all}),{so_far[net]:all},0)"
    return {
        "npv_gbp": npv, "pv_investment_gbp": pv,
        "npv_cashable_gbp": measure("npv_cashable_gbp", f"SUMPRODUCT({cashable:all},{factor:all})"),
        "pv_savings_gbp": measure("pv_savings_gbp", f"{npv:const}+{pv:const}"),
        "bcr": measure("bcr", f'IF({pv:const}>0,({npv:const}+{pv:const})/{pv:const},"none")'),
        "payback_months": payback("payback_months", net),
        "discounted_payback_months": payback("discounted_payback_months", discounted),
        "payback_cashable_months": payback("payback_cashable_months", cashable),
        "peak_funding_gbp": peak,
        "peak_funding_month": measure("peak_funding_month", f'IF({peak:const}>0,{deepest},"none")'),
        "net": net,
    }  # fmt: skip
