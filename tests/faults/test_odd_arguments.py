"""Bad usage is status 2 and a sentence, for every command: no traceback, and no input is touched."""

import shlex

import pytest

from model.__main__ import main
from tests.cases import write_case
from tests.demand.synthetic import write_tables

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
track CASE --dfe FOLDER
track CASE --authority Northby
track CASE --plan 0
excel CASE --out ""
excel CASE --out FOLDER/x.csv
new x --blank --schemes agency,agency --inputs FOLDER
new CON --blank --schemes agency --inputs FOLDER
new a/b --blank --schemes agency --inputs FOLDER
new x --blank --schemes nosuch --inputs FOLDER
run CASE --draws 0
run CASE --draws 99999999999999999999
run CASE --draws 1e3
run CASE --set =
run CASE --set fostering.fill_rate
run CASE --set fostering.fill_rate=nan
run CASE --set nosuch.name=1
run CASE --jobs 0 --draws 1
run CASE --timeout nan --draws 1
run CASE --engine ray
run CASE --scheduler tcp://127.0.0.1:1 --draws 1
run CASE --scenario ../base
run ""
check ""
check FOLDER/..
reconcile ""
diff "" ""
diff CASE CASE
sweep CASE --grid fostering.fill_rate=1:0:0.1
sweep CASE --grid fostering.fill_rate=0:1:0
sweep CASE --grid fostering.fill_rate=0:1:1e-9
sweep CASE --grid fostering.fill_rate=0.5 --grid fostering.fill_rate=0.6
sweep CASE --grid nosuch=1
sweep CASE
import ""
import FILE --posts CASE --map post=a --map post=b
demand --authority x --dfe ""
demand --authority x --ssda903 FOLDER
freeze CASE --on 0000-01-01
freeze CASE --scenario ""
options CASE --draws 0
dictionary x
clean-notebooks ""
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


def test_a_file_is_not_replaced_by_a_folder_of_its_name(tmp_path, capsys):
    (tmp_path / "tables").mkdir()
    (tmp_path / "report").write_text("mine", encoding="utf-8")
    asked = ["demand", "--authority", "Northby", "--dfe", str(write_tables(tmp_path / "tables"))]
    assert main([*asked, "--out", str(tmp_path / "report")]) == 2
    assert "report: a file stands there" in capsys.readouterr().err
    assert (tmp_path / "report").read_text(encoding="utf-8") == "mine"


def test_an_authority_that_the_tables_do_not_have_is_a_sentence(tmp_path, capsys):
    (tmp_path / "tables").mkdir()
    folder, tables = write_case(tmp_path), write_tables(tmp_path / "tables")
    assert main(["freeze", str(folder), "--draws", "50"]) == 0
    assert main(["track", str(folder), "--dfe", str(tables), "--authority", "Nowhere"]) == 2
    assert "--authority 'Nowhere': not in the tables" in capsys.readouterr().err


def test_an_empty_path_is_not_the_folder_one_stands_in(tmp_path, monkeypatch, capsys):
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "metrics.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    for line in (["diff", "", ""], ["run", "--outputs", " "]):
        with pytest.raises(SystemExit) as stop:
            main(line)
        assert stop.value.code == 2
        assert "expected a file or a folder" in capsys.readouterr().err
