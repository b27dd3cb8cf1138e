"""`options.html`: which option, how much of each, what a limit costs, and whether to wait."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from model.batch.disk import write_whole
from model.case.options import OptionsFile
from model.case.reading.options_toml import options_path, read_options
from model.case.records import Case
from model.options import mixes
from model.options.appraisal import DRAWS, Appraised, appraise
from model.options.stages import Waiting
from model.report import views
from model.report.drivers import learnt
from model.report.look import charts, markup, widget
from model.report.look import format as fmt
from model.report.look import tables as tbl
from model.report.look.page import Block, Page, render, show
from model.report.opening import case_folder
from model.results import SEED
from model.schemes.load import load_case

ROLES: Final = {"business_as_usual": "Business as usual", "do_minimum": "Do minimum", "less": "Less ambitious",
                "preferred": "Preferred", "more": "More ambitious", "other": "Another way"}  # fmt: skip
OBJECTIVES: Final = {"npv_gbp": "mean NPV", "npv_cashable_gbp": "mean NPV in cash",
                     "npv_p10_gbp": "10th percentile of NPV"}  # fmt: skip
PRICES: Final = {
    "reserve_gbp": "£100k more of reserve",
    "budget_annual_gbp": "£100k more to spend in any year",
    "posts_fte": "One more post that can be filled",
    "payback_chance": "Five points less of a chance of paying back",
}
SLIDERS: Final = {
    "reserve_gbp": ("Peak funding, at most", "GBP"),
    "budget_annual_gbp": ("Spent in any year, at most", "GBP/year"),
    "posts_fte": ("New posts, at most", "fte"),
    "payback_chance": ("Chance of paying back, at least", "share"),
}  # a limit, its name and the unit in which it is shown and typed
STEPS: Final = 50  # positions of a slider
MOST_SHOWN: Final = 8


def open_options(case: str | Path, scenario: str | None = None, *, draws: int | None = None,
                 seed: int | None = None) -> Appraised:  # fmt: skip
    """Return a case's options, appraised when they are read. Raises InputProblems."""
    read = load_case(case_folder(case) if isinstance(case, str) else case, scenario)
    return appraise(read, draws=draws or DRAWS, seed=SEED if seed is None else seed)


def options_page(found: Appraised) -> Block:
    """Return the whole of it: the answer, the options, how much of each, what to learn, when, and who else gains."""
    return show(
        Block("<h2>Which, and how much</h2>"), _answer(found),
        Block("<h2>The options</h2>"), _short_list(found), _incremental(found), long_list(found.file),
        Block("<h2>How much of each</h2>"), best_mix(found), _frontier(found, "peak_gbp", "peak funding"),
        _frontier(found, "shortfall_gbp", "loss in the worst tenth of runs"),
        Block("<h2>What to learn first</h2>"), _information(found),
        Block("<h2>Decide now, or in stages</h2>"), *(_waiting(found, one) for one in found.waiting),
        *_others(found),
    )  # fmt: skip


def write_page(found: Appraised, path: Path) -> None:
    """Write the page, whole or not at all."""
    case = found.case
    about = (f"Scenario: {case.scenario_title}. The same {found.draws:,} runs for all; {case.price_base} prices, "
             "present value.")  # fmt: skip
    page = Page(title=f"{case.title}: options", kicker=case.council, about=about)
    write_whole(path, render(page, options_page(found).html).encode())


def considered(case: Case) -> tbl.Table | str:
    """Return a report's short section: the long list with its reasons; figures are on the page of the options."""
    return long_list(read_options(case)) if options_path(case).exists() else ""


def long_list(file: OptionsFile) -> tbl.Table:
    """Return every option that was thought of, and why it was kept or dropped."""
    columns: dict[str, tbl.Show] = {
        "Option": "title", "Role": lambda o: ROLES[o.role], "Kept?": lambda o: "kept" if o.kept else "dropped",
        "Why": "reason",
    }  # fmt: skip
    return tbl.of("long-list", "The long list, against its critical success factors", file.options, columns,
                  note="; ".join(f"{factor.name}: {factor.test}" for factor in file.factors) + ".")  # fmt: skip


def _title(found: Appraised, name: str) -> str:
    return next((o.title for o in found.file.options if o.name == name), name)


def _answer(found: Appraised) -> Block:
    best = str(found.short_list["npv_gbp"].idxmax())
    own = found.short_list.to_dict("index")[best]
    cash, worth = fmt.money(own["npv_cashable_gbp"]), fmt.money(own["npv_gbp"])
    chance, regret = fmt.share_of_draws(own["chance_best"], found.draws), fmt.money(own["regret_gbp"])
    first = f"Worth most on average: {_title(found, best)}, {cash} in cash and {worth} with cost avoided."
    sure = f"It is best of the short list in {chance}, and falls short of the best by {regret} on average."
    mix = best_words(found)
    lines = [f"{first} {sure}", f"{mix[0].upper()}{mix[1:]}.", *_price_words(found)]
    if found.file.statutory:
        names = " and ".join(found.case.scheme(name).title.lower() for name in found.file.statutory)
        lines.append(f"Every option but doing nothing also holds {names}, {fmt.money(found.statutory_npv)}: "
                     "required by law, the same in each, and in no comparison here.")  # fmt: skip
    return Block(markup.bullets(lines))


def best_words(found: Appraised) -> str:
    """Return the best mix within the limits in a sentence without its full stop."""
    chosen = found.best
    if chosen is None:
        return "no mix keeps within the limits"
    worth = f"{OBJECTIVES[found.objective]} of {fmt.money(chosen[found.objective])}"
    return f"the best mix within the limits has a {worth} ({_amounts(found, chosen)})"


def _amounts(found: Appraised, mix: pd.Series[float]) -> str:
    """Say how much of each scheme a mix holds: in whole units where they are stated, else as a multiple."""
    said = []
    for one in found.file.scalable:
        title, scale = found.case.scheme(one.name).title, float(mix[one.name])
        amount = f"{round(scale * one.units)} {one.unit}" if one.units else f"{fmt.significant(scale)} times"
        said.append(f"{title}: {amount}" if scale else f"{title}: none")
    return "; ".join(said)


def _price_words(found: Appraised) -> list[str]:
    """Say what moving each limit is worth; those that are worth nothing in one sentence."""
    prices = found.shadow_prices
    said = [f"{PRICES[name]} is worth {fmt.money(worth)}." for name, worth in prices.items() if worth >= 1]
    idle = [PRICES[name] for name, worth in prices.items() if worth < 1]
    if idle:
        words = "; ".join(f"{one[0].lower()}{one[1:]}" for one in idle)
        said.append(f"Worth nothing, as the limit does not bind or the next whole step is further away: {words}.")
    return said


def _short_list(found: Appraised) -> tbl.Table:
    columns: dict[str, tbl.Show] = {
        "Option": lambda o: _title(found, o["option"]), "Spent": "cost_gbp", "NPV in cash": "npv_cashable_gbp",
        "NPV": "npv_gbp", "10th to 90th percentile": lambda o: fmt.money_range(o["npv_p10_gbp"], o["npv_p90_gbp"]),
        "Best in": lambda o: tbl.number(fmt.chance(o["chance_best"], found.draws), o["chance_best"]),
        "Expected regret": "regret_gbp",
    }  # fmt: skip
    return tbl.of(
        "short-list", "The short list, means over the same runs, real, statutory spending apart",
        found.short_list.reset_index(names="option").to_dict("records"), columns,
        note="Best in: the share of runs; they add up to 100%, equal options share a run. Regret: how far an option "
        "falls short of the best of each run.",
    )  # fmt: skip


def _incremental(found: Appraised) -> tbl.Table:
    def against(step: Any) -> str:  # noqa: ANN401 - as above
        return _said(found, step.struck_out) or _title(found, step.against) or "the cheapest"

    columns: dict[str, tbl.Show] = {
        "Option": lambda step: _title(found, step.option), "Against, or struck out as": against,
        "More NPV": lambda step: tbl.money(step.more_npv) if step.against else "",
        "Saved for each £1 more": lambda step: tbl.count(step.more_bcr, 2) if step.against else "",
        "A year out of care": lambda step: tbl.money(step.cost_per_child_year) if step.cost_per_child_year > 0 else "",
    }  # fmt: skip
    return tbl.of(
        "incremental", "Each option against the next cheaper that is not struck out", found.steps, columns,
        note="A year out of care: what is spent more for each child-year fewer in care, whatever it saves.",
    )  # fmt: skip


def _said(found: Appraised, words: str) -> str:
    for option in found.file.options:
        words = words.replace(f"{option.name} costs", f"{option.title} costs")
    return words[:1].upper() + words[1:]


def best_mix(found: Appraised, limits: Mapping[str, float | None] | None = None) -> tbl.Table:
    """Return the best mix within limits (the file's unless given) beside the best without any."""
    asked = {"Within the limits": found.limits if limits is None else dict(limits),
             "Without limits": dict.fromkeys(found.limits)}  # fmt: skip
    best = {words: mixes.best(found.mixes, one, found.objective) for words, one in asked.items()}
    kept = [{"words": words, **mix.to_dict(), "mix": _amounts(found, mix)} for words, mix in best.items()
            if mix is not None]  # fmt: skip
    columns: dict[str, tbl.Show] = {
        "": "words", "Mix": "mix", "NPV": "npv_gbp", "In cash": "npv_cashable_gbp", "Peak funding": "peak_gbp",
        "Most in a year": "year_gbp", "New posts": lambda mix: tbl.count(mix["posts_fte"]),
        "Paid back": lambda mix: fmt.chance(mix["payback_chance"], found.draws),
    }  # fmt: skip
    stated = found.file.limits
    return tbl.of(
        "best-mix", f"The mix with the largest {OBJECTIVES[found.objective]}", kept, columns,
        empty="No mix keeps within the limits.",
        note=f"Of {len(found.mixes):,} mixes. Peak funding is enough with a chance of "
        f"{fmt.percent(stated.reserve_chance)}; paid back by the end of {stated.payback_by}. Limits: {stated.source}. "
        "Between the scales that the model has run a mix lies on straight lines; run by itself the mix within the "
        f"stated limits has an NPV of {fmt.money(found.best_run_npv)}.",
    )  # fmt: skip


def limits_explorer(found: Appraised) -> Any:  # noqa: ANN401 - a widget
    """Return sliders for the limits and the best mix that follows them, for a notebook; on paper the mix alone."""
    most = {name: float(found.mixes[mixes.COLUMN_OF[name]].max()) for name in SLIDERS}
    none = {name: 0.0 if name == "payback_chance" else top for name, top in most.items()}
    stated = {name: none[name] if limit is None else min(limit, most[name]) for name, limit in found.limits.items()}
    values = dict(stated)

    def asked(content: Mapping[str, Any]) -> None:
        kind, name = content["kind"], str(content["name"])
        value = fmt.read(str(content["text"]), SLIDERS[name][1]) if kind == "type" else content.get("value")
        if kind == "reset":
            values.update({n: v for n, v in stated.items() if name in {"", n}})
        elif value is not None:
            values[name] = min(max(float(value), 0.0), most[name])
        follow("" if kind == "reset" or value is not None else "Type a number as the box shows it.")

    def follow(said: str = "") -> None:
        rows = [
            {"name": name, "label": words, "min": 0, "max": most[name], "step": most[name] / STEPS,
             "value": values[name], "shown": fmt.quantity(values[name], unit)}
            for name, (words, unit) in SLIDERS.items()
        ]  # fmt: skip
        with made.hold_sync():
            made.rows, made.page, made.said = rows, best_mix(found, values).html, said
            made.moves += 1

    made = widget.made("sliders.js", asked, rows=[], page="", said="", others=[])
    follow()
    return made


def _frontier(found: Appraised, against: str, words: str) -> charts.Figure:
    edge = mixes.frontier(found.mixes, against, found.objective)
    name = OBJECTIVES[found.objective]
    worth = f"{name[0].upper()}{name[1:]}"

    def paint(axes: Axes) -> None:
        drawn = (
            (found.mixes, "o", charts.QUIET, 2, "a mix"),
            (edge, "-", charts.BLUE, 2, "worth most for what it needs"),
        )
        for frame, style, colour, size, label in drawn:
            axes.plot(frame[against], frame[found.objective], style, color=colour, markersize=size, label=label,
                      rasterized=style == "o")  # fmt: skip
        if found.best is not None:
            axes.plot(found.best[against], found.best[found.objective], "o", color=charts.INK,
                      label="best within the limits")  # fmt: skip
        axes.set_xlabel(words.capitalize())
        axes.set_ylabel(worth)
        charts.money_axis(axes)
        charts.money_axis(axes, along="x")
        axes.legend()

    shown = edge.iloc[np.unique(np.linspace(0, len(edge) - 1, MOST_SHOWN).astype(int))]
    rows = [
        (_amounts(found, mix), tbl.money(mix[against]), tbl.money(mix[found.objective])) for _, mix in shown.iterrows()
    ]
    data = tbl.table(f"data-{against}", f"Along the edge: {words}", ("Mix", words.capitalize(), worth), rows)
    finding = f"Beyond {fmt.money(edge.iloc[-1][against])} of {words}, nothing more is gained"
    return charts.chart(f"frontier-{against}", "Scatter of every mix, with the edge of what can be had", finding, paint,
                        height=3.2, data=data)  # fmt: skip


def _information(found: Appraised) -> tbl.Table:
    every = views.records(found.information)
    columns: dict[str, tbl.Show] = {
        "Number, or group of numbers": lambda one: learnt(found.case, one), "Worth": "value_gbp",
        "Standard error": "error_gbp",
    }  # fmt: skip
    return tbl.of(
        "information", "What knowing a number before the choice is worth",
        (*every[:MOST_SHOWN], every[-1]), columns,
        note="For the choice among the short list. Who happens to enter care cannot be known and is in no row.",
    )  # fmt: skip


def _waiting(found: Appraised, one: Waiting) -> Block:
    title = found.case.scheme(one.scheme).title
    stage = next(s for s in found.file.staged if s.scheme == one.scheme)
    first, best_now = fmt.significant(stage.first), max(one.today, key=lambda s: one.today[s])
    told = ", ".join(f"{what} {fmt.money(worth)}" for what, worth in one.seen.items() if worth >= 1)
    columns: dict[str, tbl.Show] = {
        "Scale": lambda scale: tbl.number(fmt.significant(scale), scale),
        "Decided today": lambda scale: tbl.money(one.today.get(scale)),
        f"{first} until {fmt.day(stage.decide)}, then this": lambda scale: tbl.money(one.staged.get(scale)),
    }  # fmt: skip
    told = told or "nothing seen by then tells enough"
    table = tbl.of(f"stages-{one.scheme}", f"{title}: mean NPV by scale, by itself",
                   sorted({*one.today, *one.staged}), columns,
                   note=f"Seeing the first stage is worth {fmt.money(one.learning)} ({told}).")  # fmt: skip
    return show(
        f"{title}: beginning at {first} times what is proposed and deciding on {fmt.day(stage.decide)} is worth "
        f"{fmt.money(abs(one.value))} {'more' if one.value > 0 else 'less'} than deciding today for "
        f"{fmt.significant(best_now)} times, which is worth {fmt.money(one.today[best_now])}.",
        table,
    )


def _others(found: Appraised) -> list[Block | tbl.Table]:
    if not found.others:
        return []
    graded = next(iter(found.others.values()))
    said = "; ".join(f"{gain.row.payer}: {gain.row.gain} ({gain.row.source}; {gain.row.quality})" for gain in graded)
    own = found.short_list["npv_gbp"]
    others = {option: sum(gain.worth or 0.0 for gain in gains) for option, gains in found.others.items()}
    columns: dict[str, tbl.Show] = {
        "Option": lambda o: _title(found, o), "The council's NPV": lambda o: tbl.money(own[o]),
        "Others gain": lambda o: tbl.money(others[o]), "Public value": lambda o: tbl.money(own[o] + others[o]),
    }  # fmt: skip
    caption = "Public value: the council's NPV, and beside it what others gain"
    return [Block("<h2>Who else gains</h2>"), tbl.of("others", caption, others, columns, note=f"{said}.")]
