"""`python -m benchmarks [NAME ...]`: run the benchmarks in this folder, all of them unless named.

A benchmark is a module here with a function `main(arguments: list[str]) -> None` that prints a table. From the first
option on all goes to it: `python -m benchmarks reports --scenarios 5`, with or without a `--` between.
"""

from __future__ import annotations

import importlib
import platform
import sys
import time
from importlib.metadata import version
from os import cpu_count
from pathlib import Path


def found() -> list[str]:
    """Names of the benchmarks."""
    folder = Path(__file__).parent  # read, not imported: one benchmark's libraries are no part of another's memory
    return sorted(p.stem for p in folder.glob("[!_]*.py") if "\ndef main(" in p.read_text(encoding="utf-8"))


def main(arguments: list[str]) -> int:
    """Run the benchmarks asked for; 2 if one of them is unknown."""
    cut = next((i for i, word in enumerate(arguments) if word.startswith("-")), len(arguments))
    asked, passed_on = arguments[:cut], arguments[cut:]
    passed_on = passed_on[1:] if passed_on[:1] == ["--"] else passed_on
    known = found()
    unknown = sorted(set(asked) - set(known))
    if unknown:
        print(f"no benchmark called {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    print(
        f"{platform.system()} {platform.machine()}, {cpu_count()} processors, Python {platform.python_version()}, "
        f"numpy {version('numpy')}, matplotlib {version('matplotlib')}"
    )
    for name in asked or known:
        module = importlib.import_module(f"benchmarks.{name}")
        print(f"\n== {name}: {(module.__doc__ or '').strip().splitlines()[0]}", flush=True)
        started = time.perf_counter()
        module.main(passed_on)
        print(f"   ({time.perf_counter() - started:.0f} s)", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
