"""Children by placement, month by month, in the do-nothing world and in each world of schemes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from model.case.draws import central
from model.case.parameters import PLACEMENT_LINES, PLACEMENTS
from model.case.records import Case
from model.children.law import IFA, IN_HOUSE, Floats
from model.children.points import OUT
from model.children.streams import Streams
from model.excel.behind import ALL_STAYS, SHORT, Behind, Kept, behind, kept_at_home
from model.excel.grid import FIRST, Book, Cell, Row, total
from model.excel.inputs import EXITS
from model.excel.schemes import Levers, Reduction
from model.money.portfolio import evaluate
from model.schemes.base import rate_a_month

OUTS: Final = (*PLACEMENT_LINES.values(), "Entries", "Exits before 18", "Exits at 18")
KEPT: Final = "Children kept at home"
BY_STAY: Final = """
natural | short stays among its entries | share | !IF(([all])>0,([short])/([all]),0)
more | short stays prevented, against all | ratio | !IF([natural:const]>0,[stated]/[natural:const],1)
fewer | other stays prevented, against all | ratio | !IF([natural:const]<1,(1-[stated])/(1-[natural:const]),1)
"""
"""`short.tilts_by_stay`."""
MOVED: Final = """
staying | Moved before and still there | children | =SUMPRODUCT([shares:prev],[there])
arrivals | Came to an agency this month | children | =INDEX([there],[t]+1)
others | Others with an agency | children | =MAX(SUM([there])-[arrivals]-[staying],0)
gap | Places to fill (minus: closed) | children | =[filled]-[staying]
started | Moved on coming | children | =IF(.inflow_limited>0,MIN(MAX([gap],0),.transferring_share*[arrivals]),0)
moved | Moved from an agency's home at once | children | =IF(.inflow_limited>0,0,MIN(MAX([gap],0),[others]+[arrivals]))
starts | Share of those who come | share | =IF([arrivals]>0,[started]/[arrivals],0)
stock | Share of all others | share | =IF([others]+[arrivals]>0,[moved]/([others]+[arrivals]),0)
back | Share of the moved who go back | share | =IF([staying]>0,MAX(-[gap],0)/[staying],0)
children | Children in the new places | children | =[staying]+[started]+[moved]-MAX(-[gap],0) | 0
"""
"""`places.fill`."""


@dataclass(frozen=True, kw_only=True)
class World:
    """A world's rows: `outs` placements, entries, exits before 18 and at 18; `kept` children kept at home.

    `frozen`: Python worked it out, and no row of it moves with the inputs.
    """

    outs: tuple[Row, ...]
    kept: Row | None
    frozen: bool = False


class Caseload:
    """Writes the pasted tables and the worlds, each once."""

    def __init__(self, book: Book, case: Case, levers: Levers, streams: Streams) -> None:
        """Work out and paste what children leave behind, then write the do-nothing world."""
        self._book, self._case, self._levers, self._time = book, case, levers, book.time
        self._months, self._exits = case.timeline.months, self._value(EXITS, 1.0)
        aims = {
            r.name: (r.ages, float(rate_a_month(np.array([self._value(f"{r.name}.fade_annual", 0.0)]))[0]))
            for r in levers.reductions.values()
        }
        self._stated = {n: f"{n}.short_stay_share" for n in aims if f"{n}.short_stay_share" in case.assumptions}
        moves = len(levers.places) > 0
        self._kinds = kept_at_home(
            streams.general, self._exits, self._months, aims, short=bool(self._stated), moves=moves
        )
        tables = behind(streams.general, self._exits, self._months, moves=moves)
        self._pasted = book.sheet("Children tables", book.months)
        self._pasted.title(
            "Children tables: pasted from Python",
            "How long children stay is fitted to the council's figures in Python; change it there and make this again.",
            "Rows of one entrant run backwards: the last column is the month of entry, the one before it the next, "
            "so that a row of entrants and its row here multiply cell by cell.",
        )
        self._sheet = book.sheet("Children", book.months)
        self._sheet.title(
            "Children at each month's end, and who enters and leaves",
            "Opening children still there, plus entries, less prevented, plus returned, each times what one entrant "
            "leaves behind.",
        )
        self.nothing, self._one = self._do_nothing("Do nothing", tables)
        self._responses = [self._paste_kept(out) for out in range(OUT)] if self._kinds else []
        self._shares: dict[tuple[str, int], tuple[Row, Row, Row]] = {}
        for reduction in levers.reductions.values():
            self._prevented(reduction)
        if moves:
            self._paste_stays(tables)
        self.unaccompanied: World | None = None
        if streams.uasc.opening.any() or streams.uasc.entries_annual.any():
            own = behind(streams.uasc, self._exits, self._months, moves=False)
            self.unaccompanied, _ = self._do_nothing("Unaccompanied children, in every world", own)
        self.worlds: dict[tuple[str, ...], World] = {(): self.nothing}

    def _value(self, name: str, neutral: float) -> float:
        return self._case.assumptions[name].value if name in self._case.assumptions else neutral

    def _do_nothing(self, title: str, tables: Behind) -> tuple[World, Row]:
        """`points.project_points` without levers: opening + entrants a month x what one leaves behind.

        Returned with the row whose constant holds the entrants a year.
        """
        paste = self._pasted
        paste.section(f"{title}: entrants, and what one average entrant leaves behind", "backwards")
        one = paste.add("Entrants a year, all ages and placements", "children/year", const=tables.entrants,
                        style="pasted")  # fmt: skip
        entrant = [paste.add(name, "children", tables.entrant[::-1, i], style="pasted") for i, name in enumerate(OUTS)]
        paste.section(f"{title}: opening children still there, and those of them who leave")
        first = [*map(float, tables.first), 0.0, 0.0, 0.0]
        opening = [
            paste.add(name, "children", tables.opening[:, i], before=first[i], style="pasted")
            for i, name in enumerate(OUTS)
        ]
        self._sheet.section(title)
        outs = (
            self._sheet.add(
                name, "children", f"={still}+{one:const}/months_a_year*{self._folded(self._time['scale'], leaves)}",
                before=f"={still:open}",
            )
            for name, still, leaves in zip(OUTS, opening, entrant, strict=True)
        )  # fmt: skip
        return World(kept=None, outs=tuple(outs)), one

    def _folded(self, who: Row, table: Row) -> str:
        """Return the sum over months so far of who came x what they leave behind now (`points._convolved`)."""
        window = f"INDEX({table:all},1,months-{self._time['t']}+1):INDEX({table:all},ROWS({table:all}),months)"
        return f"SUMPRODUCT({who:upto},{window})"

    def _paste_kept(self, out: int) -> Row:
        self._pasted.section(
            f"What one child kept at home adds to: {OUTS[out]}", "backwards; minus: they are not there"
        )
        rows = [
            self._pasted.add(_label(kept), "children", kept.stock[::-1, out], const=kept.entrants, style="pasted")
            for kept in self._kinds
        ]
        return self._pasted.block(rows[0])

    def _entrants(self, kept: Kept) -> str:
        """Return the cell of the entrants a year of a kind, beside its response."""
        return f"{self._responses[0][self._kinds.index(kept)]:const}"

    def _prevented(self, reduction: Reduction) -> None:
        """`levers.shares_prevented` and `short.by_stay`: the share prevented of all entries, of short stays, of others.

        Twice the weight is twice the share; the number prevented stays the rate's.
        """
        n, sheet = reduction.name, self._sheet
        sheet.section(f"{n}: which entries are prevented")
        mine = {stays: [k for k in self._kinds if k.scheme == n and k.stays == stays] for stays in (ALL_STAYS, SHORT)}
        weight = {
            p: self._book.optional(f"{n}.weight_{PLACEMENTS[p]}", "1") for p in {k.placement for k in self._kinds}
        }
        short, usual = ("+".join(f"{self._entrants(k)}*{weight[k.placement]}" for k in some) or "0"
                        for some in (mine[SHORT], mine[ALL_STAYS]))  # fmt: skip
        aimed = "+".join(f"{self._entrants(k)}*IF({weight[k.placement]}>0,1,0)" for k in mine[ALL_STAYS]) or "0"
        names: dict[str, Any] = {"rate": reduction.rate, "short": short, "all": usual, "aimed": aimed}
        listing = "level | level that keeps the number prevented | ratio | !IF(([all])>0,([aimed])/([all]),0)"
        names |= sheet.rows(listing, names, who=n)
        if n in self._stated:
            names |= sheet.rows(BY_STAY, {**names, "stated": self._stated[n]}, who=n)
        for p in sorted({k.placement for k in mine[ALL_STAYS]}):
            names["weight"] = weight[p]
            all_of = f"row | prevented of those to {PLACEMENTS[p]} | share | =MIN([rate]*[weight]*[level:const],1)"
            whole = sheet.rows(all_of, names, who=n)["row"]
            self._shares[n, p] = (whole, whole, whole)
            if n in self._stated:
                some = (
                    sheet.rows(f"row | prevented of {what} stays | share | =MIN([whole]*[{key}:const],1)",
                               {**names, "whole": whole}, who=n)["row"]
                    for what, key in (("short", "more"), ("other", "fewer"))
                )  # fmt: skip
                self._shares[n, p] = (whole, next(some), next(some))

    def world(self, names: Sequence[str]) -> World:
        """Return the world of some schemes: written once, live wherever the sheets can follow it."""
        acting = tuple(n for n in self._levers.acting if n in names)
        if acting not in self.worlds:
            title = f"With {' and '.join(acting)}"
            self._sheet.section(title)
            filling = [n for n in self._levers.places if n in acting]
            frozen = len(filling) > 1 or bool(self._levers.sooner & set(acting))
            self.worlds[acting] = self._frozen(acting) if frozen else self._live(acting, filling, title)
        return self.worlds[acting]

    def _frozen(self, acting: Sequence[str]) -> World:
        """Paste a world in which stays depend on the month, or two schemes fill places: only Python can work it out."""
        middle = evaluate(self._case, central(self._case), cells=False)
        world = middle.world(acting)
        counts = [*np.moveaxis(world.stock[1:, :, 0], 1, 0), world.entries[:, 0], world.exits_under_18[:, 0],
                  world.exits_at_18[:, 0]]  # fmt: skip
        outs = (
            self._sheet.add(name, "children", count, before=f"={same:open}", style="pasted")
            for name, count, same in zip(OUTS, counts, self.nothing.outs, strict=True)
        )
        kept = self._sheet.add(KEPT, "children", world.diverted[:, 0], style="pasted")
        return World(outs=tuple(outs), kept=kept, frozen=True)

    def _live(self, acting: Sequence[str], filling: Sequence[str], title: str) -> World:
        """`points.project_points`, and `places.filling` child for child."""
        flows = self._flows(acting) if any(n in self._levers.reductions for n in acting) else None
        more = [f"+{self._folded(flows, response)}" for response in self._responses] if flows else [""] * OUT
        outs = [
            self._sheet.add(name, "children", f"={same}" + more[i], before=f"={same:open}")
            for i, (name, same) in enumerate(zip(OUTS, self.nothing.outs, strict=True))
        ]
        kept = self._sheet.add(KEPT, "children", f"=SUM({flows})") if flows else None
        for name in filling:
            moved = self._moved(name, flows, title)
            for i, sign in ((IN_HOUSE, "+"), (IFA, "-")):
                outs[i] = self._sheet.add(f"{OUTS[i]}, with those moved", "children", f"={outs[i]}{sign}{moved}",
                                          before=f"={self.nothing.outs[i]:open}")  # fmt: skip
        return World(outs=tuple(outs), kept=kept)

    def _flows(self, acting: Sequence[str]) -> Row:
        """`points._kept_at_home`: effects combine as (1 - e1)(1 - e2), and those kept are shared out by effect."""
        rows = [
            self._sheet.add(f"Kept at home by {_label(kept)}", "children", f"={self._flow(kept, acting)}")
            for kept in self._kinds
        ]
        return self._sheet.block(rows[0])

    def _flow(self, kept: Kept, acting: Sequence[str]) -> str:
        if kept.scheme not in acting:
            return "0"
        together = (kept.scheme, *(other for other in kept.others if other in acting))
        shares = [self._shares[n, kept.placement] for n in together]
        brief, others = (f"(1-{'*'.join(f'(1-{share[i]})' for share in shares)})" for i in (1, 2))
        whole = total(share[0] for share in shares)
        part = f"*IF({whole}>0,{shares[0][0]}/({whole}),0)" if len(shares) > 1 else ""
        prevented = f"({brief}-{others})" if kept.stays == SHORT else others
        return f"{self._time['scale']}*{self._entrants(kept)}/months_a_year*{prevented}{part}"

    def _paste_stays(self, tables: Behind) -> None:
        """Paste children with an agency by when they came there: how long one more of them stays."""
        stays = self._book.sheet("Agency stays", self._book.months)
        stays.title(
            "Agency stays: pasted from Python",
            "How many children who came to an agency's homes in one month are still there later; a child who moves to "
            "a council's home keeps the stay it would have had.",
        )

        def pasted(label: str, since: Floats, first: int, step: int) -> None:
            row = stays.add(label, "children")
            for i, number in enumerate(since):
                stays.put(
                    row.first, FIRST + first + i * step, Cell(content=float(number), style="pasted", kind="factor")
                )

        stays.section("Opening children, and those of them who come later, by the month of coming (0: there already)")
        first, last = stays.row_at(stays.at), self._months - 1
        for cohort, row in enumerate(tables.arrive_opening):
            begins = max(cohort - 1, 0)
            pasted(f"Came in month {cohort}", row[: self._months - begins], begins, 1)
        self._stay_opening = stays.block(first)
        stays.section("One average entrant, still there so many months after coming", "backwards")
        first = stays.row_at(stays.at)
        for later in range(self._months):
            pasted(f"{later} months after coming", tables.arrive_entrant[: self._months - later, later], last, -1)
        self._stay_entrant = stays.block(first)
        stays.section("One child kept at home, the same", "backwards; a row for each kind of child, month after month")
        first = stays.row_at(stays.at)
        for later in range(self._months):
            for kept in self._kinds:
                pasted(
                    f"{later} months after coming: {_label(kept)}",
                    kept.arrives[: self._months - later, later],
                    last,
                    -1,
                )
        self._stay_kept = stays.block(first)

    def _moved(self, name: str, flows: Row | None, title: str) -> Row:
        """Write how new places fill (`places.fill`), each cohort of agency children by itself; return children moved.

        All children who came to an agency in one month have been moved in the same share, whatever their ages.
        """
        number = sum(sheet.startswith("Moved") for sheet in self._book.sheets) + 1
        sheet, t, cohorts = self._book.sheet(f"Moved {number}", self._book.months), self._time["t"], self._months + 1
        sheet.title(
            f"Children who move to the council's new foster places. {title}",
            "Each row holds the agency children who came in one month: "
            "how many are still there, and what share of them has been moved.",
        )
        sheet.section("Children with an agency, by the month in which they came")
        there = Row(sheet.name, sheet.at, sheet.at + self._months)
        for cohort in range(cohorts):
            formula = f"=IF({t}<{there[cohort]:const},0,{self._still_there(cohort, there[cohort], flows)})"
            sheet.add(f"Came in month {cohort}", "children", formula, const=float(cohort))
        sheet.section("How the places fill")
        below = sheet.at + len(MOVED.strip().splitlines()) + 2  # the shares moved, beneath their own heading
        names: dict[str, Any] = {
            "there": there, "filled": self._levers.places[name], "shares": Row(sheet.name, below, below + self._months),
        }  # fmt: skip
        made = sheet.rows(MOVED, names, who=name, called=title)
        sheet.section("Share moved of those who came in each month")
        for cohort in range(cohorts):
            now = sheet.row_at(sheet.at)
            on = f"{now:prev}*(1-{made['back']})+{made['stock']}*(1-{now:prev})"
            came = f"IF({t}={now:const},{made['starts']}+{made['stock']},{on})"
            sheet.add(
                f"Came in month {cohort}", "share", f"=IF({t}<{now:const},0,{came})", const=float(cohort), before=0.0
            )
        return made["children"]

    def _still_there(self, cohort: int, row: Row, flows: Row | None) -> str:
        """Return who came in a month and is still there: opening children, entrants, less those kept at home."""
        own = f"{self._stay_opening[cohort]}"
        if not cohort:
            return own
        later, lag = f"{self._time['t']}-{row:const}", f"months-{row:const}+1"
        scale, stays = self._time["scale"], self._stay_entrant
        come = f"INDEX({scale:all},1,1):INDEX({scale:all},1,{row:const})"
        window = f"INDEX({stays:all},{later}+1,{lag}):INDEX({stays:all},{later}+1,months)"
        own += f"+{self._one:const}/months_a_year*SUMPRODUCT({come},{window})"
        if flows:
            stays = self._stay_kept
            kept = f"INDEX({flows:all},1,1):INDEX({flows:all},ROWS({flows:all}),{row:const})"
            window = (f"INDEX({stays:all},({later})*ROWS({flows:all})+1,{lag})"
                      f":INDEX({stays:all},({later}+1)*ROWS({flows:all}),months)")  # fmt: skip
            own += f"+SUMPRODUCT({kept},{window})"
        return own


def _label(kept: Kept) -> str:
    also = f", also aimed at by {' and '.join(kept.others)}" if kept.others else ""
    return f"{kept.scheme}: {PLACEMENTS[kept.placement]}{also}{' (short stays)' if kept.stays == SHORT else ''}"
