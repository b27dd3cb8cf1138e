"""What is left out or put off while others are imported is there for whoever asks for it later."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def told(program: str) -> list[str]:
    """The lines that a program of its own process prints."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_module_that_is_put_off_is_loaded_when_something_is_asked_of_it():
    program = """
import sys
from model.batch import lean
with lean.imports():
    import papermill.iorw
print(lean.is_put_off(sys.modules["requests"]), "requests.api" in sys.modules)
print(callable(papermill.iorw.requests.get), "requests.api" in sys.modules, lean.is_put_off(sys.modules["requests"]))
"""
    assert told(program) == ["True", "False", "True", "True", "False"]


def test_a_module_that_is_absent_for_one_import_is_there_for_the_next(tmp_path):
    (tmp_path / "isoduration.py").write_text("here = True\n")
    program = f"""
import sys
sys.path.insert(0, {str(tmp_path)!r})
from model.batch import lean
try:
    with lean.imports():
        import isoduration
except ModuleNotFoundError as error:
    print(error.name)
import isoduration
print(isoduration.here, len([finder for finder in sys.meta_path if type(finder).__module__ == "model.batch.lean"]))
"""
    assert told(program) == ["isoduration", "True", "0"]


def test_taking_the_state_of_a_worker_loads_nothing_that_is_put_off():
    program = """
import sys
from model.batch import lean
from model.batch import render
guard = render.warm_up(("numpy",), ["model.batch.plain:plain_exporter"])
guard.restore()
print(sorted(name for name in lean.LATER if lean.is_put_off(sys.modules[name])), lean.ABSENT & set(sys.modules))
"""
    assert told(program) == ["['requests',", "'soupsieve']", "frozenset()"]
