"""What is on disk after a run, a crash, a second run: whole folders with a record, or nothing."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from model.batch import faults, origins, store


def made(folder: Path, text: str, made_from: dict[str, str]) -> None:
    """Publish a folder of one file."""
    with store.whole(folder, made_from=made_from) as place:
        (place / "report.html").write_text(text)


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_a_published_folder_is_whole_and_fresh_until_an_input_or_a_file_changes(tmp_path):
    folder = tmp_path / "base"
    assert store.why_stale(folder, {"a": "1"}) == "not made yet"
    made(folder, "one", {"a": "1", "seed": "2"})
    assert store.why_stale(folder, {"a": "1", "seed": "2"}) == ""
    assert store.why_stale(folder, {"a": "1", "seed": "3"}) == "changed: seed"
    assert store.why_stale(folder, {"a": "1"}) == "changed: seed"
    (folder / "report.html").write_text("two")
    assert store.why_stale(folder, {"a": "1", "seed": "2"}) == "report.html is not as it was published"
    (folder / "report.html").unlink()
    assert store.why_stale(folder, {"a": "1", "seed": "2"}) == "report.html is missing"
    (folder / store.RECORD).write_text("{")
    assert store.why_stale(folder, {}) == "no record of how it was made"
    assert names(tmp_path) == ["base"]


@pytest.mark.parametrize("swap", [True, False])
def test_publishing_again_replaces_every_file(tmp_path, monkeypatch, swap):
    if not swap:
        monkeypatch.setattr(store, "_exchange", lambda *_: False)
    folder = tmp_path / "base"
    made(folder, "one", {})
    (folder / "left over.txt").write_text("from the first version")
    made(folder, "two", {})
    assert (folder / "report.html").read_text() == "two"
    assert names(folder) == ["report.html", "run.json"]
    assert names(tmp_path) == ["base"]


@pytest.mark.parametrize("swap", [True, False])
@pytest.mark.parametrize("where", ["seal.files", "seal.record", "publish.before", "publish.between", "publish.after"])
def test_a_stop_at_any_named_point_leaves_the_old_or_the_new_folder_and_the_next_run_clears_up(
    tmp_path, monkeypatch, where, swap
):
    if not swap:
        monkeypatch.setattr(store, "_exchange", lambda *_: False)
    folder = tmp_path / "base"
    made(folder, "one", {"a": "1"})
    monkeypatch.setenv(faults.VARIABLE, f"{where}=raise")
    with pytest.raises(faults.InjectedError):
        made(folder, "two", {"a": "2"})
    monkeypatch.delenv(faults.VARIABLE)
    store.recover(tmp_path)
    assert names(tmp_path) == ["base"]
    text = (folder / "report.html").read_text()
    record = store.read_record(folder)
    assert (text, record["made_from"]["a"]) in {("one", "1"), ("two", "2")}
    assert store.why_stale(folder, record["made_from"]) == ""


def test_recover_never_picks_up_an_unsealed_folder(tmp_path):
    place = tmp_path / f"{store.NEW}base-1-0123"
    place.mkdir()
    (place / "report.html").write_text("half")
    (tmp_path / f"{store.OLD}base-0123").mkdir()
    store.recover(tmp_path)
    assert names(tmp_path) == []


def test_a_file_written_whole_replaces_the_earlier_one_and_a_failure_leaves_it(tmp_path, monkeypatch):
    path = tmp_path / "index.html"
    store.write_whole(path, b"one")
    store.write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    monkeypatch.setattr(store.os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        store.write_whole(path, b"three")
    assert path.read_bytes() == b"two"
    assert names(tmp_path) == ["index.html"]


@pytest.mark.parametrize("kept", [False, True])
def test_a_folder_written_whole_takes_the_old_ones_place_and_a_failure_leaves_it(tmp_path, kept):
    (tmp_path / "it").mkdir()
    (tmp_path / "it" / "old").write_text("old")
    (tmp_path / "link").symlink_to("it", target_is_directory=True)

    def half_way():
        with store.whole(tmp_path / "link", kept=kept) as place:
            (place / "new").write_text("half")
            raise ValueError("half way")

    with pytest.raises(ValueError, match="half way"):
        half_way()
    assert names(tmp_path) == ["it", "link"]
    assert names(tmp_path / "it") == ["old"]
    with store.whole(tmp_path / "link", kept=kept) as place:
        (place / "new").write_text("whole")
    assert names(tmp_path / "it") == (["new", "old"] if kept else ["new"])
    assert (tmp_path / "link").is_symlink()
    with pytest.raises(OSError, match="Not a directory"), store.whole(tmp_path / "it" / "new" / "x"):
        pass


def test_fingerprint_names_files_relative_to_the_project_and_changes_with_their_bytes(tmp_path):
    file = tmp_path / "inputs" / "a.csv"
    file.parent.mkdir()
    file.write_bytes(b"1")
    one = origins.fingerprint(files=[file], root=tmp_path, values={"seed": 1}, shared={"package": "x"})
    assert list(one) == ["inputs/a.csv", "package", "seed"]
    file.write_bytes(b"2")
    two = origins.fingerprint(files=[file], root=tmp_path, values={"seed": 1}, shared={"package": "x"})
    assert {name for name in one if one[name] != two[name]} == {"inputs/a.csv"}


def test_package_hash_follows_the_sources(tmp_path):
    (tmp_path / "a.py").write_text("x = 1")
    before = origins.package_hash(tmp_path)
    (tmp_path / "a.py").write_text("x = 2")
    assert origins.package_hash(tmp_path) != before
    assert "python" in origins.versions()


HOLD = """
import sys, time
from pathlib import Path
from model.batch import store
with store.locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_is_told_that_the_folder_is_held_and_a_killed_holder_lets_go(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    try:
        assert process.stdout.readline() == "held\n"
        said = []
        with (
            pytest.raises(store.OutputError, match="another run is writing here"),
            store.locked(tmp_path, wait_seconds=0.3, notify=said.append),
        ):
            pass
        assert "waiting" in said[0]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    with store.locked(tmp_path, wait_seconds=5):
        pass


def test_a_waiting_run_goes_on_when_the_other_ends(tmp_path):
    order, held, go = [], threading.Event(), threading.Event()

    def first() -> None:
        with store.locked(tmp_path):
            held.set()
            go.wait(10)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    held.wait(10)
    with store.locked(tmp_path, wait_seconds=30, notify=lambda _: go.set()):
        order.append("second")
    thread.join()
    assert order == ["first", "second"]


def test_a_folder_that_cannot_be_made_is_one_clear_message(tmp_path):
    (tmp_path / "outputs").write_text("a file, not a folder")
    with pytest.raises(store.OutputError, match="outputs"), store.locked(tmp_path / "outputs"):
        pass
    assert "disk is full" in store.explain(OSError(28, "No space left on device"), tmp_path)
    assert "--outputs" in store.explain(OSError(30, "Read-only file system"), tmp_path)


def test_the_record_holds_no_time(tmp_path):
    made(tmp_path / "one", "x", {"a": "1"})
    made(tmp_path / "two", "x", {"a": "1"})
    one, two = ((tmp_path / n / store.RECORD).read_bytes() for n in ("one", "two"))
    assert one == two
    assert set(json.loads(one)) == {"schema", "made_from", "files"}
