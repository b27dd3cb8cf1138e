"""Discounting, NPV, BCR, payback and peak funding of each perimeter."""

from collections.abc import Mapping
from typing import Any, Final

from model.case.words import AVOIDANCE, CASHABLE, INCOME, INTERACTION, INVESTMENT
from model.excel.grid import Row, total
from model.excel.staff import Work
from model.money.portfolio import members_of
from model.schemes.cashflows import Tag

METRICS: Final = {
    "npv_gbp": ("Net present value", "GBP"), "npv_cashable_gbp": ("Net present value, cashable savings alone", "GBP"),
    "bcr": ("Benefit-cost ratio", "factor"), "pv_investment_gbp": ("Present value of investment", "GBP"),
    "pv_savings_gbp": ("Present value of savings", "GBP"), "payback_months": ("Payback, months", ""),
    "discounted_payback_months": ("Discounted payback, months", ""),
    "payback_cashable_months": ("Cashable payback, months", ""),
    "peak_funding_gbp": ("Peak funding", "GBP"), "peak_funding_month": ("Month of peak funding", ""),
}  # fmt: skip
"""Key in metrics.json -> its label here, and its kind of number."""
APPRAISAL: Final = f"""
net | net | GBP | =[invested]+[cash]+[avoided]
cashable | net, cashable alone | GBP | =[invested]+[cash]
discounted | net, discounted | GBP | =[net]*[factor]
so_far | net so far | GBP | =[so_far:prev]+[net] | 0
discounted_so_far | discounted so far | GBP | =[discounted_so_far:prev]+[discounted] | 0
cashable_so_far | cashable so far | GBP | =[cashable_so_far:prev]+[cashable] | 0
pv_investment_gbp | {METRICS["pv_investment_gbp"][0]} | GBP | !-SUMPRODUCT([invested:all],[factor:all])
npv_gbp | {METRICS["npv_gbp"][0]} | GBP | !SUMPRODUCT([net:all],[factor:all])
npv_cashable_gbp | {METRICS["npv_cashable_gbp"][0]} | GBP | !SUMPRODUCT([cashable:all],[factor:all])
pv_savings_gbp | {METRICS["pv_savings_gbp"][0]} | GBP | ![npv_gbp:const]+[pv_investment_gbp:const]
bcr | {METRICS["bcr"][0]} | ratio
 | !IF([pv_investment_gbp:const]>0,[pv_savings_gbp:const]/[pv_investment_gbp:const],"none")
peak_funding_gbp | {METRICS["peak_funding_gbp"][0]} | GBP | !MAX(0,-MIN([so_far:all]))
peak_funding_month | {METRICS["peak_funding_month"][0]} | month
 | !IF([peak_funding_gbp:const]>0,MATCH(MIN([so_far:all]),[so_far:all],0),"none")
"""
"""`appraisal.appraise`."""
PAYBACK: Final = """
last | last month below nought ([label]) | months | !SUMPRODUCT(MAX(([running:all]<
 -(deficit_guard_gbp+deficit_guard_share*SUMPRODUCT(ABS([flow:all]))))*[t:all]))
row | [label] | months | !IF([last:const]=0,0,IF([last:const]=months,"never",[last:const]+1))
"""
"""`appraisal.payback_months`."""


def write_appraisal(work: Work, lines: Mapping[tuple[str, Tag], Row]) -> dict[str, dict[str, Row]]:
    """Appraise every perimeter: rows by month, measures in the Constant column. Return perimeter -> key -> row."""
    sheet = work.book.sheet("Appraisal", work.book.months)
    sheet.title(
        "Appraisal of every perimeter",
        "Real pounds, discounted from mid-month; a measure stands in the Constant column. "
        "never and none are words where there is no such number.",
    )
    found = {}
    for perimeter, members in members_of(work.case).items():
        inside = {*members, f"{INTERACTION}:{perimeter}"}
        sheet.section(perimeter)
        names: dict[str, Any] = {}
        for key, label, natures in (
            ("invested", "investment", {INVESTMENT}), ("cash", "cashable savings and income", {CASHABLE, INCOME}),
            ("avoided", "cost avoided", {AVOIDANCE}),
        ):  # fmt: skip
            rows = (row for (owner, tag), row in lines.items() if owner in inside and tag.nature in natures)
            names[key] = sheet.add(f"{perimeter}: {label}", "GBP", f"={total(rows)}")
        names |= sheet.rows(APPRAISAL, names, called=perimeter)
        for key, running, flow in (
            ("payback_months", "so_far", "net"), ("payback_cashable_months", "cashable_so_far", "cashable"),
            ("discounted_payback_months", "discounted_so_far", "discounted"),
        ):  # fmt: skip
            listing = PAYBACK.replace("[label]", METRICS[key][0])
            given = {"running": names[running], "flow": names[flow]}
            names[key] = sheet.rows(listing, given, called=perimeter)["row"]
        found[perimeter] = names
    return found
