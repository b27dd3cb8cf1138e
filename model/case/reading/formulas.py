"""Formulas of `published.csv` and `benefits.csv`: arithmetic on named figures, and nothing else.

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
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from model.case import parameters
from model.case.cells import Bad
from model.case.rows import Post
from model.case.spelling import nearest
from model.case.words import ALL, WHOLE

LONGEST: Final = 4_000
WEEKS: Final = "weeks_per_year"
METRICS: Final = ("npv_gbp", "npv_cashable_gbp", "bcr", "payback_months", "discounted_payback_months",
                  "peak_funding_gbp")  # fmt: skip
RESULT: Final = "result."
EXPECTED: Final = "arithmetic on assumptions and est rows with + - * / ( ) round ceil floor min max sum abs"
POST_FIELDS: Final = ("cost", "fte", "fte_current", "fte_proposed")

_NAME: Final = re.compile(
    r"""\best\.(?P<sum>sum_fte|sum)\(\s*(?P<teams>"[^"]*"|'[^']*'|[^()]*(?:\([^()]*\)[^()]*)*)\)"""
    r"|\best\.[A-Za-z0-9_-]+?\.[A-Za-z_]+(?![A-Za-z0-9_.(])"
    r"|(?<![A-Za-z0-9_.])[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*(?P<called>\s*\()?"
)
"""Sums over teams, figures of one row (whose id may hold a hyphen), and all other names."""


def decimal_of(value: float) -> Decimal:
    """The decimal a float was meant to be: 12 significant digits, so that 1.005 is not 1.00499999999999989."""
    return Decimal(f"{value:.12g}")


def _round_half_up(value: float, digits: float = 0) -> float:
    """Round as printed tables do: halves away from zero."""
    return float(decimal_of(value).quantize(Decimal(1).scaleb(-int(digits)), rounding=ROUND_HALF_UP))


FUNCTIONS: Final[dict[str, Callable[..., float]]] = {
    "round": _round_half_up,
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
class Formula:
    """A formula, read: `names` says for each variable of the expression which figure it stands for."""

    expression: str
    names: Mapping[str, str]


def worked_out(perimeters: Collection[str]) -> set[str]:
    """Return the names that a formula may read beside assumptions and posts: caseload, results, weeks in a year."""
    parts = (*parameters.PLACEMENTS, *parameters.AGE_BANDS, ALL)
    caseload = {f"case.{measure}.{part}" for measure in ("children", "entries") for part in parts}
    return {WEEKS, *caseload, *(f"{RESULT}{p}.{m}" for p in (*perimeters, WHOLE) for m in METRICS)}


def of_establishment(rows: Iterable[tuple[str, str]]) -> set[str]:
    """Return the names by which a formula reads the establishment. `rows`: id and team of each."""
    sums = {f"est.{what}()" for what in ("sum", "sum_fte")}
    for row, team in rows:
        sums |= {f"est.{row}.{field}" for field in POST_FIELDS}
        sums |= {f"est.{what}({_plain(team)})" for what in ("sum", "sum_fte")}
    return sums


def parse(text: str, known: Collection[str]) -> Formula:
    """Read a formula, or say in a Bad what in it is not known or not allowed."""
    if len(text) > LONGEST:
        raise Bad(f"a formula of at most {LONGEST} characters")
    if text.startswith("="):
        raise Bad(EXPECTED, "drop the = in front")
    variables: dict[str, str] = {}

    def variable(name: str) -> str:
        if name not in known:
            raise Bad("a name that a formula may read", f"{name}: {nearest(name, [*known, *FUNCTIONS])}")
        return variables.setdefault(name, f"v{len(variables)}_")

    def swapped(found: re.Match[str]) -> str:
        if found["sum"]:
            return f"({' + '.join(map(variable, _sums(found['sum'], found['teams'], known)))})"
        if not found["called"]:
            return variable(found[0])
        name = found[0].rstrip("( ")
        if name not in FUNCTIONS:
            raise Bad(f"a function of {', '.join(FUNCTIONS)}, or est.sum(team), est.sum_fte(team)", f"not {name}")
        return found[0]

    expression = _NAME.sub(swapped, text)
    _check_syntax(expression)
    return Formula(expression=expression, names={variable: name for name, variable in variables.items()})


def _plain(team: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", team.lower()).strip("_")


def _sums(what: str, teams: str, known: Collection[str]) -> dict[str, None]:
    """The sums that `est.sum(...)` asks for: of one team, or of several with commas, in any spelling; each once."""
    whole = f"est.{what}({_plain(teams)})"
    parts = [teams] if whole in known else teams.split(",")
    return dict.fromkeys(f"est.{what}({_plain(part)})" for part in parts)


def evaluate(formula: Formula, values: Mapping[str, float], posts: Sequence[Post]) -> float:
    """Compute a formula; a division by zero, or a result no computer can hold, is a Bad."""
    from simpleeval import InvalidExpression, SimpleEval  # noqa: PLC0415 - loaded only where a figure is recomputed

    known = {key: values[name] if name in values else of_posts(name, posts) for key, name in formula.names.items()}
    try:
        result = float(SimpleEval(operators=OPERATORS, functions=FUNCTIONS, names=known).eval(formula.expression))
    except ZeroDivisionError:
        raise Bad("a formula that does not divide by zero") from None
    except (InvalidExpression, ArithmeticError, ValueError, TypeError, RecursionError, MemoryError) as error:
        raise Bad(EXPECTED, f"it cannot be computed ({type(error).__name__})") from None
    if not math.isfinite(result):
        raise Bad("a formula with a finite result")
    return result


def of_posts(name: str, posts: Sequence[Post]) -> float:
    """Return a figure of the establishment by its name in a formula: of one row, or of all that add in a team."""
    if "(" not in name:
        _, row, field = name.split(".")
        return next(_of_post(post, field) for post in posts if post.id == row)
    what, _, team = name.rstrip(")").partition("(")
    field = "fte" if what == "est.sum_fte" else "cost"
    return math.fsum(
        _of_post(post, field) for post in posts if not post.included_in and team in {"", _plain(post.team)}
    )


def _of_post(post: Post, field: str) -> float:
    if field == "cost":
        return post.change_annual_cost_gbp
    if field == "fte":
        return float(decimal_of(post.fte_proposed - post.fte_current))
    return post.fte_current if field == "fte_current" else post.fte_proposed


_ALLOWED: Final = (ast.Expression, ast.BinOp, ast.UnaryOp, ast.Call, ast.Name, ast.Load, ast.Constant, *OPERATORS)


def _check_syntax(expression: str) -> None:
    """Let through numbers, variables, + - * / ( ) and calls of the functions; nothing else reaches the evaluator."""
    advice = "no powers, per cent or thousands separator; look for a missing sign or bracket"
    try:
        nodes = list(ast.walk(ast.parse(expression, mode="eval")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise Bad(EXPECTED, advice) from None
    for node in nodes:
        is_text = isinstance(node, ast.Constant) and type(node.value) not in {int, float}
        is_odd_call = isinstance(node, ast.Call) and (
            not isinstance(node.func, ast.Name) or node.keywords or not node.args
        )
        if not isinstance(node, _ALLOWED) or is_text or is_odd_call:
            raise Bad(EXPECTED, advice)
