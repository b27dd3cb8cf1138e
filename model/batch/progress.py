"""What a run says while it goes: a bar on a terminal, lines of JSON for machines, otherwise nothing."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from tqdm import tqdm

from model.batch.job import Job, JobResult
from model.batch.store import OutputError, explain

TOLD = ("seconds", "cells_cpu_seconds", "work_cpu_seconds", "cpu_seconds", "why", "error", "cell")
"""What the log says of a job beside its name."""


def bar_of(total: int, *, done: int = 0, unit: str, title: str, show: bool | None) -> tqdm[Any]:
    """A bar over equal pieces of work; ``show`` None means: only where standard error is a terminal."""
    hidden = None if show is None else not show
    return tqdm(total=total, initial=done, unit=unit, desc=title, file=sys.stderr, smoothing=0.1, disable=hidden)


class Progress:
    """A run's bar and log. Use as a context manager."""

    def __init__(self, *, total: int, fresh: int, show: bool | None = None, log_json: Path | None = None) -> None:
        """``show`` None means: only where standard error is a terminal.

        Raises OutputError where the log cannot be written, before there is anything to lose.
        """
        self._counts = {"made": 0, "failed": 0, "fresh": fresh}
        self._started = time.monotonic()
        self._log: IO[str] | None = None
        if log_json is not None:
            try:
                self._log = log_json.open("a", encoding="utf-8", newline="\n")
            except OSError as error:
                raise OutputError(f"--log-json {explain(error, log_json)}") from error
        self._write("begin", to_make=total, fresh=fresh)
        self._bar = bar_of(total, unit="report", title="Reports", show=show if total else False)
        self._bar.set_postfix(failed=0, refresh=False)

    def __enter__(self) -> Self:
        """Show an empty bar."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the bar and the log."""
        self._bar.close()
        seconds = round(time.monotonic() - self._started, 3)
        outcome = "stopped" if kind else "failed" if self._counts["failed"] else "complete"
        self._tell("end", outcome=outcome, **self._counts, seconds=seconds)
        self._end_log()

    def started(self, job: Job) -> None:
        """A job was handed to a kernel."""
        self._tell("start", case=job.case, scenario=job.scenario)

    def done(self, result: JobResult) -> None:
        """A job has a result."""
        told = {field: getattr(result, field) for field in TOLD}
        self._tell(result.status, case=result.job.case, scenario=result.job.scenario, **told)
        if result.status == "fresh":
            return
        self._counts[result.status] += 1
        if result.status == "failed" and not self._bar.disable:
            self._bar.write(f"FAILED {result.message.splitlines()[0]}", file=sys.stderr)
        self._bar.set_postfix(failed=self._counts["failed"], refresh=False)
        self._bar.update()

    def _tell(self, event: str, **what: object) -> None:
        """Add a line to the log; if it cannot be written any more, say so once and make the reports without it."""
        try:
            self._write(event, **what)
        except OutputError as error:
            tqdm.write(f"{error} The reports are made all the same; nothing more is logged.", file=sys.stderr)

    def _write(self, event: str, **what: object) -> None:
        """Add a line to the log, which ends where that fails."""
        if self._log is None:
            return
        when, name = datetime.now(UTC).isoformat(timespec="milliseconds"), self._log.name
        try:
            self._log.write(json.dumps({"time": when, "event": event, **what}) + "\n")
            self._log.flush()
        except OSError as error:
            self._end_log()
            raise OutputError(
                f"--log-json {name}: cannot be written ({error.strerror or error}); expected a file with room for a "
                "line an event: name another, or leave it out."
            ) from error

    def _end_log(self) -> None:
        """Close the log; what it still holds after a failed write is let go."""
        if self._log is not None:
            with contextlib.suppress(OSError):
                self._log.close()
            self._log = None
