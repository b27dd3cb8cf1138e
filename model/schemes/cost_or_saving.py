"""Any cost or saving: once, so much a year, every day, or for each child in care; with an end and a profile.

A saving is spending on a line that is there without the scheme and not with it, and is tested against that line's
approved budget like any other. What goes with each child follows the children of the same world.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np

from model.case.draws import Floats
from model.case.parameters import PARAMETERS
from model.case.timeline import MONTHS_A_YEAR
from model.case.words import COST_OR_SAVING, INVESTMENT, ONE_OFF, RECURRING
from model.schemes.base import Scheme, Terms
from model.schemes.cashflows import CashFlows, Tag
from model.schemes.setting import Setting

PROFILE: Final = tuple(name for name in PARAMETERS[COST_OR_SAVING] if name.startswith(("year_", "month_")))


class CostOrSaving(Scheme):
    """A licence, a rota, a grant lost, a contract that ends, transport that costs less."""

    def profile(self, setting: Setting) -> Floats:
        """Return the share of the full amount in each month, (months, draws): active x ramp x its year's or month's."""
        since = np.ceil(self.elapsed(setting)) - 1  # whole months since the start, at the start of each month
        share = np.ones(setting.shape)
        for name in PROFILE:
            full = f"{self.spec.name}.{name}"
            if full in setting.draws:
                span, number, _ = name.split("_")
                years = since // MONTHS_A_YEAR >= int(number) - 1
                share = np.where(years if span == "year" else since == int(number) - 1, setting.value(full), share)
        return share * self.ramp(setting)

    def _once(self, setting: Setting, what: str) -> Floats:
        """Return pounds in the month of the start, (months, draws)."""
        return self.of(setting, f"{what}_one_off", 0.0) * self.begins(setting)

    def fixed(self, setting: Setting) -> CashFlows:
        """Return its costs, which have a profile of their own, and what is paid once; real pounds, negative."""
        title, once = self.spec.title, self._once(setting, "cost")
        amounts = {Tag(title, INVESTMENT, RECURRING): -(self.profile(setting) * self.recurring(setting, "cost"))}
        return CashFlows(amounts | ({Tag(title, INVESTMENT, ONE_OFF): -once} if once.any() else {}))

    def spending(self, setting: Setting) -> Mapping[str, tuple[Floats, Floats]]:
        """Return the line that is saved on: what it saves is spent without the scheme."""
        saved = self.profile(setting) * self.recurring(setting, "saving") + self._once(setting, "saving")
        own = {self._line: (saved, np.zeros_like(saved))} if saved.any() else {}
        return {**super().spending(setting), **own}

    def terms(self, setting: Setting) -> Terms:
        """Return what a child costs on the line without and with the scheme, pounds a month, (months, draws)."""
        each = self.profile(setting) * setting.annual
        saving, cost = (self.of(setting, f"{w}_per_child_annual", 0.0) for w in ("saving", "cost"))
        none = np.zeros(setting.shape)
        lines = {self._line: (each * saving, none), self.spec.title: (none, each * cost)}
        return Terms(
            per_child={ln: pair for ln, pair in lines.items() if pair[0].any() or pair[1].any()}, of=self.where
        )

    @property
    def _line(self) -> str:
        return self.spec.line or f"{self.spec.title}: saving"
