"""Every command leaves what it writes whole or not at all, and says in a sentence why it could not."""

import errno

import pandas as pd
import pytest

from model.__main__ import main
from model.batch import remote
from model.commands import demand
from model.demand import new_case
from tests.cases import write_case
from tests.demand.synthetic import write_tables


def test_outputs_among_inputs_are_refused(tmp_path, capsys):
    folder = write_case(tmp_path)
    for place in (folder.parent, folder, folder / "scenarios"):
        assert main(["run", str(folder), "--outputs", str(place)]) == 2
        assert "it holds inputs" in capsys.readouterr().err
    assert not list(folder.parent.rglob("*.lock"))


def test_a_full_disk_is_one_sentence_and_the_old_file_stays(tmp_path, capsys, monkeypatch):
    (tmp_path / "a.csv").write_text("old", encoding="utf-8")
    frame = pd.DataFrame({"a": [1]})

    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device", "a.csv")

    monkeypatch.setattr("model.batch.disk.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        demand.write_csv(frame, tmp_path / "a.csv")
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == "old"
    monkeypatch.setattr("model.commands.check.check", lambda _paths, **_: full(0))
    assert main(["check"]) == 1
    assert "the disk is full" in capsys.readouterr().err


def test_a_new_case_that_fails_half_way_leaves_nothing(tmp_path, monkeypatch):
    def broken(folder):
        assert (folder / "caseload.csv").is_file()
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "dfe").mkdir()
    monkeypatch.setattr(new_case, "load_case", broken)
    with pytest.raises(OSError, match="No space left"):
        new_case.make_case("northby", "Northby", write_tables(tmp_path / "dfe"), year=None, inputs=tmp_path / "inputs")
    assert not list((tmp_path / "inputs").iterdir())


def test_a_worker_that_has_loaded_other_code_refuses(monkeypatch):
    remote._loaded.cache_clear()
    monkeypatch.setattr(remote, "package_hash", lambda: "as it was")
    assert remote.do_as_loaded("operator:neg", 1, "as it was").value == -1
    monkeypatch.setattr(remote, "package_hash", lambda: "after the change")
    assert "restart the workers" in remote.do_as_loaded("operator:neg", 1, "after the change").error
    remote._loaded.cache_clear()
