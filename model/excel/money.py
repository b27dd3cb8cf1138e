"""Money: what each world costs, what is saved and cashable, and the lines of every scheme; `model.money` row by row."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from model.case import words
from model.case.parameters import PLACEMENT_LINES, PLACEMENTS
from model.children.law import RESIDENTIAL
from model.children.points import AT_18, ENTERED, UNDER_18
from model.excel.children import Caseload, World
from model.excel.grid import Row, total
from model.excel.inputs import write_budget
from model.excel.schemes import per_child
from model.excel.staff import Names, Spent, Work
from model.money import portfolio
from model.money.placement_spending import HOMES
from model.schemes.cashflows import Tag

Saved = dict[Tag, Row]

BELOW: Final = """
gross | saved | GBP | =[saved:sum]
before | spent without it | GBP | =[spent:sum][ours]
under | below the budget | GBP | =MAX(0,MIN(MIN([held],[before])-([before]-[gross]),MAX([gross],0)))
steps | in whole steps | GBP | =IF([step]>0,
 MIN(INT([under]/MAX([step],deficit_guard_gbp)+rounding_guard)*[step],[under]),[under])
"""
"""`cashability._below_budget` and `_whole_steps`."""
COMMON: Final = """
kept | Cashable on lines that save | GBP | =[cash]
all | Saved on lines that save | GBP | =[positive]
common | Part of it that is cashable | share | =IF([all]>0,[kept]/[all],0)
"""
PART: Final = "share | part cashable | share | =IF([gross]>0,[steps]/IF([gross]>0,[gross],1),[common])"
SPLIT: Final = """
cashable | cashable | GBP | =[saved]*[share:year]
avoided | avoided | GBP | =[saved]-[cashable]
"""


class Money:
    """Writes the sheets of spending and splits what is saved."""

    def __init__(self, work: Work, caseload: Caseload | None) -> None:
        """Write prices, then what the do-nothing world costs."""
        self._work, self._caseload, self._book = work, caseload, work.book
        self._sheet = self._book.sheet(
            "Spending",
            "Spending, by month, real",
            "Children on average over the month x price x weeks; entries and exits x cost each.",
            periods=self._book.months,
        )
        self._split = self._book.sheet(
            "Cashable",
            "What is cashable, by financial year, real",
            "A saving is cashable as far as it takes spending below the approved budget, in whole contract steps; "
            "costs that it causes take the same part.",
            periods=self._book.years,
        )
        self._budgets: dict[tuple[str, bool], Row | None] = {}
        self._made: dict[frozenset[str], Saved] = {}
        schemes = {n: work.case.scheme(n) for n in work.made}
        self._per_child = {n: per_child(spec, work.made[n]) for n, spec in schemes.items()}
        self._homes = {n: work.made[n] for n, spec in schemes.items() if spec.kind == words.OWN_HOMES}
        self._left = {n: (spec.placement, work.made[n]["left"]) for n, spec in schemes.items()
                      if spec.kind == words.PRICE_CHANGE}  # fmt: skip
        self._partners = {line: f"partner.share_{p}" for p, line in PLACEMENT_LINES.items()
                          if f"partner.share_{p}" in self._book.stated}  # fmt: skip
        if caseload is None:
            return
        self._sheet.section("Prices")
        prices = "".join(f"{p} | {line}: price a week | GBP/week | ={self._price(p, '[year]')}\n"
                         for p, line in PLACEMENT_LINES.items())  # fmt: skip
        self._prices = self._sheet.rows(prices, {})
        self._nothing = self._spending(caseload.nothing, (), "Do nothing")
        self._split.section("One whole contract step")
        steps = "".join(
            f"{p} ? cashable.contract_step_{p} | {line}: a year of one step | GBP "
            f"| =cashable.contract_step_{p}*{self._price(p, '[year_no]')}*weeks_per_year{self._ours(line)}\n"
            for p, line in PLACEMENT_LINES.items()
        )
        self._steps = {PLACEMENT_LINES[p]: row for p, row in self._split.rows(steps, {}).items()}

    def _price(self, placement: str, year: str) -> str:
        growth = self._book.optional(portfolio.PRICE_GROWTH_OF[placement], f"{portfolio.PRICE_GROWTH}?0")
        return f"price.{placement}_weekly?0*(1+{growth})^({year}-1)"

    def _ours(self, line: str) -> str:
        return f"*(1-{self._partners[line]})" if line in self._partners else ""

    def _spending(self, world: World, acting: Sequence[str], title: str) -> dict[str, Row]:
        """`placement_spending` and `Evaluation.spending`: price x children x time, own homes, and events."""
        self._sheet.section(title)
        add, weekly = self._sheet.add, self._book.shared["weekly"]
        mean = {
            p: add(f"{line}: children on average", "children", f"=AVERAGE({world.outs[i]:prev},{world.outs[i]})")
            for i, (p, line) in enumerate(PLACEMENT_LINES.items())
        }
        beds, running = ([names[key] for n, names in self._homes.items() if n in acting] for key in ("beds", "running"))
        lines: dict[str, list[str]] = {}
        for p, line in PLACEMENT_LINES.items():
            bought = f"{mean[p]}"
            if p == PLACEMENTS[RESIDENTIAL] and beds:
                bought = f"({bought}-MIN({total(beds)},{bought}))"
            left = "".join(f"*{row}" for n, (at, row) in self._left.items() if n in acting and at == p)
            lines[line] = [f"{bought}*{self._prices[p]}*{weekly}{left}"]
        if self._homes:
            lines[HOMES] = [total(running)]
        for n, costs in self._per_child.items():
            at = self._work.case.scheme(n).placement
            for line, *each in costs:
                lines.setdefault(line, []).append(f"{each[n in acting]}*({total([mean[at]] if at else mean.values())})")
        for line, count, cost in (
            (portfolio.ENTRY_LINE, world.outs[ENTERED], "cost.entry"),
            (portfolio.EXIT_LINE, world.outs[UNDER_18], "cost.exit_under_18"),
            (portfolio.EIGHTEEN_LINE, world.outs[AT_18], "cost.exit_at_18"),
            (portfolio.SUPPORT_LINE, world.kept, "cost.diverted_child"),
        ):
            lines[line] = [f"{count}*{self._book.optional(cost)}" if count else "0"]
        return {line: add(line, "GBP", f"={'+'.join(parts)}") for line, parts in lines.items()}

    def _budget(self, line: str, *, caseload: bool) -> Row | None:
        """Return the approved budget of a line, written once: one of the caseload may follow its opening children."""
        if (line, caseload) not in self._budgets:
            opening, growth, at = "0", "0", [p for p, own in PLACEMENT_LINES.items() if own == line]
            if caseload:
                growth = self._book.optional("cashable.budget_growth_real_annual")
            if caseload and self._caseload and at:
                children = self._caseload.nothing.outs[PLACEMENTS.index(at[0])]
                weekly = self._book.optional(f"price.{at[0]}_weekly")
                opening = f"{children:open}*{weekly}*weeks_per_year{self._ours(line)}"
            self._budgets[line, caseload] = write_budget(self._book, self._work.case, line, opening, growth)
        return self._budgets[line, caseload]

    def meeting(self, names: Sequence[str]) -> list[str]:
        """`Evaluation.meeting`: which of some schemes change the children or what these cost."""
        acting = self._caseload.acting if self._caseload else ()
        return [n for n in names if n in acting or n in self._homes or n in self._left or self._per_child.get(n)]

    def saved(self, names: Sequence[str], title: str) -> Saved:
        """`Evaluation.saving`: what some schemes together save on the caseload's lines, by nature."""
        acting = self.meeting(names)
        if not acting or self._caseload is None:
            return {}
        if frozenset(acting) not in self._made:
            after = self._spending(self._caseload.world(acting), acting, title)
            lines = [Spent(line=line, before=row, after=after[line]) for line, row in self._nothing.items()]
            self._made[frozenset(acting)] = self.split(lines, title, caseload=True)
        return self._made[frozenset(acting)]

    def split(self, lines: Sequence[Spent], title: str, *, caseload: bool) -> Saved:
        """`cashability.split_saving`: shares by financial year, then applied month by month."""
        yearly, monthly = self._split, self._sheet
        yearly.section(title)
        years: list[Names] = []
        for s in lines:
            kept = f"=({s.before}{f'-{s.after}' if s.after else ''}){self._ours(s.line)}"
            saved = monthly.add(f"{title}: saved, {s.line}", "GBP", kept)
            held = self._budget(s.line, caseload=caseload) if s.purse == words.GENERAL_FUND else None
            step = self._steps.get(s.line) if caseload else None
            names = {
                "saved": saved,
                "spent": s.before,
                "held": held or "0",
                "ours": self._ours(s.line),
                "step": step or "0",
            }
            years.append(names | yearly.rows(BELOW, names, called=s.line))
        below: dict[str, str] = {
            "cash": total(made["steps"] for made in years),
            "positive": "+".join(f"MAX({made['gross']},0)" for made in years),
        }
        common = yearly.rows(COMMON, below)
        found: Saved = {}
        for s, made in zip(lines, years, strict=True):
            share = yearly.rows(PART, made | common, called=s.line)
            natures = monthly.rows(SPLIT, made | share, called=f"{title}: {s.line}")
            for nature, row in zip((words.CASHABLE, words.AVOIDANCE), natures.values(), strict=True):
                found[Tag(s.line, nature, words.RECURRING, s.purse)] = row
            if s.line in self._partners:
                formula = f"=({s.before}-{s.after})*{self._partners[s.line]}"
                theirs = monthly.add(f"{title}: partner's, {s.line}", "GBP", formula)
                found[Tag(s.line, words.AVOIDANCE, words.RECURRING, words.PARTNER)] = theirs
        return found


def write_lines(work: Work, money: Money) -> None:
    """Fill `work.lines`: each scheme alone (`Evaluation.standalone`), and each perimeter's interaction."""
    for spec in work.case.active_schemes:
        found = list(money.saved([spec.name], spec.title).items())
        if work.spent[spec.name]:
            found += money.split(work.spent[spec.name], f"{spec.title}, its own lines", caseload=False).items()
        for tag, row in found:
            work.lines[spec.name, tag].append(row)
    for perimeter, members in portfolio.members_of(work.case).items():
        meeting = money.meeting(members)
        if len(meeting) > 1:
            _interaction(work, money, perimeter, meeting)


def _interaction(work: Work, money: Money, perimeter: str, meeting: Sequence[str]) -> None:
    """`portfolio._as_interaction`: together less apart, by nature and purse."""
    parts: dict[tuple[str, str], str] = defaultdict(str)
    worlds = [("+", money.saved(meeting, " and ".join(meeting))), *(("-", money.saved([n], n)) for n in meeting)]
    for sign, saved in worlds:
        for tag, row in saved.items():
            parts[tag.nature, tag.funding] += f"{sign}{row}"
    for (nature, purse), formula in parts.items():
        row = work.sheet.add(f"Interaction in {perimeter}: {nature}, {purse}", "GBP", f"={formula.removeprefix('+')}")
        tag = Tag(words.INTERACTION, nature, words.RECURRING, purse)
        work.lines[f"{words.INTERACTION}:{perimeter}", tag].append(row)
