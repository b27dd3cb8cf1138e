"""What it all comes to: every line by month and by year, and the appraisal of each perimeter."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from model.case import words
from model.excel.grid import SEP, Row, total
from model.excel.staff import Work
from model.money.portfolio import members_of
from model.schemes.cashflows import Tag

Key = tuple[str, Tag]
Lines = Mapping[Key, Row]

METRICS: Final = {
    "npv_gbp": ("Net present value", "GBP"), "npv_cashable_gbp": ("Net present value, cashable savings alone", "GBP"),
    "bcr": ("Benefit-cost ratio", "ratio"), "pv_investment_gbp": ("Present value of investment", "GBP"),
    "pv_savings_gbp": ("Present value of savings", "GBP"), "payback_months": ("Payback, months", ""),
    "discounted_payback_months": ("Discounted payback, months", ""),
    "payback_cashable_months": ("Cashable payback, months", ""),
    "peak_funding_gbp": ("Peak funding", "GBP"), "peak_funding_month": ("Month of peak funding", ""),
}  # fmt: skip
"""Key in metrics.json -> its label here, and its kind of number."""
NATURES: Final = {
    "invested": ("investment", {words.INVESTMENT}),
    "cash": ("cashable savings and income", {words.CASHABLE, words.INCOME}),
    "avoided": ("cost avoided", {words.AVOIDANCE}),
}
_PAYBACK: Final = """
last_{key} | last month below nought ({label}) | months | !SUMPRODUCT(MAX(([{so_far}:all]<
 -(deficit_guard_gbp+deficit_guard_share*SUMPRODUCT(ABS([{flow}:all]))))*[t:all]))
{key} | {label} | months | !IF([last_{key}:const]=0,0,IF([last_{key}:const]=months,"never",[last_{key}:const]+1))
"""
"""`appraisal.payback_months`."""
_MEASURES: Final = """
net | net | GBP | =[invested]+[cash]+[avoided]
cashable | net, cashable alone | GBP | =[invested]+[cash]
discounted | net, discounted | GBP | =[net]*[factor]
so_far | net so far | GBP | =[so_far:prev]+[net] | 0
discounted_so_far | discounted so far | GBP | =[discounted_so_far:prev]+[discounted] | 0
cashable_so_far | cashable so far | GBP | =[cashable_so_far:prev]+[cashable] | 0
pv_investment_gbp | {pv_investment_gbp} | GBP | !-SUMPRODUCT([invested:all],[factor:all])
npv_gbp | {npv_gbp} | GBP | !SUMPRODUCT([net:all],[factor:all])
npv_cashable_gbp | {npv_cashable_gbp} | GBP | !SUMPRODUCT([cashable:all],[factor:all])
pv_savings_gbp | {pv_savings_gbp} | GBP | ![npv_gbp:const]+[pv_investment_gbp:const]
bcr | {bcr} | ratio
 | !IF([pv_investment_gbp:const]>0,[pv_savings_gbp:const]/[pv_investment_gbp:const],"none")
peak_funding_gbp | {peak_funding_gbp} | GBP | !MAX(0,-MIN([so_far:all]))
peak_funding_month | {peak_funding_month} | month
 | !IF([peak_funding_gbp:const]>0,MATCH(MIN([so_far:all]),[so_far:all],0),"none")
"""
APPRAISAL: Final = _MEASURES.format(**{key: label for key, (label, _) in METRICS.items()}) + "".join(
    _PAYBACK.format(key=key, label=METRICS[key][0], so_far=so_far, flow=flow)
    for key, so_far, flow in (
        ("payback_months", "so_far", "net"), ("payback_cashable_months", "cashable_so_far", "cashable"),
        ("discounted_payback_months", "discounted_so_far", "discounted"),
    )
)  # fmt: skip
"""`appraisal.appraise`."""


def write_monthly_lines(work: Work) -> dict[Key, Row]:
    """Write every line by month; what a scheme costs is dearer by its optimism bias (`portfolio.costs_of`)."""
    sheet = work.book.sheet(
        "Lines",
        "Every line by month, real",
        "A cost is minus. Each scheme by itself, then what schemes that meet in the caseload change in each other.",
        periods=work.book.months,
    )
    found: dict[Key, Row] = {}
    owner = ""
    for (whose, tag), rows in work.lines.items():
        if whose != owner:
            owner = whose
            sheet.section(owner)
        cost = owner in work.made and tag.nature not in {words.CASHABLE, words.AVOIDANCE}
        formula = f"=({total(rows)})*{work.made[owner]['cost_factor']:const}" if cost else f"={total(rows)}"
        label = SEP.join((owner, tag.line, tag.nature, tag.recurrence, tag.funding))
        found[whose, tag] = sheet.add(label, "GBP", formula)
    return found


def _inside(work: Work, perimeter: str) -> set[str]:
    """Return whose lines are in a perimeter."""
    return {*members_of(work.case)[perimeter], f"{words.INTERACTION}:{perimeter}"}


def write_annual(work: Work, lines: Lines, basis: str) -> tuple[dict[Key, Row], dict[str, Row]]:
    """`results.annual`: every line by financial year to the penny, and each perimeter's net; return both.

    A line that several purses pay for is rounded as one; its first purse takes what rounding leaves.
    """
    book, unit = work.book, "pounds and pence"
    sheet = book.sheets.get("Annual lines") or book.sheet(
        "Annual lines", "Every line by financial year, to the penny",
        "As annual.csv shows them: a cost is minus; net is the sum of the lines shown.", periods=book.years,
    )  # fmt: skip
    level = f"*{book.shared['level']}" if basis == words.NOMINAL else ""
    merged: dict[tuple[str, ...], list[Key]] = defaultdict(list)
    for owner, tag in lines:
        merged[owner, tag.line, tag.nature, tag.recurrence].append((owner, tag))

    def in_pence(label: str, some: Iterable[Key]) -> Row:
        return sheet.add(label, unit, f"=ROUND(({total((lines[key] for key in some), 'sum')}){level},pence)")

    sheet.section(f"Lines, {basis}")
    parts: dict[Key, Row] = {}
    shown: dict[tuple[str, ...], Row] = {}
    for key, some in merged.items():
        first = shown[key] = in_pence(SEP.join((basis, *key)), some)
        others = {other: in_pence(f"of it, {other[1].funding}", [other]) for other in some[1:]}
        if others:
            first = sheet.add(f"of it, {some[0][1].funding}", unit, f"={shown[key]}-({total(others.values())})")
        parts |= {some[0]: first, **others}
    sheet.section(f"Net, {basis}")
    net = {}
    for perimeter in members_of(work.case):
        rows = (row for key, row in shown.items() if key[0] in _inside(work, perimeter))
        net[perimeter] = sheet.add(SEP.join((basis, perimeter, "net")), unit, f"={total(rows)}", style="total")
    return parts, net


def write_appraisal(work: Work, lines: Lines) -> dict[str, dict[str, Row]]:
    """Appraise every perimeter: rows by month, measures in the Constant column. Return perimeter -> key -> row."""
    sheet = work.book.sheet(
        "Appraisal",
        "Appraisal of every perimeter",
        "Real pounds, discounted from mid-month; a measure stands in the Constant column. never and none are words "
        "where there is no such number.",
        periods=work.book.months,
    )
    found = {}
    for perimeter in members_of(work.case):
        inside = [(tag.nature, row) for (owner, tag), row in lines.items() if owner in _inside(work, perimeter)]
        sheet.section(perimeter)
        names: dict[str, Any] = {}
        for key, (label, natures) in NATURES.items():
            rows = (row for nature, row in inside if nature in natures)
            names[key] = sheet.add(f"{perimeter}: {label}", "GBP", f"={total(rows)}")
        found[perimeter] = names | sheet.rows(APPRAISAL, names, called=perimeter)
    return found
