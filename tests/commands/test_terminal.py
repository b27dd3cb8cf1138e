"""Streams that are shut, full or in another encoding, and Ctrl-C pressed again and again: a line and a status."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from model.__main__ import main
from model.batch import store
from model.batch.jobs import Job, JobResult
from model.batch.progress import Progress
from model.commands import run
from tests.cases import write_case

ROOT = Path(__file__).parents[2]
RUN = [sys.executable, "-m", "model"]

posix = pytest.mark.skipif(os.name == "nt", reason="streams and signals of POSIX")
full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")


def shell(redirections: str, *arguments: object, **settings: str) -> subprocess.CompletedProcess:
    """A command of the model with its streams redirected by a shell."""
    words = [*RUN, *map(str, arguments)]
    return subprocess.run(
        ["sh", "-c", f'"$@" {redirections}', "sh", *words],
        cwd=ROOT, env={**os.environ, **settings}, capture_output=True, text=True, check=False,
    )  # fmt: skip


@posix
@pytest.mark.slow
@pytest.mark.parametrize("redirections", ["2>&-", ">&-", "<&- >&- 2>&-"])
def test_a_run_with_streams_shut_makes_its_reports(tmp_path, redirections):
    case, out = write_case(tmp_path), tmp_path / "out"
    done = shell(redirections, "run", case, "--scenario", "base", "--draws", 1, "--outputs", out)
    assert done.returncode == 0, done
    assert (out / case.name / "base" / "report.html").exists()


@posix
@pytest.mark.parametrize("redirections", [">&-", "<&- >&- 2>&-", "<&- 2>&-"])
def test_the_first_call_with_streams_shut_opens_no_file_in_their_place(redirections):
    words = [sys.executable, "workbook.py", "help"]
    done = subprocess.run(["sh", "-c", f'"$@" {redirections}', "sh", *words], cwd=ROOT, check=False)
    assert done.returncode == 0


@posix
@pytest.mark.parametrize("buffering", ["", "1"])
@full
def test_a_standard_output_that_is_full_is_one_line_and_status_1(tmp_path, buffering):
    done = shell(">/dev/full", "check", write_case(tmp_path), PYTHONUNBUFFERED=buffering)
    assert done.returncode == 1
    assert done.stderr == "standard output cannot be written (No space left on device); what was made is kept\n"
    assert shell("2>/dev/full", "run", tmp_path / "nowhere").returncode == 2


@posix
def test_what_the_terminals_encoding_lacks_is_printed_as_an_escape(tmp_path):
    folder = tmp_path / "\N{LATIN SMALL LETTER O WITH DIAERESIS} ut"
    done = shell("", "sweep", write_case(tmp_path), "--grid", "fostering.fill_rate=0.5", "--out", folder / "s.parquet",
                 "--jobs", 1, PYTHONIOENCODING="ascii")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "xf6 ut" in done.stdout


@posix
@pytest.mark.slow
@pytest.mark.parametrize("wait", ["", "out/.lock", "tmp/kernel-*.json"])
def test_ctrl_c_again_and_again_is_one_line_and_leaves_nothing_behind(tmp_path, wait):
    case = write_case(tmp_path)
    (tmp_path / "tmp").mkdir()
    words = [*RUN, "run", case, "--draws", "200", "--outputs", tmp_path / "out"]
    process = subprocess.Popen(
        list(map(str, words)),
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path / "tmp")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    end = time.monotonic() + 60
    while not list(tmp_path.glob(wait or "out")) and process.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.01)
    for _ in range(5):
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        time.sleep(0.05)
    said, _ = process.communicate(timeout=60)
    assert said == "stopped; what was finished is kept, and the next run makes the rest\n"
    assert process.returncode == 1
    assert not list((tmp_path / "tmp").iterdir())


@full
def test_a_log_that_is_full_is_named_before_anything_runs(tmp_path, capsys):
    case, out = write_case(tmp_path), tmp_path / "out"
    asked = ["run", case, "--scenario", "base", "--draws", 1, "--outputs", out, "--log-json", "/dev/full"]
    assert main(list(map(str, asked))) == 1
    assert "--log-json /dev/full: cannot be written (No space left on device)" in capsys.readouterr().err
    assert not (out / case.name).exists()
    with pytest.raises(store.OutputError, match="--log-json"):
        Progress(total=1, fresh=0, log_json=tmp_path)


def test_a_log_that_fills_up_on_the_way_is_told_once_and_the_run_goes_on(tmp_path, capsys, monkeypatch):
    job = Job(case="c", scenario="s", folder=tmp_path / "s", made_from={})
    log = tmp_path / "log.jsonl"
    with Progress(total=2, fresh=0, show=False, log_json=log) as bar:
        bar.started(job)
        monkeypatch.setattr(bar, "_log", _Full(bar._log))
        bar.done(JobResult(job=job, status="made"))
        bar.done(JobResult(job=job, status="made"))
    assert capsys.readouterr().err.count(f"--log-json {log}: cannot be written (No space left on device)") == 1
    assert [json.loads(text)["event"] for text in log.read_text(encoding="utf-8").splitlines()] == ["begin", "start"]


class _Full:
    """A log whose disk has filled up."""

    def __init__(self, log):
        self.name, self._log = log.name, log

    def write(self, _):
        raise OSError(28, "No space left on device")

    def close(self):
        self._log.close()


def test_inputs_that_became_wrong_meanwhile_are_told_with_status_2(tmp_path, capsys):
    case = write_case(tmp_path)
    (case / "case.toml").write_text("name =", encoding="utf-8")
    assert run._unexpected(case) == 2
    said = capsys.readouterr().err
    assert "exampleshire/case.toml" in said
    assert "its inputs were changed while they were used; mend them and run again" in said


@pytest.mark.parametrize("place", ["nowhere/run.jsonl", "."])
def test_a_log_that_cannot_stand_where_it_is_asked_for_is_bad_usage(tmp_path, capsys, place):
    case, out = write_case(tmp_path), tmp_path / "out"
    assert main(["run", str(case), "--outputs", str(out), "--log-json", str(tmp_path / place)]) == 2
    assert "expected a file to add lines to" in capsys.readouterr().err
    assert not out.exists()
