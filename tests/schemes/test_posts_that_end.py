"""Posts that end: what they cost is saved from the day their holders go."""

from pathlib import Path

import pytest

from model.case.words import INVESTMENT
from tests.engine import evaluated, line, load, yearly

PAY = Path(__file__).parents[2] / "inputs" / "reference" / "pay"
RULES = {
    f"../reference/pay/{name}": (PAY / name).read_text(encoding="utf-8")
    for name in ("redundancy_rules.csv", "redundancy_week.csv")
}
FIXED = {"low": "", "high": "", "distribution": "fixed"}
MONEY = {"price_base": "2022/23"}
ROWS = {
    "improvement.posts_redundant": {"value": "3", "unit": "fte"} | FIXED,
    "improvement.redundancy_age": {"value": "30", "unit": "years"} | FIXED,
    "improvement.redundancy_service": {"value": "1", "unit": "years"} | FIXED,  # too short for redundancy pay
    "improvement.redundancy_weekly_pay": {"value": "500", "unit": "GBP/week"} | FIXED | MONEY,
    "improvement.redundant_post_cost_annual": {"value": "36500", "unit": "GBP/fte"} | FIXED | MONEY,
    "improvement.redundancy_after_months": {"value": "3", "unit": "months"} | FIXED,
}


def test_three_posts_that_end_in_april_2023_are_saved_from_then_on(tmp_path):
    case = load(tmp_path, assumptions=ROWS, files=RULES)
    own = evaluated(case).standalone("improvement")
    assert yearly(case, line(own, "Posts that end", INVESTMENT), "2022/23") == 0
    assert yearly(case, line(own, "Posts that end", INVESTMENT), "2023/24") == pytest.approx(3 * 36_500)
