"""The Bury case worked out by long hand: lists, loops and floats, from the input files to each line of each year.

It is the assurer's copy: written from the design's words, with nothing of `model` and no numpy, one draw, slow and
plain. Children by placement and month are given (the engine's own tests hold those). What schemes cost, how many places
they fill, how many children they keep at home, and every pound are worked out here. Months count from 0; a real pound
is one at the case's price base; savings are positive.
"""

import calendar
import csv
import datetime as dt
import math
import tomllib

BANDS = {"under_1": ["under_1"], "1_4": ["1_4"], "5_9": ["5_7", "8_9"], "10_15": ["10_15"], "16_17": ["16_17"]}
LINES = {
    "in_house_foster": "In-house foster placements",
    "ifa_foster": "IFA foster placements",
    "family_and_friends": "Family and friends placements",
    "residential": "Residential placements",
    "supported_accommodation": "Supported accommodation",
    "parents": "Placed with parents",
    "adoption": "Placed for adoption",
    "other": "Other placements",
}
EVENTS = {
    "entered": ("Entering care: proceedings and placement finding", "cost.entry"),
    "left": ("Leaving care before 18", "cost.exit_under_18"),
    "left_at_18": ("Leaving care at 18", "cost.exit_at_18"),
    "diverted": ("Support for children kept at home", "cost.diverted_child"),
}


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Book:
    """The input files of one scenario, and the calendar."""

    def __init__(self, folder, scenario):
        reference = folder.parent / "reference"
        self.toml = tomllib.loads((folder / "case.toml").read_text(encoding="utf-8"))
        text = (folder / "scenarios" / f"{scenario}.toml").read_text(encoding="utf-8")
        changes = tomllib.loads(text).get("overrides", {})
        settings = self.toml["conventions"] | {
            key.removeprefix("conventions."): value for key, value in changes.items() if key.startswith("conventions.")
        }
        top, _, bottom = str(settings["weeks_per_year"]).partition("/")
        self.weeks = float(top) / float(bottom or 1)
        rates = {r["name"]: float(r["rate_annual"]) for r in rows(reference / "prices" / "discount_rates.csv")}
        self.discount = rates[settings["discount_rate"]]
        own = folder / "price_indices.csv"
        prices = rows(reference / "prices" / "price_indices.csv")
        mine = [row for row in rows(own) if row["series"] == settings["price_index"]] if own.exists() else []
        known = "9999" if settings.get("hindsight") else str(self.toml["knowledge_date"])
        self.index = read_index(mine or prices, settings["price_index"], known)
        self.price_base = self.toml["price_base"]
        self.value = {}
        for row in rows(folder / "assumptions.csv"):
            amount = float(row["value"])
            if row["price_base"]:
                amount *= self.index(self.price_base) / self.index(row["price_base"])
            self.value[row["name"]] = amount
        for name, change in changes.items():
            if name in self.value:
                self.value[name] = float(change["value"] if isinstance(change, dict) else change)
        self.establishment = rows(folder / "establishment.csv")
        self.caseload = rows(folder / "caseload.csv")
        self.budget = rows(folder / "approved_budget.csv")
        chosen = changes.get("schemes")
        self.schemes = [
            s for s in self.toml["schemes"] if (s["name"] in chosen if chosen is not None else s.get("active", True))
        ]
        self.start_of = {s["name"]: s["start"] for s in self.toml["schemes"]}
        self._calendar(self.toml["start"], 12 * self.toml["horizon_years"])

    def _calendar(self, start, months):
        self.months = range(months)
        first = [(start.year + (start.month - 1 + m) // 12, (start.month - 1 + m) % 12 + 1) for m in self.months]
        self.days = [calendar.monthrange(year, month)[1] for year, month in first]
        self.opens = [year if month >= 4 else year - 1 for year, month in first]
        self.year_names = [f"{y}/{(y + 1) % 100:02d}" for y in sorted(set(self.opens))]
        lengths = [(dt.date(y + 1, 4, 1) - dt.date(y, 4, 1)).days for y in self.opens]
        self.part_of_year = [d / n for d, n in zip(self.days, lengths, strict=True)]
        self.year = [y - self.opens[0] for y in self.opens]
        self.first = first

    def get(self, name, otherwise=None):
        return self.value[name] if otherwise is None else self.value.get(name, otherwise)

    def since(self, start, delay):
        """Months from the start (and its delay) to the end of each month."""
        begins = (start.year - self.first[0][0]) * 12 + start.month - self.first[0][1]
        assert start.day == 1, "the long hand knows only starts on the first of a month"
        return [m + 1 - begins - delay for m in self.months]

    def grown(self, name):
        """Real growth, one step each April."""
        return [(1 + self.value[name]) ** y for y in self.year]

    def yearly(self, monthly):
        total = [0.0] * len(self.year_names)
        for month in self.months:
            total[self.year[month]] += monthly[month]
        return total

    def nominal(self, year):
        return self.index(self.year_names[year]) / self.index(self.price_base)


def read_index(table, name, known):
    """Levels by year: of several rows for one year the last that was known by then."""
    level, growth, later = {}, 1.0, 0.0
    of_name = sorted((r for r in table if r["series"] == name and r["as_at"] <= known), key=lambda r: r["as_at"])
    for row in sorted({r["financial_year"]: r for r in of_name}.values(), key=lambda r: r["financial_year"]):
        if row["financial_year"] == "later":
            later = float(row["change"])
            continue
        growth *= 1 + float(row["change"] or 0)
        level[row["financial_year"]] = growth
    last = max(level)

    def at(year):
        return level.get(year) or level[last] * (1 + later) ** (int(year[:4]) - int(last[:4]))

    return at


# --- Children ---------------------------------------------------------------------------------------------------------


def entering(book, ages):
    """Children of some ages who enter in a year, as the rows of the general stream state them."""
    share = book.value["caseload.share_5_9_aged_8_9"]
    part = {"5_7": 1 - share, "8_9": share}
    mine = {r["age_band"]: r for r in book.caseload if not r["stream"] and r["placement"] == "all"}
    return sum(float(mine[band]["entries_annual"] or 0) * part.get(age, 1.0)
               for band, narrow in BANDS.items() for age in narrow if age in ages)  # fmt: skip


def level_of_entries(book, month):
    """Entries of a month over those of the first year: level x growth, one step each April."""
    growth = (1 + book.value["caseload.entries_growth_annual"]) ** book.year[month]
    return book.value["caseload.entries_multiplier"] * growth


def diverted(book, scheme):
    """How many children a team keeps at home in each month, if it is the only one."""
    wanted = entering(book, scheme["ages"]) / 12
    shares = preventing(book, scheme)
    return [wanted * level_of_entries(book, month) * shares[month] for month in book.months]


def preventing(book, scheme):
    """The share of its target entries that a team prevents, by month."""
    name, shares = scheme["name"], []
    since = book.since(scheme["start"], book.get(f"{name}.delay", 0.0))
    posts = at_work(book, name)
    wanted = entering(book, scheme["ages"]) / 12
    for month in book.months:
        open_for = min(max(since[month], 0.0), 1.0)
        ramp = book.value[f"{name}.ramp_months"]
        reached = 1.0 if ramp == 0 else min(max((since[month] - open_for / 2) / ramp, 0.0), 1.0)
        share = book.value[f"{name}.effect"] * (1 - book.value[f"{name}.deadweight"]) * reached * open_for
        share *= book.get(f"{name}.chance_of_effect", 1.0)
        if book.value[f"{name}.capacity_limited"]:
            entries = wanted * level_of_entries(book, month)
            held = book.value[f"{name}.caseworkers"] * posts[month] * book.value[f"{name}.children_per_caseworker"]
            need = entries * book.value[f"{name}.children_served_per_entry"]
            share *= min(1.0, held / book.value[f"{name}.duration_months"] / need)
        shares.append(share)
    return shares


def households(book, scheme):
    """Extra carer households, those newly approved and those who replace leavers, by month."""
    name = scheme["name"]
    since = book.since(scheme["start"], book.get(f"{name}.delay", 0.0))
    leave = 1 - (1 - book.value[f"{name}.deregistration_annual"]) ** (1 / 12)
    better = leave * (1 - book.value[f"{name}.retention_effect"])
    lag, over = book.value[f"{name}.approval_lag"], book.value[f"{name}.recruitment_months"]
    worked, now_at_work = at_work(book, name, lag), at_work(book, name)
    extra, done, path, approvals, replacing = 0.0, 0.0, [], [], []
    old = kept = book.value[f"{name}.existing_households"]
    arriving = book.value[f"{name}.existing_approvals_annual"] / 12
    for month in book.months:
        reached = min(sum(worked[: month + 1]) / over, 1.0) if over else min(max(worked[: month + 1]), 1.0)
        approved, done = book.value[f"{name}.households"] * (reached - done), reached
        approved += book.get(f"{name}.approvals_annual", 0.0) / 12 * worked[month]
        now = better if since[month] > 0 else leave
        replaced = extra * now * book.value[f"{name}.leavers_replaced_share"] * now_at_work[month]
        extra += approved + replaced - extra * now
        old, kept = old - old * leave + arriving, kept - kept * now + arriving
        path.append(extra + kept - old)
        approvals.append(approved)
        replacing.append(replaced)
    return path, approvals, replacing


def filled_places(book, scheme):
    each = book.value[f"{scheme['name']}.places_per_household"] * book.value[f"{scheme['name']}.fill_rate"]
    return [max(n, 0.0) * each for n in households(book, scheme)[0]]


# --- Money ------------------------------------------------------------------------------------------------------------


def empty_in_the_long_run(book):
    """The share of posts empty for good: as stated, or what leavers and half a round of recruiting leave, if more."""
    assert book.get("establishment.fill_probability", 1.0) == 1.0, "the long hand knows only rounds that succeed"
    leave = 1 - (1 - book.get("establishment.turnover_annual", 0.0)) ** (1 / 12)
    empty = leave * book.value["establishment.months_to_fill"] / 2
    return max(book.value["establishment.vacancy_share"], empty / (1 + empty))


def ever_filled(book, since):
    """The share of a month's post-time in posts that have been filled at least once: a straight line to full."""
    over = book.value["establishment.months_to_fill"]
    shares = []
    for months in since:
        open_for = min(max(months, 0.0), 1.0)
        middle = months - open_for / 2
        shares.append(open_for * (1.0 if not over else min(max(middle / over, 0.0), 1.0)))
    return shares


def in_post(book, since):
    """The share of new posts with somebody in them in each month."""
    return [share * (1 - empty_in_the_long_run(book)) for share in ever_filled(book, since)]


def at_work(book, name, ago=0.0):
    """The share of a scheme's new posts with somebody at work, agency staff too, some months before."""
    adds = {r["id"]: float(r["fte_proposed"]) - float(r["fte_current"]) for r in book.establishment}
    mine = [r for r in book.establishment if r["charged_to"] == name and r["recruited"] == "yes" and adds[r["id"]] > 0]
    by_id = {r["id"]: r for r in book.establishment}
    mine = [r for r in mine if not r["included_in"] or by_id[r["included_in"]]["charged_to"] != name]
    total = [0.0] * len(book.months)
    for row in mine:
        begins = dt.date.fromisoformat(row["start"]) if row["start"] else book.start_of[name]
        since = [s - ago for s in book.since(begins, book.get(f"{name}.delay", 0.0))]
        covered = empty_in_the_long_run(book) * book.get("establishment.agency_cover_share", 0.0)
        work = 1 - empty_in_the_long_run(book) + covered
        total = [t + adds[row["id"]] * work * s for t, s in zip(total, ever_filled(book, since), strict=True)]
    if not mine:
        return [min(max(s - ago, 0.0), 1.0) for s in book.since(book.start_of[name], book.get(f"{name}.delay", 0.0))]
    return [t / sum(adds[r["id"]] for r in mine) for t in total]


def unspent(book, name):
    """What the posts charged to a scheme would cost if all were paid for, less what is spent on them, by month."""
    by_id = {r["id"]: r for r in book.establishment}
    pay, total = book.grown("growth.pay_real_annual"), [0.0] * len(book.months)
    for row in book.establishment:
        parent, mine = by_id.get(row["included_in"]), row["charged_to"] == name
        if row["recruited"] != "yes" or float(row["fte_proposed"]) <= float(row["fte_current"]):
            continue
        sign = float(mine) if not parent or parent["charged_to"] != row["charged_to"] else 0.0
        if parent and parent["charged_to"] == name and not mine:
            sign = -book.value[row["included_when"]] if row["included_when"] else -1.0
        begins = dt.date.fromisoformat(row["start"]) if row["start"] else book.start_of[row["charged_to"]]
        if not sign:
            continue
        since = book.since(begins, book.get(f"{row['charged_to']}.delay", 0.0))
        rate = [newly_paid(book, row) * p * g for p, g in zip(book.part_of_year, pay, strict=True)]
        cover = agency_cover(book, row, since, rate)
        for m, (s, r, c, filled) in enumerate(zip(since, rate, cover, in_post(book, since), strict=True)):
            total[m] += sign * (min(max(s, 0.0), 1.0) * r - filled * r - c)
    return total


def newly_paid(book, row):
    """A row's printed cost a year, less the part that is paid whether or not the scheme goes ahead."""
    return float(row["change_annual_cost_gbp"]) * (1 - book.get(f"{row['charged_to']}.posts_paid_already_share", 0.0))


def agency_cover(book, row, since, rate):
    """What agency staff cost who cover posts that were filled and are empty again, by month."""
    adds = float(row["fte_proposed"]) - float(row["fte_current"]) > 0
    covered = book.get("establishment.agency_cover_share", 0.0) if adds and row["recruited"] == "yes" else 0.0
    dear = 1 + book.get("establishment.agency_premium", book.get("agency.premium", 0.0))
    empty = empty_in_the_long_run(book)
    return [share * empty * covered * r * dear for share, r in zip(ever_filled(book, since), rate, strict=True)]


def dearer_by(book, placement):
    """Real growth of a placement's price: its own rate where one is stated, else the common one."""
    own = f"growth.{placement}_prices_real_annual"
    return book.grown(own if own in book.value else "growth.placement_prices_real_annual")


def spending(book, log):
    """What a world costs by line and month, real."""
    out = {}
    for p, line in LINES.items():
        weekly, dearer = book.value[f"price.{p}_weekly"], dearer_by(book, p)
        out[line] = [log["stock"][m][p] * weekly * dearer[m] * book.weeks * book.part_of_year[m] for m in book.months]
    for event, (line, cost) in EVENTS.items():
        out[line] = [n * book.value[cost] for n in log[event]]
    return out


def budget_of(book, line, year):
    """The approved budget in real pounds: as stated, and level in real terms after the last year stated."""
    stated = {r["financial_year"]: float(r["value_gbp"]) for r in book.budget if r["line"] == line}
    if not stated:
        return None
    follows = {r["financial_year"] for r in book.budget if r["line"] == line and r.get("follows")}
    if follows:  # the children of the opening day, at this scenario's own price, for a year
        placement = next(p for p, name in LINES.items() if name == line)
        mine = [r for r in book.caseload if not r["stream"] and r["age_band"] == "all" and r["placement"] == placement]
        children = sum(float(r["children"]) for r in mine if r["children"])
        one_year = children * book.value[f"price.{placement}_weekly"] * book.weeks
        stated = dict.fromkeys(stated, one_year / book.index(book.price_base) * book.index(min(stated)))
    name = book.year_names[year]
    held = stated.get(name) if name in stated or name < max(stated) else stated[max(stated)]
    base = name if name in stated else max(stated)
    grown = (1 + book.get("cashable.budget_growth_real_annual", 0.0)) ** (int(name[:4]) - int(base[:4]))
    return (held or 0.0) * grown * book.index(book.price_base) / book.index(base)


def split(book, before, after, steps=True, general_fund=True):
    """Split savings by nature: (line, nature) -> by year."""
    year_before = {line: book.yearly(m) for line, m in before.items()}
    year_after = {line: book.yearly(m) for line, m in after.items()}
    out = {}
    dearer = {p: dict(zip(book.year, dearer_by(book, p), strict=True)) for p in LINES}
    named = {line: p for p, line in LINES.items()}
    for year in range(len(book.year_names)):
        saved = {line: year_before[line][year] - year_after[line][year] for line in before}
        cash = {}
        for line, amount in saved.items():
            held = budget_of(book, line, year) if general_fund else None
            below = 0.0
            if held is not None and amount > 0:
                below = min(held, year_before[line][year]) - year_after[line][year]
                below = min(max(below, 0.0), amount)
                if steps and line in named:
                    one = book.get(f"cashable.contract_step_{named[line]}", 0.0)
                    one *= book.value[f"price.{named[line]}_weekly"] * dearer[named[line]][year] * book.weeks
                    if one > 0:
                        below = min(below, math.floor(below / one + 1e-9) * one)
            cash[line] = below
        gains = sum(a for a in saved.values() if a > 0)
        common = sum(cash.values()) / gains if gains > 0 else 0.0
        for line, amount in saved.items():
            cashable = cash[line] if amount > 0 else amount * common
            out.setdefault((line, "cashable_saving"), []).append(cashable)
            out.setdefault((line, "cost_avoidance"), []).append(amount - cashable)
    return out


def monthly_saving(before, after):
    """Net saving by month, whatever its nature."""
    return [sum(before[line][m] - after[line][m] for line in before) for m in range(len(next(iter(before.values()))))]


def posts(book, name):
    """(line, recurrence) -> cost by month of the establishment rows charged to a scheme, and of posts paid anyway."""
    by_id = {r["id"]: r for r in book.establishment}
    cost, anyway = {}, [0.0] * len(book.months)
    pay = book.grown("growth.pay_real_annual")
    for row in book.establishment:
        parent = by_id.get(row["included_in"])
        sign = 1.0 if row["charged_to"] == name else 0.0
        if parent and parent["charged_to"] == row["charged_to"]:
            sign = 0.0
        if parent and parent["charged_to"] == name and row["charged_to"] != name:
            sign = -(book.value[row["included_when"]] if row["included_when"] else 1.0)
        if not sign:
            continue
        begins = dt.date.fromisoformat(row["start"]) if row["start"] else book.start_of[row["charged_to"]]
        since = book.since(begins, book.get(f"{row['charged_to']}.delay", 0.0))
        exists = [min(max(s, 0.0), 1.0) for s in since]
        annual = float(row["change_annual_cost_gbp"])
        if row["basis"] == "day":
            line, months = "On-call rota", [e * annual / 365 * d for e, d in zip(exists, book.days, strict=True)]
        else:
            share = in_post(book, since) if row["recruited"] == "yes" else exists
            rate = [newly_paid(book, row) * p * g for p, g in zip(book.part_of_year, pay, strict=True)]
            full = [s * r for s, r in zip(share, rate, strict=True)]
            cover = agency_cover(book, row, since, rate)
            if any(cover):
                have = cost.setdefault(("Agency: cover of new posts", "recurring"), [0.0] * len(book.months))
                cost["Agency: cover of new posts", "recurring"] = [
                    h + sign * c for h, c in zip(have, cover, strict=True)
                ]
            fixed = book.value[row["already_filled_months"]] if row["already_filled_months"] else -math.inf
            line = "Staff"
            months = [f * min(max(s - fixed, 0.0), 1.0) for f, s in zip(full, since, strict=True)]
            anyway = [a + sign * (f - m) for a, f, m in zip(anyway, full, months, strict=True)]
        have = cost.setdefault((line, "recurring"), [0.0] * len(book.months))
        cost[line, "recurring"] = [h + sign * m for h, m in zip(have, months, strict=True)]
    return cost, anyway


def own_costs(book, scheme):
    """(line, recurrence) -> what the scheme itself spends by month, real."""
    name = scheme["name"]
    cost = posts(book, name)[0]
    exists = [min(max(s, 0.0), 1.0) for s in book.since(scheme["start"], book.get(f"{name}.delay", 0.0))]
    if scheme["kind"] == "fostering_growth":
        path, approved, replaced = households(book, scheme)
        each = book.value[f"{name}.approval_cost"]
        held, supervision = (
            book.value[f"{name}.{x}"] for x in ("households_supervised_by_team", "supervision_cost_annual")
        )
        several = book.value[f"{name}.constellations"] * book.value[f"{name}.constellation_cost_annual"]
        cost["Carer recruitment", "one_off"] = [each * n for n in approved]
        cost["Carer recruitment", "recurring"] = [each * n for n in replaced]
        cost["Carer supervision", "recurring"] = [
            max(n - held, 0.0) * supervision * p for n, p in zip(path, book.part_of_year, strict=True)
        ]
        cost["Constellations", "recurring"] = [several * e * p for e, p in zip(exists, book.part_of_year, strict=True)]
    annual, daily = book.get(f"{name}.cost_annual", 0.0), book.get(f"{name}.cost_daily", 0.0)
    if annual or daily:
        cost[scheme["title"], "recurring"] = [
            e * (annual * p + daily * d) for e, p, d in zip(exists, book.part_of_year, book.days, strict=True)
        ]
    return cost


def agency(book, scheme):
    """Both agency lines before and after, by month, real."""
    name = scheme["name"]
    filled = in_post(book, book.since(scheme["start"], book.get(f"{name}.delay", 0.0)))
    pay = book.grown("growth.pay_real_annual")
    v = {key.removeprefix(f"{name}."): n for key, n in book.value.items() if key.startswith(f"{name}.")}
    before, after = {}, {}
    whole = 1.0 if v["whole_cost"] else v["premium"] / (1 + v["premium"])
    whole *= v.get("cover_displaced_share", 1.0)
    stated_for = [min(max(v["managed_teams_months"] - m, 0.0), 1.0) for m in book.months]  # of each month, its share
    stated_years = sum(s * p for s, p in zip(stated_for, book.part_of_year, strict=True))
    both = {
        "Agency: managed teams": (v["managed_teams_cost"] / stated_years, "managed_teams", 1.0),
        "Agency: vacancy cover": (v["cover_cost_annual"] * (1 - v["cover_managed_share"]), "cover", whole),
    }
    for line, (annual, word, saved) in both.items():
        lasts = [min(max(v[f"{word}_end_months"] - m, 0.0), 1.0) for m in book.months]
        before[line] = [annual * x * p * g for x, p, g in zip(lasts, book.part_of_year, pay, strict=True)]
        after[line] = [b * (1 - f * saved) for b, f in zip(before[line], filled, strict=True)]
    return before, after


class LongHand:
    """Everything, worked out."""

    def __init__(self, folder, scenario, world):
        """`world`: names of schemes -> children by placement, on average over each month, and events by month."""
        self.book = book = Book(folder, scenario)
        self.world, self.worlds = world, {(): world(())}
        self.nothing = spending(book, self.worlds[()])
        self.names = [s["name"] for s in book.schemes]
        self.acting = [s["name"] for s in book.schemes if s["kind"] in {"fostering_growth", "entry_reduction"}]
        groups = {n: [n] for n in self.names} | book.toml["perimeters"] | {"whole": self.names}
        self.perimeters = {n: [m for m in self.names if m in members] for n, members in groups.items()}

    def spend(self, names):
        key = tuple(n for n in self.acting if n in names)
        if key not in self.worlds:
            self.worlds[key] = self.world(key)
        return spending(self.book, self.worlds[key])

    def standalone(self, name):
        """((line, nature, recurrence) -> by year, net by month) of one scheme."""
        book, scheme = self.book, next(s for s in self.book.schemes if s["name"] == name)
        found, net = {}, [0.0] * len(book.months)
        for (line, recurrence), months in own_costs(book, scheme).items():
            found[line, "investment", recurrence] = [-x for x in book.yearly(months)]
            net = [n - x for n, x in zip(net, months, strict=True)]
        pairs = []
        if name in self.acting:
            pairs.append((self.nothing, self.spend([name]), True, True))
        if scheme["kind"] == "agency":
            before, after = agency(book, scheme)
            pairs += [  # the reserve pays for the managed teams, the general fund for cover
                ({line: before[line]}, {line: after[line]}, False, line == "Agency: vacancy cover") for line in before
            ]
        for before, after, steps, general in pairs:
            for (line, nature), years in split(book, before, after, steps, general).items():
                found[line, nature, "recurring"] = years
            net = [n + x for n, x in zip(net, monthly_saving(before, after), strict=True)]
        return found, net

    def perimeter(self, name):
        """((scheme, line, nature, recurrence) -> by year, net by month)."""
        members, lines, net = self.perimeters[name], {}, [0.0] * len(self.book.months)
        for member in members:
            found, monthly = self.standalone(member)
            lines |= {(member, *key): years for key, years in found.items()}
            net = [a + b for a, b in zip(net, monthly, strict=True)]
        meeting = [m for m in members if m in self.acting]
        if len(meeting) > 1:
            joint = split(self.book, self.nothing, self.spend(meeting))
            apart = [split(self.book, self.nothing, self.spend([m])) for m in meeting]
            for nature in ("cashable_saving", "cost_avoidance"):
                gap = [0.0] * len(self.book.year_names)
                for sign, found in ((1, joint), *((-1, a) for a in apart)):
                    for (_, kind), years in found.items():
                        if kind == nature:
                            gap = [g + sign * y for g, y in zip(gap, years, strict=True)]
                lines["interaction", "interaction", nature, "recurring"] = gap
            together = monthly_saving(self.nothing, self.spend(meeting))
            singly = [monthly_saving(self.nothing, self.spend([m])) for m in meeting]
            net = [n + t - sum(s) for n, t, *s in zip(net, together, *singly, strict=True)]
        return lines, net

    def metrics(self, name):
        """NPV, BCR, payback in months and peak funding of one perimeter."""
        net = self.perimeter(name)[1]
        worth = [(1 + self.book.discount) ** -((m + 0.5) / 12) for m in self.book.months]
        invested = [0.0] * len(self.book.months)
        for member in self.perimeters[name]:
            scheme = next(s for s in self.book.schemes if s["name"] == member)
            for months in own_costs(self.book, scheme).values():
                invested = [i + x for i, x in zip(invested, months, strict=True)]
        npv = sum(n * w for n, w in zip(net, worth, strict=True))
        cost = sum(i * w for i, w in zip(invested, worth, strict=True))
        return {
            "npv_gbp": npv,
            "bcr": (npv + cost) / cost if cost > 0 else None,
            "payback_months": payback(net),
            "discounted_payback_months": payback([n * w for n, w in zip(net, worth, strict=True)]),
            "peak_funding_gbp": max(0.0, -min(running(net))),
        }

    def budgets(self):
        """Purse -> nominal pounds by year, of the whole: the base budget and the reserve's statement by year."""
        book, until = self.book, self.book.toml["funding"]["reserve_until"]
        early = [int(y[:4]) <= until.year - (until.month < 4) for y in book.year_names]
        base = [0.0] * len(early)
        for (_, _, nature, recurrence), years in self.perimeter("whole")[0].items():
            for i, amount in enumerate(years):
                banked = nature == "cashable_saving" or (nature == "investment" and not early[i])
                base[i] += amount * book.nominal(i) if banked and recurrence == "recurring" else 0.0
        anyway = [posts(book, n)[1] for n in self.names]
        if self.book.toml["funding"].get("budget_basis", "approved") == "approved":
            anyway += [unspent(book, n) for n in self.names]
        for months in anyway:
            for i, amount in enumerate(book.yearly(months)):
                base[i] -= 0.0 if early[i] else amount * book.nominal(i)
        return {"base_budget": base} | self._reserve(early)

    def _reserve(self, early):
        """What is paid anyway is paid in every scenario: managed teams until a scheme ends them, and fixed terms."""
        book = self.book
        fixed = {r["charged_to"] for r in book.establishment if r["already_filled_months"]}
        anyway = [posts(book, name)[1] for name in fixed]
        acting = [posts(book, name)[1] for name in fixed if name in self.names]
        balance, least = book.value["reserve.opening"], book.value["reserve.minimum"]
        years = {k: [0.0] * len(early) for k in ("opening", "shortfall", "closing")}
        teams = [agency(book, s)[s["name"] in self.names] for s in book.toml["schemes"] if s["kind"] == "agency"]
        costs = [own_costs(book, s) for s in book.schemes]
        for m in book.months:
            year = book.year[m]
            due = sum(team["Agency: managed teams"][m] for team in teams)
            due += sum(a[m] for a in anyway)
            if early[year]:
                due += sum(x[m] for c in costs for x in c.values())
            else:  # after the reserve's end the base budget takes on those whose scheme acts
                due -= sum(a[m] for a in acting)
            due *= book.nominal(year)
            if early[year]:  # other commitments end with the reserve
                due += book.value["reserve.commitments_annual"] * book.part_of_year[m]
            if m == 0 or book.year[m - 1] != year:
                years["opening"][year] = balance
            paid = min(due, max(balance - least, 0.0))
            balance -= paid
            years["shortfall"][year] += due - paid
            years["closing"][year] = balance
        return years


def running(net):
    total, out = 0.0, []
    for amount in net:
        total += amount
        out.append(total)
    return out


def payback(net):
    """The month, counted from one, from which the running total is never negative again; None if never."""
    red = [m for m, total in enumerate(running(net)) if total < -0.001]
    if not red:
        return 0
    return None if red[-1] == len(net) - 1 else red[-1] + 2
