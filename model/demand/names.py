"""An authority by any of the names and codes that people know it by."""

import re
from collections.abc import Iterable
from typing import Final

from model.case.reading.problems import InputProblems
from model.case.spelling import nearest
from model.demand.codes import canonical, mapped
from model.demand.dfe import DfeTables

_NAMED: Final = 5  # names that a message gives where none is near
_STYLES: Final = re.compile(
    r"^(?:the )?(?:(?:london|royal|metropolitan)(?: borough)?|city|county|borough)(?: council)? of |"
    r",? (?:city|county) of$| (?:(?:metropolitan |county |city |unitary )?(?:borough |district )?"
    r"(?:council|authority)|county|borough)$"
)


def find_authority(tables: DfeTables, name: str) -> tuple[str, str]:
    """Return (authority, region) as the tables spell them, found by name or code.

    A name need not be DfE's: "London Borough of Camden", "Telford & Wrekin" and "Bristol" are known, and so is the
    first part of a name that only one authority has. InputProblems answers an abolished authority with its successors,
    an unknown one with the nearest names.
    """
    rows = tables.totals[tables.totals["level"] == "authority"]
    region = dict(zip(rows["authority"], rows["region"], strict=True))
    gone = mapped("authority_successors.csv", "name", "successors")
    known = tables.codes.get(name.strip().lower()) or named(name, {*region, *gone})
    if known is not None and known in region and (known not in gone or known in tables.authorities):
        return known, str(region[known])
    near = nearest(name, list(region))
    if known is not None and known in gone:
        near = f"it was abolished; its successors are {gone[known]}"
    some = sorted(region)
    rest = f" and {len(some) - _NAMED} more" if len(some) > _NAMED else ""
    hint = f"; {near}" if near else f"; it holds {', '.join(some[:_NAMED])}{rest}"
    raise InputProblems([f"--authority {name!r}: not in {tables.files.get('totals', 'the tables')}{hint}"])


def named(name: str, names: Iterable[str]) -> str | None:
    """Return the one of `names` that is meant: the same but for its style, or the only one that begins so."""
    plain = {known: _plain(known) for known in names}
    wanted = _plain(canonical(canonical(name) if canonical(name) != name.strip() else _plain(name)))
    same = [known for known, short in plain.items() if short == wanted]
    begins = [known for known, short in plain.items() if short.startswith(f"{wanted} ")]
    found = same or begins
    return found[0] if len(found) == 1 else None


def _plain(name: str) -> str:
    """Return a name without its style: no "London Borough of", no "Council", and "and" for "&"."""
    lowered = re.sub(r"[.']", "", name.lower().replace("&", " and ").replace("-", " "))
    return _STYLES.sub("", _STYLES.sub("", re.sub(r"\s+", " ", lowered).strip()).strip()).strip()
