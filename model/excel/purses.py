"""Which purse pays: the reserve by month, purses and the plan by year; `model.money.funding` row by row, nominal."""

from collections.abc import Mapping
from typing import Any, Final

from model.case import words
from model.excel.grid import Row, Sheet, total
from model.excel.lines import Lines
from model.excel.staff import Work
from model.money import funding
from model.money.portfolio import members_of
from model.schemes.cashflows import Tag

RESERVE_BY_MONTH: Final = """
early | The reserve pays what the schemes cost | switch | =[early_year:year]
carried | Carried in any case | GBP | =([carried_real])*[level:year]
released | Released, or moved to the base budget | GBP | =([released_real]+IF([early]>0,0,[anyway_acting]))*[level:year]
implementation | Implementation | GBP | =-(IF([early]>0,[recurring],0)+[recurring_reserve])*[level:year]
one_offs | One-off costs | GBP | =-(IF([early]>0,[once],0)+[once_reserve])*[level:year]
commitments | Other commitments | GBP
 | =[annual]*IF([lasts]>0,[early],1)*reserve.commitments_annual?0*[level_first]
loan_advance | Paid by a loan | GBP | =loan.share?0*([implementation]+[one_offs])
wanted | Asked of the reserve | GBP
 | =[commitments]+[carried]-[released]+[implementation]+[one_offs]-[loan_advance]
opening | Balance at the month's start | GBP | =[closing:prev]
paid | Paid | GBP | =MIN([wanted],MAX([opening]-reserve.minimum?0*[level_first],0))
shortfall | Short | GBP | =[wanted]-[paid]
closing | Balance at the month's end | GBP | =[opening]-[paid] | reserve.opening?0*[level_first]
before_top_up | Balance had nobody made good what was short | GBP | =[before_top_up:prev]-[wanted] | [closing:open]
"""
"""`reserve_flows` and `run_reserve`."""
PURSE_OF: Final = {
    funding.ONE_OFFS: "One-off", funding.RESERVE_FUNDED: "Reserve", funding.OTHER_FUNDED: "Grants and partners",
    funding.AVOIDED: "Cost avoided", funding.BASE_BUDGET: "Base budget",
}  # fmt: skip
IN_ALL: Final = """
cumulative | in all | GBP | =[formula] | 0
change | change on the year before | GBP | =[cumulative]-[cumulative:prev]
"""


def write_purses(work: Work, monthly: Lines, pence: Lines) -> dict[str, Row]:
    """Write the reserve, the purses and the plan of the whole; return purse -> row, and what a summary says of them.

    `monthly`: real lines by month; `pence`: nominal ones by year.
    """
    owners = {*members_of(work.case)[words.WHOLE], f"{words.INTERACTION}:{words.WHOLE}"}
    monthly, pence = ({key: row for key, row in lines.items() if key[0] in owners} for lines in (monthly, pence))
    reserve = _reserve(work, monthly)
    sheet = work.book.sheet(
        "Purses and plan",
        "Which purse pays, the base budget line by line, and the plan; nominal",
        "Positive favours the council, but in the plan, where councils print a pressure as positive.",
        periods=work.book.years,
    )
    moved = _moved(work, sheet)
    purses, base = _shared_out(work, sheet, pence, moved)
    plan = _plan(sheet, purses, base, moved[funding.UNFILLED_POSTS])
    sheet.section("Reserve by year")
    for key in ("commitments", "carried", "released", "implementation", "one_offs", "loan_advance", funding.SHORTFALL):
        plan[key] = sheet.add(f"Reserve: {key.replace('_', ' ')}", "GBP", f"={reserve[key]:sum}")
    plan |= sheet.rows(f"{funding.CLOSING} | Reserve: balance at the year's end | GBP | =INDEX([balance:all],1,"
                       "MATCH([year_no],[year:all],1))", {"balance": reserve[funding.CLOSING]})  # fmt: skip
    return purses | plan


def _reserve(work: Work, lines: Lines) -> dict[str, Row]:
    """Write the reserve month by month; only what the general fund or the reserve pays for concerns it."""
    case, book = work.case, work.book
    title = f"{case.funding.reserve_name or 'The reserve'} by month, nominal"
    note = "It pays only what there is above its minimum; the rest is short."
    sheet = book.sheet("Reserve", title, note, periods=book.months)

    def invested(recurrence: str, purse: str) -> str:
        wanted = (words.INVESTMENT, recurrence, purse)
        rows = (row for (_, tag), row in lines.items() if (tag.nature, tag.recurrence, tag.funding) == wanted)
        return f"({total(rows)})"

    own = [(n, s) for n, spent in work.spent.items() for s in spent if s.purse == words.RESERVE]
    names: dict[str, Any] = {
        "early_year": book.shared["early"],
        "carried_real": total([*(s.before for _, s in own), *(row for _, row in work.anyway)]),
        "released_real": "+".join(f"{s.before}-{s.after}" for n, s in own if n in work.made) or "0",
        "anyway_acting": f"({total(row for n, row in work.anyway if n in work.made)})",
        "recurring": invested(words.RECURRING, words.GENERAL_FUND),
        "recurring_reserve": invested(words.RECURRING, words.RESERVE),
        "once": invested(words.ONE_OFF, words.GENERAL_FUND), "once_reserve": invested(words.ONE_OFF, words.RESERVE),
        "level_first": f"INDEX({book.shared['level']:all},1,1)",
    }  # fmt: skip
    names["lasts"] = "1" if case.funding.reserve_until else "0"
    return sheet.rows(RESERVE_BY_MONTH, names)


def _moved(work: Work, sheet: Sheet) -> dict[str, Row]:
    """`fixed_term_posts` and `unspent`: what else the base budget takes on, by year."""
    sheet.section("What the base budget holds besides, once the reserve no longer pays")
    approved = work.unspent if work.case.funding.budget_basis == words.APPROVED else []
    anyway = [row for n, row in work.anyway if n in work.made]
    parts = {funding.FIXED_TERM_POSTS: anyway, funding.UNFILLED_POSTS: approved}
    early, level = work.book.shared["early"], work.book.shared["level"]
    return {
        name: sheet.add(name, "GBP", f"=ROUND(IF({early}>0,0,({total(rows, 'sum')})*{level}),pence)")
        for name, rows in parts.items()
    }


def _shared_out(
    work: Work, sheet: Sheet, pence: Lines, moved: Mapping[str, Row]
) -> tuple[dict[str, Row], dict[tuple[str, str], Row]]:
    """`share_out`: each line of each year in one purse only; return the purses, and the lines of the base budget."""
    early = work.book.shared["early"]
    parts: dict[str, list[str]] = {purse: [] for purse in PURSE_OF}
    base: dict[tuple[str, str], list[str]] = {}
    for (_, tag), row in pence.items():
        purse = _purse(tag)
        switching = purse == funding.BASE_BUDGET and tag.nature == words.INVESTMENT
        parts[purse].append(f"IF({early}>0,0,{row})" if switching else f"{row}")
        if switching:
            parts[funding.RESERVE_FUNDED].append(f"IF({early}>0,{row},0)")
        if purse == funding.BASE_BUDGET:
            line = funding.TOGETHER if tag.line == words.INTERACTION else tag.line
            key = (funding.PRESSURE if tag.nature == words.INVESTMENT else funding.SAVING, line)
            base.setdefault(key, []).append(parts[purse][-1])
    for name, spared in (
        (funding.FIXED_TERM_POSTS, funding.RESERVE_FUNDED),
        (funding.UNFILLED_POSTS, funding.ONE_OFFS),
    ):
        base[funding.PRESSURE, name] = [f"-{moved[name]}"]
        parts[funding.BASE_BUDGET].append(f"-{moved[name]}")
        parts[spared].append(f"{moved[name]}")
    sheet.section("Base budget by line")
    lines = {key: sheet.add(f"{key[0]}: {key[1]}", "GBP", f"={_sum(some)}") for key, some in base.items()}
    sheet.section("Purses")
    purses = {purse: sheet.add(PURSE_OF[purse], "GBP", f"={_sum(some)}") for purse, some in parts.items()}
    purses[words.NET] = sheet.add("All purses", "GBP", f"={total(purses.values())}", style="total")
    return purses, lines


def _sum(parts: list[str]) -> str:
    return "+".join(parts).replace("+-", "-") or "0"


def _purse(tag: Tag) -> str:
    """`purse_of`, once the reserve no longer pays for what the schemes cost."""
    if tag.recurrence == words.ONE_OFF:
        return funding.ONE_OFFS
    if tag.funding != words.GENERAL_FUND:
        return funding.RESERVE_FUNDED if tag.funding == words.RESERVE else funding.OTHER_FUNDED
    return funding.AVOIDED if tag.nature == words.AVOIDANCE else funding.BASE_BUDGET


def _plan(sheet: Sheet, purses: Mapping[str, Row], base: Mapping[tuple[str, str], Row], unspent: Row) -> dict[str, Row]:
    """`funding_frames`: the year-on-year changes, and each line's cumulative amount; return those of the total."""
    turned = {f"{kind}: {line}": f"-{row}" for (kind, line), row in base.items()}
    turned["total"] = f"-{purses[funding.BASE_BUDGET]}"
    turned["memorandum: Cost avoidance, in no budget"] = f"-{purses[funding.AVOIDED]}"
    turned["memorandum: Change in spending, whoever pays"] = f"-{purses[words.NET]}"
    turned["memorandum: Underspend while approved posts stand empty"] = f"-{unspent}"
    sheet.section("Medium term financial plan", "pressures positive")
    made = {name: sheet.rows(IN_ALL, {"formula": formula}, called=name) for name, formula in turned.items()}
    return made["total"]
