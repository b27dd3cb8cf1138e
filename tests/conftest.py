"""Tests that are known to be red: each is listed with its reason in `known_red.txt`, and is an open fault.

They run, and do not stop a landing; whoever mends one takes its line away. Nothing else belongs in that file.
"""

from pathlib import Path

import pytest

LISTED = (Path(__file__).parent / "known_red.txt").read_text(encoding="utf-8").splitlines()
KNOWN_RED = [line.split(" | ", 1) for line in LISTED if line and not line.startswith("#")]


def pytest_collection_modifyitems(items):
    for item in items:
        for name, reason in KNOWN_RED:
            if item.nodeid == name or (name.endswith("*") and item.nodeid.startswith(name[:-1])):
                item.add_marker(pytest.mark.xfail(reason=reason, strict=False))
                break
