"""The report: what a notebook calls to say its findings, and what turns it into one page.

A notebook uses `open_result` and the sections; the runner `write_index`. Importing this tells
IPython how a case, its assumptions and a result are shown.
"""

from model.report.assumptions import all_assumptions
from model.report.children import caseload
from model.report.drivers import risk
from model.report.headlines import at_a_glance
from model.report.index import compare_scenarios, write_index
from model.report.look.page import Block, show
from model.report.opening import group_of, open_case, open_result
from model.report.posts import people
from model.report.purses import funding
from model.report.reconciliation import published
from model.report.sections import appendix, proposal, provenance_block, savings
from model.report.shown import register
from model.report.specification import structure
from model.results.perimeters import main_perimeter

__all__ = [
    "Block",
    "all_assumptions",
    "appendix",
    "at_a_glance",
    "caseload",
    "compare_scenarios",
    "funding",
    "group_of",
    "main_perimeter",
    "open_case",
    "open_result",
    "people",
    "proposal",
    "provenance_block",
    "published",
    "risk",
    "savings",
    "show",
    "structure",
    "write_index",
]

register()
