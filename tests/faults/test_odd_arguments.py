"""Bad usage is status 2 and a sentence, for every command: no traceback, and no input is touched."""

import shlex

import pytest

from model.__main__ import main
from tests.cases import write_case

ODD = """
run NOCASE
run /
run CASE --outputs FILE --draws 1 --scenario base
run CASE --outputs FILE/x --draws 1 --scenario base
run CASE --outputs /dev/null/x --draws 1 --scenario base
run CASE --seed -1
run CASE --log-json FILE/x
check FILE
check FOLDER --mend
check FOLDER --impact
reconcile NOCASE
reconcile FILE
diff FOLDER FILE
diff / /
diff /dev/null NOWHERE
sweep NOCASE --grid a=1
sweep CASE --grid =1
sweep CASE --from FOLDER
sweep CASE --from FILE
sweep CASE --grid fostering.fill_rate=0.5 --out FILE/x.parquet
sweep CASE --grid fostering.fill_rate=0.5 --outputs FILE
excel NOCASE
excel /
excel CASE --out FILE/x.xlsx
excel CASE --out FOLDER
excel CASE --out NOWHERE/x.xlsx
import NOWHERE
import FOLDER
import FILE
import FILE --posts NOCASE
import FILE --posts FOLDER
import FILE --posts CASE
import NOWHERE --posts CASE
import FILE --posts CASE --map x
import FILE --posts CASE --map =
demand --authority x
demand --authority x --dfe /
demand --authority x --dfe FILE
demand --authority x --ssda903 /
demand --authority x --ssda903 / --actuals CASE
demand --authority x --ssda903 FOLDER --actuals FOLDER
new x
new .. --blank --schemes agency --inputs FOLDER
new x --blank --schemes , --inputs FOLDER
new x --blank --schemes agency --inputs FILE
new x --from / --inputs FOLDER
new x --authority a --dfe / --inputs FOLDER
backtest --dfe /
backtest --dfe FOLDER --holdout -3
backtest --dfe FOLDER --holdout 0
freeze FOLDER
freeze CASE --scenario nosuch
freeze CASE --on 2022-13-01
freeze CASE --change-below nan
freeze CASE --change-below 2
freeze CASE --stop-below -1
freeze CASE --seed -1
track FILE
track CASE --plan 99
track CASE --outputs CASE
options NOCASE
options CASE --scenario nosuch
options CASE --seed -1
options CASE --outputs CASE
clean-notebooks NOWHERE
clean-notebooks FOLDER
"""


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """What the words in capitals stand for: a sound case, an empty folder, a file that is no table, and no file."""
    folder = tmp_path_factory.mktemp("odd")
    found = {"CASE": write_case(folder), "FOLDER": folder / "empty", "FILE": folder / "file", "NOWHERE": folder / "no"}
    found["FOLDER"].mkdir()
    found["FILE"].write_bytes(b"\xff\xfe\x00odd")
    return found


@pytest.mark.parametrize("line", ODD.strip().splitlines())
def test_an_odd_argument_is_status_2_and_a_sentence(places, capsys, line):
    before = {path: path.is_file() and path.read_bytes() for path in places["CASE"].parent.rglob("*")}
    for word, path in places.items():
        line = line.replace(f" {word}", f" {path}")
    try:
        status = main(shlex.split(line))
    except SystemExit as stop:  # the parser's own refusal
        status = stop.code
    said = capsys.readouterr()
    assert status == 2, said
    assert 0 < len((said.err or said.out).strip().splitlines()) < 12, said
    assert {path: path.is_file() and path.read_bytes() for path in places["CASE"].parent.rglob("*")} == before


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"[]", b"{}", b'{"cells": 3}'])
def test_what_is_no_notebook_is_named_and_left(tmp_path, capsys, content):
    (tmp_path / "odd.ipynb").write_bytes(content)
    assert main(["clean-notebooks", str(tmp_path / "odd.ipynb")]) == 1
    assert "restore it from git" in capsys.readouterr().out
    assert (tmp_path / "odd.ipynb").read_bytes() == content
