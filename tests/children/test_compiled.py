"""When the compiled loop has to be made, and that a report never waits for it."""

import os
import sys

from model.children import compiled

TAG = f"py{sys.version_info[0]}{sys.version_info[1]}"


def test_an_index_counts_only_for_this_python_and_if_it_is_no_older_than_the_source(tmp_path, monkeypatch):
    source, folder = tmp_path / "kernel.py", tmp_path / "__pycache__"
    source.touch()
    folder.mkdir()
    monkeypatch.setattr(compiled, "SOURCE", source)
    assert not compiled._kept_in(folder)
    (folder / "kernel.project_lanes-1.py20.nbi").touch()
    assert not compiled._kept_in(folder)
    index = folder / f"kernel.project_lanes-1.{TAG}.nbi"
    index.touch()
    os.utime(source, (1e9, 1e9))
    assert compiled._kept_in(folder)
    os.utime(index, (1e9 - 1, 1e9 - 1))
    assert not compiled._kept_in(folder)


def test_making_ready_what_is_ready_says_nothing(capsys):
    compiled.make_ready()
    capsys.readouterr()
    assert not compiled.make_ready()
    assert capsys.readouterr().err == ""
