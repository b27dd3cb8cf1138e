"""Formulas of `published.csv`: arithmetic on assumptions and establishment rows, and nothing else.

A formula is read in two steps. `parse` swaps every name for a variable, and lets through only numbers, `+ - * / ( )`
and the functions below; what is left is computed by simpleeval with those operators and functions alone.

    fostering.households * (price.ifa - price.in_house) * weeks_per_year    assumptions, by name
    est.edge_of_care_team.cost   est.lado.fte   est.lado.fte_current   est.lado.fte_proposed
    est.sum(Early Help)   est.sum_fte(Early Help)   est.sum()               a team's rows, or all; memo rows never add
    case.children.residential   case.entries.10_15                          the caseload: a placement, an age, or all
    result.whole.npv_gbp   result.fostering.payback_months                  the central run, by perimeter
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from model.case import parameters
from model.case.reading.cells import Bad
from model.case.records import Post
from model.case.spelling import nearest
from model.case.words import ALL, WHOLE

LONGEST: Final = 4_000
SIGNIFICANT_DIGITS: Final = 12
WEEKS: Final = "weeks_per_year"
CASELOAD_NAMES: Final = tuple(
    f"case.{measure}.{part}"
    for measure in ("children", "entries")
    for part in (*parameters.PLACEMENTS, *parameters.AGE_BANDS, ALL)
)
METRICS: Final = ("npv_gbp", "npv_cashable_gbp", "bcr", "payback_months", "discounted_payback_months",
                  "peak_funding_gbp")  # fmt: skip
RESULT: Final = "result."
EXPECTED: Final = "arithmetic on assumptions and est rows with + - * / ( ) round ceil floor min max sum abs"
POST_FIELDS: Final = ("fte", "cost", "fte_current", "fte_proposed")

_SUM = re.compile(r"""\best\.(sum_fte|sum)\(\s*("[^"]*"|'[^']*'|[^()]*(?:\([^()]*\)[^()]*)*)\)""")
_POST = re.compile(r"\best\.([A-Za-z0-9_-]+?)\.([A-Za-z_]+)(?![A-Za-z0-9_.(])")
_NAME = re.compile(r"(?<![A-Za-z0-9_.])[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*")
_VARIABLE = re.compile(r"_v[0-9]+_")
_SIGNS = {
    "\u00d7": "*",
    "\u00f7": "/",
    "\u2212": "-",
    "\u2013": "-",
    "^": "no powers",
    "**": "no powers",
    "%": "a decimal: 20% is 0.2",
    "£": "the number alone",
}


def decimal_of(value: float) -> Decimal:
    """The decimal a float was meant to be: 12 significant digits, so that 1.005 is not 1.00499999999999989."""
    return Decimal(f"{value:.{SIGNIFICANT_DIGITS}g}")


def round_half_up(value: float, digits: float = 0) -> float:
    """Round as printed tables do: halves away from zero."""
    return float(decimal_of(value).quantize(Decimal(1).scaleb(-int(digits)), rounding=ROUND_HALF_UP))


FUNCTIONS: Final[dict[str, Callable[..., float]]] = {
    "round": round_half_up,
    "ceil": lambda value: math.ceil(decimal_of(value)),
    "floor": lambda value: math.floor(decimal_of(value)),
    "min": min,
    "max": max,
    "sum": lambda *values: math.fsum(values),
    "abs": abs,
}
OPERATORS: Final = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a formula may speak of: names of assumptions, ids and teams of the establishment."""

    names: Collection[str]
    ids: Collection[str]
    teams: Collection[str]


@dataclass(frozen=True, kw_only=True)
class Formula:
    """A formula, read. `names`: variable -> assumption; `posts` -> (id, field); `sums` -> (field, teams)."""

    expression: str
    names: Mapping[str, str]
    posts: Mapping[str, tuple[str, str]]
    sums: Mapping[str, tuple[str, tuple[str, ...]]]


def worked_out(perimeters: Collection[str]) -> set[str]:
    """Return the names that a formula may read beside assumptions and posts: caseload, results, weeks in a year."""
    return {WEEKS, *CASELOAD_NAMES, *(f"{RESULT}{p}.{m}" for p in (*perimeters, WHOLE) for m in METRICS)}


def parse(text: str, words: Words) -> Formula:
    """Read a formula, or say in a Bad what in it is not known or not allowed."""
    if len(text) > LONGEST:
        raise Bad(f"a formula of at most {LONGEST} characters")
    if text.startswith("="):
        raise Bad(EXPECTED, "drop the = in front")
    names: dict[str, str] = {}
    posts: dict[str, tuple[str, str]] = {}
    sums: dict[str, tuple[str, tuple[str, ...]]] = {}

    def variable() -> str:
        return f"_v{len(names) + len(posts) + len(sums)}_"

    def keep_sum(match: re.Match[str]) -> str:
        key = variable()
        sums[key] = ("fte" if match[1] == "sum_fte" else "cost", _teams(match[2], words.teams))
        return key

    def keep_post(match: re.Match[str]) -> str:
        key = variable()
        posts[key] = _post(match[1], match[2], words.ids)
        return key

    def keep_name(match: re.Match[str]) -> str:
        key = variable()
        if match[0] in FUNCTIONS or _VARIABLE.fullmatch(match[0]):
            return match[0]
        names[key] = _assumption(match[0], words, called=text_after(match).startswith("("))
        return key

    def text_after(match: re.Match[str]) -> str:
        return match.string[match.end() :].lstrip()

    if "_v" in text and _VARIABLE.search(text):
        raise Bad(EXPECTED)
    expression = _NAME.sub(keep_name, _POST.sub(keep_post, _SUM.sub(keep_sum, text)))
    _check_syntax(expression, text)
    return Formula(expression=expression, names=names, posts=posts, sums=sums)


def evaluate(formula: Formula, values: Mapping[str, float], posts: Sequence[Post]) -> float:
    """Compute a formula; a division by zero, or a result no computer can hold, is a Bad."""
    from simpleeval import InvalidExpression, SimpleEval  # noqa: PLC0415 - loaded only where a figure is recomputed

    known = {key: values[name] for key, name in formula.names.items()} | of_posts(formula, posts)
    machine = SimpleEval(operators=OPERATORS, functions=FUNCTIONS, names=known)
    try:
        result = float(machine.eval(formula.expression))
    except ZeroDivisionError:
        raise Bad("a formula that does not divide by zero") from None
    except (InvalidExpression, ArithmeticError, ValueError, TypeError, RecursionError, MemoryError) as error:
        raise Bad(EXPECTED, f"it cannot be computed ({type(error).__name__})") from None
    if not math.isfinite(result):
        raise Bad("a formula with a finite result")
    return result


def of_posts(formula: Formula, posts: Sequence[Post]) -> dict[str, float]:
    """Return variable -> value of what a formula reads of the establishment."""
    by_id = {post.id: post for post in posts}
    single = {key: _of_post(by_id[row], field) for key, (row, field) in formula.posts.items()}
    return single | {
        key: math.fsum(
            _of_post(post, field) for post in posts if not post.included_in and (not teams or post.team in teams)
        )
        for key, (field, teams) in formula.sums.items()
    }


def _of_post(post: Post, field: str) -> float:
    if field == "cost":
        return post.change_annual_cost_gbp
    if field == "fte":
        return float(decimal_of(post.fte_proposed - post.fte_current))
    return post.fte_current if field == "fte_current" else post.fte_proposed


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def _teams(text: str, teams: Collection[str]) -> tuple[str, ...]:
    """Teams named in `est.sum(...)`: one, or several with commas, with or without quotation marks, in any case."""
    bare = text.strip()
    if not bare:
        return ()
    by_plain = {_plain(team): team for team in teams}
    if _plain(bare) in by_plain:
        return (by_plain[_plain(bare)],)
    found = []
    for part in bare.split(","):
        if _plain(part) not in by_plain:
            raise Bad("the name of a team of establishment.csv", f"{part.strip()}: {nearest(part, teams)}")
        found.append(by_plain[_plain(part)])
    return tuple(dict.fromkeys(found))


def _post(row: str, field: str, ids: Collection[str]) -> tuple[str, str]:
    if row not in ids:
        raise Bad("the id of a row of establishment.csv after est.", f"{row}: {nearest(row, ids)}")
    if field not in POST_FIELDS:
        raise Bad(f"est.{row} followed by .fte, .cost, .fte_current or .fte_proposed", nearest(field, POST_FIELDS))
    return row, field


def _assumption(name: str, words: Words, *, called: bool) -> str:
    if called:
        raise Bad(
            f"a function of {', '.join(FUNCTIONS)}, or est.sum(team), est.sum_fte(team)",
            f"{name}: {nearest(name, [*FUNCTIONS, 'est.sum', 'est.sum_fte'])}",
        )
    if name.startswith("est."):
        row = name.split(".")[1]
        raise Bad("est.<row id>.fte or .cost, or est.sum(team)", "" if row in words.ids else nearest(row, words.ids))
    if name not in words.names:
        raise Bad("the name of an assumption", f"{name}: {nearest(name, [*words.names, *FUNCTIONS])}")
    return name


_ALLOWED_NODES = (ast.Expression, ast.BinOp, ast.UnaryOp, ast.Call, ast.Name, ast.Load, ast.Constant, *OPERATORS)


def _check_syntax(expression: str, text: str) -> None:
    """Let through numbers, variables, + - * / ( ) and calls of the functions; nothing else reaches the evaluator."""
    advice = next((f"{sign}: write {instead}" for sign, instead in _SIGNS.items() if sign in text), "")
    if re.search(r"[0-9],[0-9]{3}(?![0-9])", re.sub(r"\b(?:round|min|max|sum)\([^()]*\)", "", text)):
        advice = advice or "write numbers without a thousands separator"
    try:
        tree = ast.parse(expression, mode="eval")
        nodes = list(ast.walk(tree))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise Bad(EXPECTED, advice or "look for a missing sign or bracket") from None
    for node in nodes:
        if not isinstance(node, _ALLOWED_NODES) or (
            isinstance(node, ast.Constant) and type(node.value) not in {int, float}
        ):
            raise Bad(EXPECTED, advice)
        if isinstance(node, ast.Call) and (not isinstance(node.func, ast.Name) or node.keywords or not node.args):
            raise Bad(EXPECTED, advice)
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    if any(isinstance(n, ast.Name) and (n.id in FUNCTIONS) != (id(n) in called) for n in nodes):
        raise Bad(EXPECTED, "a function takes its figures in brackets: round(2.5)")
