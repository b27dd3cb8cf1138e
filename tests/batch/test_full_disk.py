"""A disk that is full and one that cannot be written: one clear message, and the others finish."""

import shutil
import subprocess
from pathlib import Path

import pytest

from model.batch import store
from model.batch.jobs import Job, run_jobs, summary

WORK = """
def write(context):
    (context.folder / "annual.csv").write_bytes(b"x" * context.job.arguments["bytes"])
"""


@pytest.fixture
def work(tmp_path, monkeypatch):
    (tmp_path / "planted_disk.py").write_text(WORK)
    monkeypatch.syspath_prepend(tmp_path)
    return "planted_disk:write"


def disk(place: Path, options: str):
    """A small file system of its own at ``place``; skips where that is not allowed."""
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if mount is None or umount is None:
        pytest.skip("no mount command")
    place.mkdir()
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", options, "tmpfs", str(place)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip(f"cannot mount a small file system: {done.stderr.strip()}")
    return lambda: subprocess.run([umount, "-l", str(place)], check=True)


def job(out: Path, name: str, work: str, size: int) -> Job:
    folder = out / "case" / name
    return Job(case="case", scenario=name, folder=folder, made_from={"n": "1"}, work=work, arguments={"bytes": size})


def test_a_full_disk_fails_what_does_not_fit_and_the_others_finish(tmp_path, work):
    out = tmp_path / "outputs"
    unmount = disk(out, "size=1m")
    try:
        sizes = {"small-1": 1000, "large": 4_000_000, "small-2": 1000}
        results = run_jobs([job(out, n, work, size) for n, size in sizes.items()], outputs=out, workers=1)
        assert [r.status for r in results] == ["made", "failed", "made"], summary(results)
        assert "the disk is full" in results[1].error
        assert sorted(p.name for p in (out / "case").iterdir()) == ["small-1", "small-2"]
    finally:
        unmount()


def test_a_disk_that_is_full_from_the_start_is_one_message(tmp_path, work):
    out = tmp_path / "outputs"
    unmount = disk(out, "size=64k")
    try:
        (out / "filler").write_bytes(b"x" * 60_000)
        with pytest.raises(store.OutputError, match="the disk is full"):
            run_jobs([job(out, "a", work, 10), job(out, "b", work, 10)], outputs=out)
    finally:
        unmount()


def test_a_read_only_folder_is_one_message(tmp_path, work):
    out = tmp_path / "outputs"
    unmount = disk(out, "size=64k,ro")
    try:
        with pytest.raises(store.OutputError, match=r"cannot be written .*--outputs"):
            run_jobs([job(out, "a", work, 10), job(out, "b", work, 10)], outputs=out)
    finally:
        unmount()


def test_one_scenario_whose_place_cannot_be_written_does_not_stop_the_others(tmp_path, work):
    out = tmp_path / "outputs"
    out.mkdir()
    (out / "blocked").write_text("a file where the case's folder should be")
    blocked = Job(
        case="blocked", scenario="a", folder=out / "blocked" / "a", made_from={}, work=work, arguments={"bytes": 1}
    )
    results = run_jobs([blocked, job(out, "b", work, 10)], outputs=out, workers=1)
    assert [r.status for r in results] == ["failed", "made"], summary(results)
    assert "blocked" in results[0].error
