"""The transferred children of one fostering lever, inside an expected world: who starts, stays, ages and leaves.

They are counted with the agency's children while the world is advanced, since theirs are those children's stays, and
put into the council's own homes at the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from model.case.parameters import AGES
from model.children.law import AGE_BAND, AGE_STARTS, EIGHTEEN, IFA, IN_HOUSE, LONGEST, Floats, Steps, older
from model.children.levers import FosterPlaces
from model.children.places import Guide, Month, fill

FEWEST: Final = 1e-300
FLOWS: Final = ("entry", "exit", "move_in", "move_out", "age_in", "age_out")


class FillingPlaces:
    """One lever's transferred children by month in care and month of age, and what happened to them month by month."""

    def __init__(self, lever: FosterPlaces, entry_scale: Floats, exit_scale: float) -> None:
        months = len(entry_scale)
        self._lever, self._entry_scale, self._exit_scale = lever, entry_scale, np.array([exit_scale])
        self.children = np.zeros((LONGEST + 1, EIGHTEEN))
        self.from_starts = np.zeros(months)
        self._offers = np.zeros((2, months))  # arrivals, others
        self._lost = np.zeros((2, months))  # rates of leaving and moving on
        self._stock = np.zeros((months + 1, len(AGES)))
        self._taken, self._sent_back = np.zeros((2, months, len(AGES)))
        self._mine, self._agency = ({f: np.zeros((months, len(AGES))) for f in FLOWS} for _ in range(2))

    def month(
        self, month: int, state: tuple[Floats, Floats, Floats], law: Steps, earlier: Sequence[FillingPlaces]
    ) -> None:
        """Advance by a month. `state`: who was in care, who of them still is, and the entrants, before all grow older.

        `earlier`: levers that fill their places first.
        """
        before, there, arrived = (part[..., IFA] for part in state)
        leaving, moving = law.leaving[law.of_age][:, law.of_care, IFA].T, law.moving[law.of_age, IFA].sum(axis=1)
        keep = np.exp(-(leaving + moving))
        spent = np.divide(1 - keep, leaving + moving, out=np.ones_like(keep), where=leaving + moving > 0)
        for flows, children in ((self._mine, self.children), (self._agency, before)):
            _ended(flows, month, children, (keep, spent * leaving, spent * moving))
        staying, fresh = older(self.children * keep), older(there - before * keep)
        fresh[1] += arrived[:EIGHTEEN]
        arrivals = fresh * (1 - sum(place.from_starts[month] for place in earlier))
        unclaimed = older(before * keep) + fresh - staying - sum(place.children for place in earlier)
        others = np.maximum(unclaimed - arrivals, 0.0)
        offer = Month(staying=_one(staying), arrivals=_one(arrivals), others=_one(others))
        starts, stock, back = (float(part[0]) for part in fill(self._lever, month, offer)[:3])
        self.from_starts[month] = starts * (1 - sum(place.from_starts[month] for place in earlier))
        self._taken[month], self._sent_back[month] = _bands(stock * (others + arrivals)), _bands(back * staying)
        self._offers[:, month] = offer.arrivals[0], offer.others[0]
        whose = self.children if self.children.any() else before  # with nobody yet, the agency's own
        self._lost[:, month] = _rates(whose, keep, spent * moving)
        self.children = staying * (1 - back) + starts * arrivals + stock * (others + arrivals)
        self._stock[month + 1] = _bands(self.children)

    def relabel(self, totals: Floats, cells: Mapping[str, Floats], agency: Mapping[str, Floats]) -> None:
        """Put the transferred children into the council's own homes, in the counts of the world they were part of.

        `agency`: the agency's flows with the transferred children still among them, (months, ages) each.
        """
        here = self._stock.sum(axis=1)
        totals[:, IN_HOUSE] += here
        totals[:, IFA] -= here
        if not cells:
            return
        cells["stock"][..., IN_HOUSE] += self._stock
        cells["stock"][..., IFA] -= self._stock
        for flow, mine in self._mine.items():
            amount = mine + self.from_starts[:, None] * (agency[flow] - self._agency[flow])
            cells[flow][..., IN_HOUSE] += amount
            cells[flow][..., IFA] -= amount
        for gained, lost, moved in ((IN_HOUSE, IFA, self._taken), (IFA, IN_HOUSE, self._sent_back)):
            cells["move_in"][..., gained] += moved
            cells["move_out"][..., lost] += moved

    def guide(self) -> Guide:
        """Return how the places filled, for draws to follow."""
        return Guide(
            entry_scale=self._entry_scale, exit_scale=self._exit_scale, arrivals=self._offers[0],
            others=self._offers[1], leaving=self._lost[0], moving=self._lost[1],
        )  # fmt: skip


def _ended(flows: Mapping[str, Floats], month: int, children: Floats, how: tuple[Floats, Floats, Floats]) -> None:
    """Count how the stays of some children went on: who left care, who moved on, who grew into the next band."""
    keep, leaving, moving = how
    there = (children * keep).sum(axis=0)
    flows["exit"][month], flows["move_out"][month] = _bands(children * leaving), _bands(children * moving)
    flows["exit"][month, -1] += there[-1]
    flows["age_out"][month, :-1] = flows["age_in"][month, 1:] = there[AGE_STARTS[1:] - 1]


def _bands(children: Floats) -> Floats:
    """Add up months in care and months of age into bands, (ages,)."""
    return np.bincount(AGE_BAND, weights=children.sum(axis=0)).astype(float)


def _one(children: Floats) -> Floats:
    return np.array([children.sum()])


def _rates(children: Floats, keep: Floats, moving: Floats) -> tuple[float, float]:
    """Return the rates a month at which children left care, birthdays among them, and moved on: what was kept of them.

    exp(-(both)) is exactly the share who stayed.
    """
    there, staying = float(children.sum()), float(older(children * keep).sum())
    if there <= 0:
        return 0.0, 0.0
    lost = -np.log(max(staying, FEWEST) / there)
    share = float((children * moving).sum()) / (there - staying) if there > staying else 0.0
    return lost * (1 - share), lost * share
