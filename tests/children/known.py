"""Caseloads whose answers are known, and levers to pull on them, for the engine's tests."""

from dataclasses import replace

import numpy as np

from model.case.parameters import AGES, PLACEMENTS
from model.case.rows import CaseloadRow
from model.children.calibration import LeftWithin, stream_from_rows
from model.children.chance import dealt, play
from model.children.expected import project
from model.children.law import CARE_STARTS, EIGHTEEN, LONGEST, Law
from model.children.levers import NO_LEVERS, Chance, Drivers, EntryReduction, FosterPlaces, Levers, SoonerOut
from model.children.opening import Stream

A, C, P, MONTHS = len(AGES), len(CARE_STARTS), len(PLACEMENTS), 36
IN_HOUSE, IFA, FAMILY, HOMES = range(4)
INPUT_AGES = ("under_1", "1_4", "5_9", "10_15", "16_17")


def row(age, placement, *numbers, moves=None, **named):
    """A row of `caseload.csv`: children, entries a year, exits a year."""
    stated = dict(zip(("children", "entries", "exits"), numbers, strict=False)) | named
    children, entries, exits = (None if stated.get(n) is None else float(stated[n])
                                for n in ("children", "entries", "exits"))  # fmt: skip
    return CaseloadRow(age_band=age, placement=placement, stream="general", children=children, entries_annual=entries,
                       exits_annual=exits, moves_annual=moves or {})  # fmt: skip


MARGINS = [
    row("under_1", "all", 20, 24, 5), row("1_4", "all", 64, 15, 26), row("5_9", "all", 65, 19, 17),
    row("10_15", "all", 134, 27, 13), row("16_17", "all", 68, 18, 8), row("18", "all", exits=32),
    row("all", "in_house_foster", 80), row("all", "ifa_foster", 86), row("all", "family_and_friends", 75),
    row("all", "residential", 28), row("all", "supported_accommodation", 24), row("all", "parents", 41),
    row("all", "adoption", 4), row("all", "other", 13),
]  # fmt: skip
SEED = {(age, "supported_accommodation"): 0.0 for age in INPUT_AGES[:-1]}
LEFT = LeftWithin(shares=(0.22, 0.32, 0.46))


def published(rows=MARGINS, left=LEFT, seed=SEED):
    """The stream that published margins make."""
    return stream_from_rows(rows, seed=seed, share_8_9=0.4, left=left)


def small():
    """A ninth of it, everybody on the move, entrants of no even age: 39 children, so that many draws are cheap."""
    whole = published([*MARGINS, row("all", "ifa_foster", moves={"residential": 9.0, "in_house_foster": 6.0})])
    young = (0.8, 0.5, 0.4, 0.5, 0.3, 0.7)
    return replace(whole, opening=whole.opening / 9, entries_annual=whole.entries_annual / 9, younger=young)


def one_law(leaving=0.0, moves=None):
    """A law of one rate of leaving, and some rates of moving: (from, to) -> rate a month."""
    moving = np.zeros((A, P, P))
    for (source, to), rate in (moves or {}).items():
        moving[:, source, to] = rate
    return Law(leaving=np.full((A, C, P), leaving), moving=moving)


def children_of(law, opening=None, entries=None):
    """A stream by hand: opening (months of age, whole months in care, placement) -> children, entries a year."""
    there, coming = np.zeros((EIGHTEEN, LONGEST + 1, P)), np.zeros((A, P))
    for (age, care, placement), number in (opening or {}).items():
        there[age, min(care + 1, LONGEST), placement] = number
    for (band, placement), number in (entries or {}).items():
        coming[AGES.index(band), placement] = number
    return Stream(opening=there, entries_annual=coming, law=law)


def drivers(*, draws=1, months=MONTHS, entries=1.0, exits=1.0, seed=None, first=0):
    chance = None if seed is None else Chance(seed=seed, stream="general", first=first)
    return Drivers(entry_scale=np.full((months, draws), entries), exit_scale=np.full(draws, exits), chance=chance)


def reduction(rate, *, name="edge", ages=("8_9", "10_15", "16_17"), fade=0.0, draws=1, weights=None, short=np.nan):
    aimed = np.array([age in ages for age in AGES], float)[:, None, None] * np.ones((A, P, draws))
    tilt = np.ones(P) if weights is None else np.array([weights.get(p, 1.0) for p in PLACEMENTS])
    return EntryReduction(name=name, rate=np.full((MONTHS, draws), rate), weights=aimed * tilt[:, None],
                          fade=np.full(draws, fade), short_share=np.full(draws, short))  # fmt: skip


def places(filled, *, name="fostering", share=1.0, limited=1.0, draws=1):
    path = np.broadcast_to(np.asarray(filled, float), (MONTHS,))[:, None] * np.ones(draws)
    return FosterPlaces(name=name, filled=path, transferring_share=np.full(draws, share),
                        inflow_limited=np.full(draws, limited))  # fmt: skip


def sooner(rate, source, to, *, name="home", ages=AGES, draws=1, begins=6):
    path = np.full((MONTHS, draws), rate)
    path[:begins] = 0.0
    return SoonerOut(name=name, rate=path, ages=np.array([a in ages for a in AGES]), source=source, to=to)


def everything(homes, n):
    return Levers(
        reductions=(reduction(0.4, fade=0.05, draws=n), reduction(0.3, name="groups", ages=AGES, draws=n)),
        places=(homes,),
        sooner=(sooner(0.06, HOMES, IFA, name="down", draws=n), sooner(0.03, IFA, None, draws=n)),
    )


RISING = np.linspace(0.0, 4.0, MONTHS)
CLOSING = np.where(np.arange(MONTHS) < 18, RISING, 1.0)
WORLDS = {
    "nothing": lambda _: NO_LEVERS,
    "reductions that fade": lambda n: Levers(
        reductions=(reduction(0.4, fade=0.05, draws=n), reduction(0.3, name="groups", ages=AGES, fade=0.01, draws=n))
    ),
    "places limited by starts": lambda n: Levers(places=(places(RISING, share=0.6, draws=n),)),
    "places that close": lambda n: Levers(places=(places(CLOSING, draws=n),)),
    "places filled from stock": lambda n: Levers(places=(places(CLOSING, limited=0.0, draws=n),)),
    "sooner to a family": lambda n: Levers(sooner=(sooner(0.06, HOMES, IFA, ages=AGES[3:], draws=n),)),
    "sooner home": lambda n: Levers(sooner=(sooner(0.03, IFA, None, draws=n),)),
    "two kinds of places": lambda n: Levers(
        places=(places(RISING, draws=n), places(RISING / 2, name="carers", draws=n))
    ),
    "all together, places limited": lambda n: everything(places(CLOSING, draws=n), n),
    "all together, places from stock": lambda n: everything(places(CLOSING, limited=0.0, draws=n), n),
}  # fmt: skip


def by_chance(stream, moved, levers):
    """The world of some levers on children dealt one at a time."""
    first = np.zeros(1, dtype=int)
    guides = project(stream, moved.at(first), levers.at(first), cells=False).guides
    return play(dealt(stream, moved, cells=True), levers, guides)


def unconserved(world):
    """The most children that any cell gains or loses in a month without a flow that says so."""
    c = world.cells
    inflow = c["entry"] + c["move_in"] + c["age_in"]
    return np.abs(c["stock"][:-1] + inflow - c["exit"] - c["move_out"] - c["age_out"] - c["stock"][1:]).max()
