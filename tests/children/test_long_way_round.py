"""A known law played child by child in plain Python, written another way, against the engine's expected numbers.

Events are proposed at one rate above every rate of the law and kept by chance (thinning), so that no boundary of age or
of time in care is ever looked for.
"""

import math
import random
from itertools import pairwise

import numpy as np
import pytest

from model.case.parameters import AGES
from model.children.expected import project
from model.children.law import Law
from tests.children.known import FAMILY, HOMES, IFA, IN_HOUSE, A, C, P, children_of, drivers

STARTS = (0, 12, 60, 96, 120, 192, 216)
MOST = 0.4  # a month: more than any child of this law leaves and moves
LOOKS = (12, 24, 36)
ENTRIES = {("under_1", FAMILY): 5000, ("5_7", IFA): 3000, ("10_15", HOMES): 9000, ("16_17", HOMES): 6000}
OPENING = {(3, 2, FAMILY): 4000, (90, 4, IFA): 5000, (118, 30, IN_HOUSE): 5000, (170, 20, HOMES): 6000,
           (195, 10, HOMES): 5000}  # fmt: skip
MOVES = {IN_HOUSE: {IFA: 0.02}, IFA: {IN_HOUSE: 0.05, HOMES: 0.03}, FAMILY: {IFA: 0.01}, HOMES: {IFA: 0.04}}


def leaving(age, care, placement):
    """The rate a month at which a child leaves: higher for the youngest, the newest and those with their family."""
    by_age = 0.06 if age < 12 else 0.03 if age < 120 else 0.02 if age < 192 else 0.05
    by_care = 3.0 if care < 6 else 1.5 if care < 12 else 1.0 if care < 24 else 0.5
    return by_age * by_care * (1.5 if placement == FAMILY else 1.0)


def moving(age, placement):
    """Rates of moving, twice as high from ten on."""
    return {to: rate * (2 if age >= 120 else 1) for to, rate in MOVES.get(placement, {}).items()}


def one_child(dice, time, age, care, placement):
    """Live one child; say where it is at each look: (look, band of age, placement)."""
    seen, looks = [], [look for look in LOOKS if look > time]
    while True:
        wait = dice.expovariate(MOST)
        while looks and looks[0] <= time + wait and age + looks[0] - time < 216:
            band = sum(age + looks[0] - time >= start for start in STARTS[1:])
            seen.append((looks.pop(0), band, placement))
        time, age, care = time + wait, age + wait, care + wait
        if not looks or age >= 216:
            return seen
        dart = dice.random() * MOST - leaving(age, care, placement)
        if dart < 0:
            return seen
        for to, rate in moving(age, placement).items():
            if 0 <= dart < rate:
                placement = to
                break
            dart -= rate


def by_hand():
    """Children counted at each look, by band and placement; entrants come at even distances in time."""
    dice, found = random.Random(20), np.zeros((len(LOOKS), A, P))  # noqa: S311 - nothing secret
    for (month, care, placement), number in OPENING.items():
        for _ in range(number):
            start = 0.0, month + dice.random(), care + dice.random(), placement
            for look, band, where in one_child(dice, *start):
                found[LOOKS.index(look), band, where] += 1
    for (band, placement), yearly in ENTRIES.items():
        low, high = STARTS[AGES.index(band)], STARTS[AGES.index(band) + 1]
        for i in range(3 * yearly):
            start = (i + dice.random()) * 12 / yearly, low + dice.random() * (high - low), 0.0, placement
            for look, there, where in one_child(dice, *start):
                found[LOOKS.index(look), there, where] += 1
    return found


def by_the_engine():
    leave, move = np.zeros((A, C, P)), np.zeros((A, P, P))
    for band, age in enumerate(STARTS[:-1]):
        for placement in range(P):
            leave[band, :, placement] = [leaving(age, care, placement) for care in (0, 6, 12, 24)]
            for to, rate in moving(age, placement).items():
                move[band, placement, to] = rate
    stream = children_of(Law(leaving=leave, moving=move), opening=OPENING, entries=ENTRIES)
    return project(stream, drivers()).projection.cells["stock"][list(LOOKS)]


def test_a_known_law_lived_child_by_child_gives_the_same_children_in_every_age_and_placement():
    mine, theirs = by_hand(), by_the_engine()
    assert mine.sum() > 60_000
    for i, look in enumerate(LOOKS):
        assert abs(mine[i].sum() - theirs[i].sum()) < max(0.005 * theirs[i].sum(), 3 * math.sqrt(theirs[i].sum())), look
    assert mine.sum() == pytest.approx(theirs.sum(), rel=0.005)
    several = theirs > 20
    apart = np.abs(mine - theirs)[several]
    allowed = np.maximum(0.005 * theirs, 4 * np.sqrt(theirs))[several]
    assert (apart <= allowed).all(), (apart / np.sqrt(theirs[several])).max()
    assert mine[~several].sum() == pytest.approx(theirs[~several].sum(), abs=5 * math.sqrt(1 + theirs[~several].sum()))


def test_no_rate_of_the_known_law_is_above_the_one_at_which_events_are_proposed():
    highest = [leaving(age, 0, p) + sum(moving(age, p).values()) for age, _ in pairwise(STARTS) for p in range(P)]
    assert max(highest) < MOST
