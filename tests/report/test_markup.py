"""Text into HTML: every character of Unicode is treated as its category and its direction say."""

import html
import sys
import unicodedata

import pytest

from model.report.look import markup

DIRECTIONS = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def shown(character):
    """What stands for a character: control characters and half characters are replaced."""
    hidden = character not in "\n\t" and unicodedata.category(character) in {"Cc", "Cs"}
    return "\N{REPLACEMENT CHARACTER}" if hidden else html.escape(character)


@pytest.mark.parametrize("block", range(0, sys.maxunicode + 1, 0x10000))
def test_every_character(block):
    every = [chr(i) for i in range(block, block + 0x10000)]
    assert markup.attribute("".join(every)) == "".join(shown(c) for c in every if c not in DIRECTIONS)
    for c in every if not block else every[::97]:
        turned = unicodedata.bidirectional(c) in {"R", "AL", "AN"} or c in DIRECTIONS
        assert markup.escape(c) == (f"<bdi>{shown(c)}</bdi>" if turned else shown(c))
