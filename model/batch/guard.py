"""Put a worker process back as it was, so that nothing leaks from one notebook into the next.

What can be put back is put back (``Guard.restore``). What cannot (a thread left running, a standard library function
swapped for another) is reported by name, and the worker that saw it is replaced by a new one.
"""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import decimal
import functools
import gc
import importlib
import locale
import logging
import operator
import os
import random
import signal
import socket
import sys
import sysconfig
import threading
import time
import types
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.batch import lean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

SEED = 0
"""Where both unseeded generators start in every notebook, so that a forgotten seed cannot make two runs differ."""

_CODE = (types.FunctionType, types.BuiltinFunctionType, type)
_METHOD = (types.FunctionType, property, classmethod, staticmethod)
_PLAIN = (int, float, str, bool, type(None))
_PATCHED = frozenset(
    {"numpy", "pandas", "matplotlib", "collections", "csv", "datetime", "decimal", "io", "json", "logging", "math"}
    | {"pathlib", "random", "re", "statistics", "string", "tempfile", "textwrap"}
)
"""Where people swap methods and set constants, which are put back."""
_WATCHED_CLASSES = (
    "pandas.DataFrame",
    "pandas.Series",
    "pandas.Index",
    "matplotlib.figure.Figure",
    "matplotlib.axes.Axes",
)
_LISTS = ("path", "argv", "meta_path", "path_hooks")
_STREAMS = ("stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__")
_BOOKKEEPING = frozenset(
    # the last is pickle's, when it first meets an object of the class
    {"__dict__", "__weakref__", "__abstractmethods__", "_abc_impl", "__annotations__", "__doc__", "__slotnames__"}
)
_LAZY = frozenset({"draw_if_interactive", "show", "new_figure_manager", "_backend_mod"})
_SIGNALS = ("SIGINT", "SIGTERM", "SIGALRM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGPIPE", "SIGCHLD", "SIGABRT")


@dataclass(kw_only=True)
class Guard:
    """The state of a process at one moment, and the way back to it."""

    builtins_back: Callable[[], object] = lambda: None
    undo: list[Callable[[], object]] = field(default_factory=list)
    modules: dict[str, types.ModuleType] = field(default_factory=dict)
    code: dict[str, dict[str, object]] = field(default_factory=dict)
    plain: dict[str, dict[str, object]] = field(default_factory=dict)
    methods: list[tuple[type, tuple[object, ...], dict[str, object]]] = field(default_factory=list)
    classes: list[tuple[type, dict[str, object]]] = field(default_factory=list)
    threads: frozenset[int] = frozenset()
    own: str = __package__.partition(".")[0]

    @classmethod
    def take(cls) -> Guard:
        """Remember the process as it is now."""
        guard = cls(modules=dict(sys.modules), threads=frozenset(t.ident or 0 for t in threading.enumerate()))
        guard.builtins_back = _builtins()
        guard.undo = [
            *_interpreter(),
            *_standard_library(),
            *_numpy(),
            *_pandas(),
            *_matplotlib(),
            *_own_modules(guard.own),
        ]
        guard.code = {
            name: _of_kind(vars(module), _CODE)
            for name, module in guard.modules.items()
            if not name.startswith(("_pytest", "__mp_main__", "__main__"))
            and not lean.is_put_off(module)
            and hasattr(module, "__dict__")
        }
        patched = {name: guard.modules[name] for name in guard.code if name.partition(".")[0] in _PATCHED}
        guard.plain = {
            name: {key: value for key, value in vars(module).items() if type(value) in _PLAIN and key[0] != "_"}
            for name, module in patched.items()
        }
        guard.methods = [
            (item, tuple(vars(item).values()), _of_kind(vars(item), _METHOD)) for item in _classes(patched)
        ]
        watched = [_lookup(name) for name in _WATCHED_CLASSES if name.rpartition(".")[0] in sys.modules]
        guard.classes = [(item, dict(vars(item))) for item in [*watched, *_own_classes(guard.own, guard.modules)]]
        return guard

    def reset(self) -> list[str]:
        """Put settings back, before a notebook: since the last one was cleared away only our own code has run.

        Returns what could not be put back.
        """
        doubts = []
        for step in (self.builtins_back, *self.undo):
            try:
                step()
            except Exception as error:  # noqa: BLE001 - one that fails must not keep the others from being put back
                doubts.append(f"not to be put back ({type(error).__name__}: {error})")
        return doubts

    def restore(self) -> list[str]:
        """Put everything back, after a notebook; name what it did that leaves the process in doubt."""
        # First what is called below.
        self.builtins_back()
        doubts = [f"a thread left running ({t.name})" for t in threading.enumerate() if t.ident not in self.threads]
        doubts += self._restore_code()
        doubts += self._restore_methods()
        doubts += self._restore_classes()
        self._restore_plain()
        doubts += self.reset()
        self._restore_modules()
        return doubts + _children_ended()

    def _restore_code(self) -> list[str]:
        """Put back the functions and classes that were swapped in any module loaded at the start."""
        doubts = []
        for name, before in self.code.items():
            space = vars(self.modules[name])
            if _is_as_before(space, before):
                continue
            for key, value in before.items():
                if space.get(key) is value:
                    continue
                space[key] = value
                if key not in _LAZY:
                    doubts.append(f"{name}.{key} was replaced")
        return doubts

    def _restore_methods(self) -> list[str]:
        """Put back the methods of the classes that numpy, pandas, matplotlib and Python define."""
        doubts = []
        for item, everything, before in self.methods:
            if len(vars(item)) == len(everything) and all(map(operator.is_, vars(item).values(), everything)):
                continue
            doubts += _put_back(item, before, _of_kind(vars(item), _METHOD))
        return doubts

    def _restore_plain(self) -> None:
        """Put back the numbers and texts of those modules: a constant, a setting."""
        for name, before in self.plain.items():
            space = vars(self.modules[name])
            if not _is_as_before(space, before):
                space.update(before)

    def _restore_classes(self) -> list[str]:
        """Put back the attributes of the classes people patch."""
        doubts = []
        for item, before in self.classes:
            doubts += _put_back(item, before, vars(item))
        return doubts

    def _restore_modules(self) -> None:
        """Forget modules a notebook made up or found beside itself; keep installed ones, which are only warm."""
        warm = {name.partition(".")[0] for name in self.modules}
        for name, module in list(sys.modules.items()):
            if name.partition(".")[0] not in warm and not _is_installed(name, module):
                del sys.modules[name]
        for name, module in self.modules.items():
            if sys.modules.get(name) is not module:
                sys.modules[name] = module


def _is_as_before(space: Mapping[str, object], before: Mapping[str, object]) -> bool:
    """Whether a module's functions and classes are all the same objects: a quick look, for fifty thousand of them."""
    return all(map(operator.is_, map(space.get, before), before.values()))


def _classes(modules: Mapping[str, types.ModuleType]) -> list[type]:
    """The classes that some modules define."""
    found = {
        value: None
        for name, module in modules.items()
        for value in vars(module).values()
        if type(value) is type and value.__module__ == name
    }
    return list(found)


def _of_kind(space: Mapping[str, object], kinds: tuple[type, ...]) -> dict[str, object]:
    """The entries of some kinds; ``isinstance`` would load a module that is put off to answer."""
    return {key: value for key, value in space.items() if issubclass(type(value), kinds)}


def _own_classes(own: str, modules: Mapping[str, types.ModuleType]) -> list[type]:
    """The classes of our own package, as often as its modules hold them."""
    return [
        value
        for name, module in modules.items()
        if name.partition(".")[0] == own
        for value in vars(module).values()
        if isinstance(value, type) and value.__module__.partition(".")[0] == own
    ]


def _put_back(item: type, before: Mapping[str, object], now: Mapping[str, object]) -> list[str]:
    """Give a class its attributes back; which ones were not as they had been."""
    changed = sorted(k for k in {*before, *now} if now.get(k) is not before.get(k) and not _is_bookkeeping(k))
    for key in changed:
        with contextlib.suppress(AttributeError, TypeError):
            setattr(item, key, before[key]) if key in before else delattr(item, key)
    return [f"{item.__qualname__}.{key} was replaced" for key in changed]


def _children_ended() -> list[str]:
    """End the processes that a notebook left running, and name them; those that had ended are let go."""
    if os.name == "nt":
        return []
    doubts = []
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
        doubts = [f"a process left running ({name})" for name in _end_children()] or ["a process left running"]
    return doubts


def _end_children() -> Iterator[str]:
    """End this process' children, where the system lists them; what each was called."""
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            head, _, rest = place.read_text(errors="replace").rpartition(")")
            if int(rest.split()[1]) == os.getpid():
                os.kill(int(place.parent.name), signal.SIGKILL)
                yield head.partition("(")[2]


def _is_installed(name: str, module: object) -> bool:
    """Whether a module was imported under its own name from the installation."""
    spec = getattr(module, "__spec__", None)
    origin = str(getattr(spec, "origin", None) or "")
    return getattr(spec, "name", "") == name and (origin in {"built-in", "frozen"} or origin.startswith(_homes()))


@functools.cache
def _homes() -> tuple[str, ...]:
    """Folders of the installation."""
    return tuple({str(Path(p).resolve()) for p in (*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix)})


def _is_bookkeeping(key: str) -> bool:
    """Whether Python itself writes this class attribute."""
    return key in _BOOKKEEPING or key.startswith(("__annotate", "__static", "__firstlineno"))


def _lookup(path: str) -> type:
    """The class at a dotted path."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)  # type: ignore[no-any-return]


def _interpreter() -> list[Callable[[], object]]:
    """Working folder, limits and tracing; with ``_environment`` and ``_names``, what belongs to Python itself."""
    folder, recursion, switch = Path.cwd(), sys.getrecursionlimit(), sys.getswitchinterval()
    trace, profile, mask = sys.gettrace(), sys.getprofile(), os.umask(0)
    os.umask(mask)
    return [
        _environment(),
        *_names(),
        lambda: os.chdir(folder),
        lambda: sys.setrecursionlimit(recursion),
        lambda: sys.setswitchinterval(switch),
        lambda: sys.settrace(trace) if sys.gettrace() is not trace else None,
        lambda: sys.setprofile(profile) if sys.getprofile() is not profile else None,
        lambda: os.umask(mask),
        *_limits(),
        _standard_files(),
    ]


def _limits() -> list[Callable[[], object]]:
    """How much memory, how many files and so on this process may use; how long a number may be as text."""
    steps: list[Callable[[], object]] = []
    digits = sys.get_int_max_str_digits()
    steps.append(lambda: sys.set_int_max_str_digits(digits))
    if os.name == "nt":
        return steps
    resource = importlib.import_module("resource")
    numbers = {getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")}
    before = {number: resource.getrlimit(number) for number in numbers}

    def back() -> None:
        for number, limits in before.items():
            if resource.getrlimit(number) != limits:
                resource.setrlimit(number, limits)  # raises where the highest was lowered and we may not raise it

    return [*steps, back]


def _standard_files() -> Callable[[], object]:
    """Complain if what stands behind the numbers 0, 1 and 2 is no longer what it was."""

    def behind(number: int) -> tuple[int, int] | None:
        try:
            state = os.fstat(number)
        except OSError:
            return None
        return state.st_dev, state.st_ino

    before = [behind(number) for number in range(3)]

    def check() -> None:
        if [behind(number) for number in range(3)] != before:
            raise RuntimeError("standard input or output was closed or changed")

    return check


def _environment() -> Callable[[], object]:
    """Environment variables, and the time zone that follows from them."""
    environment = dict(os.environ)

    def back() -> None:
        for name in os.environ.keys() - environment.keys():
            del os.environ[name]
        for name, value in environment.items():
            if os.environ.get(name) != value:
                os.environ[name] = value
        if hasattr(time, "tzset"):
            time.tzset()

    return back


def _names() -> list[Callable[[], object]]:
    """What hangs on ``sys`` and ``builtins``, and the main module that a shell replaces."""
    lists = [(name, getattr(sys, name), list(getattr(sys, name))) for name in _LISTS]
    names = (*_STREAMS, "displayhook", "excepthook", "breakpointhook", "unraisablehook")
    attributes = {name: getattr(sys, name) for name in (*names, "dont_write_bytecode")}
    main = sys.modules["__main__"]

    def lists_back() -> None:
        for name, values, before in lists:
            setattr(sys, name, values)
            if values != before:
                values[:] = before

    def attributes_back() -> None:
        for name, value in attributes.items():
            setattr(sys, name, value)
        if hasattr(sys, "tracebacklimit"):
            del sys.tracebacklimit
        sys.modules["__main__"] = main

    return [lists_back, attributes_back]


def _builtins() -> Callable[[], object]:
    """What every program finds without importing it."""
    spare = dict(vars(builtins))

    def back() -> None:
        space = vars(builtins)
        for name in space.keys() - spare.keys():
            del space[name]
        space.update(spare)

    return back


def _standard_library() -> list[Callable[[], object]]:
    """Generators, decimal, locale, sockets, garbage collection; with ``_logging`` and ``_signals``."""
    place = locale.setlocale(locale.LC_ALL)
    context, timeout = decimal.getcontext().copy(), socket.getdefaulttimeout()
    collecting, thresholds, told = gc.isenabled(), gc.get_threshold(), list(gc.callbacks)
    policy = asyncio.get_event_loop_policy()

    def collector_back() -> None:
        gc.callbacks[:] = told
        gc.set_threshold(*thresholds)
        gc.enable() if collecting else gc.disable()

    def loop_back() -> None:
        with contextlib.suppress(RuntimeError, DeprecationWarning):
            asyncio.set_event_loop_policy(policy)
            asyncio.set_event_loop(None)

    return [
        lambda: random.seed(SEED),
        lambda: decimal.setcontext(context.copy()),
        lambda: locale.setlocale(locale.LC_ALL, place),
        lambda: socket.setdefaulttimeout(timeout),
        collector_back,
        loop_back,
        _logging(),
        _signals(),
    ]


def _logging() -> Callable[[], object]:
    """Every logger's level, handlers and filters."""
    disabled = logging.root.manager.disable

    def all_loggers() -> dict[str, logging.Logger]:
        every = {"": logging.root, **logging.root.manager.loggerDict}
        return {name: item for name, item in every.items() if isinstance(item, logging.Logger)}

    before = {
        name: (item.level, list(item.handlers), list(item.filters), item.propagate, item.disabled)
        for name, item in all_loggers().items()
    }

    names = [(table, dict(table)) for table in (vars(logging)["_levelToName"], vars(logging)["_nameToLevel"])]

    def back() -> None:
        for table, was in names:
            _refill(table, was)
        logging.disable(disabled)
        for name, item in all_loggers().items():
            level, had, filters, item.propagate, item.disabled = before.get(name, (0, [], [], True, False))
            item.setLevel(level)
            item.handlers[:], item.filters[:] = had, filters

    return back


def _signals() -> Callable[[], object]:
    """Signal handlers and the alarm."""
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ()) if hasattr(signal, "pthread_sigmask") else set()
    handlers = {number: signal.getsignal(number) for name in _SIGNALS if (number := getattr(signal, name, None))}

    def back() -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        if hasattr(signal, "setitimer"):
            for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
                signal.setitimer(timer, 0)
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        for number, handler in handlers.items():
            if handler is not None and signal.getsignal(number) is not handler:
                signal.signal(number, handler)

    return back


def _numpy() -> list[Callable[[], object]]:
    """The legacy generator, error handling and print options."""
    if "numpy" not in sys.modules:
        return []
    numpy = importlib.import_module("numpy")
    errors, call, shown, size = numpy.geterr(), numpy.geterrcall(), numpy.get_printoptions(), numpy.getbufsize()
    shown = {key: value for key, value in shown.items() if key != "override_repr"}
    return [
        lambda: numpy.random.seed(SEED),
        lambda: numpy.seterr(**errors),
        lambda: numpy.seterrcall(call),
        lambda: numpy.set_printoptions(**shown, override_repr=None),
        lambda: numpy.setbufsize(size),
    ]


def _pandas() -> list[Callable[[], object]]:
    """Every registered option."""
    if "pandas" not in sys.modules:
        return []
    pandas = importlib.import_module("pandas")
    table = importlib.import_module("pandas._config.config")
    keys = [key for key in vars(table)["_registered_options"] if key not in vars(table)["_deprecated_options"]]
    before = {key: pandas.get_option(key) for key in keys}

    def back() -> None:
        for key, value in before.items():
            if pandas.get_option(key) != value:
                pandas.set_option(key, value)

    return [back]


def _matplotlib() -> list[Callable[[], object]]:
    """Settings, figures, registered colour maps and units."""
    if "matplotlib" not in sys.modules:
        return []
    matplotlib = importlib.import_module("matplotlib")
    settings = dict(matplotlib.rcParams.items())
    maps = set(matplotlib.colormaps)
    registry = importlib.import_module("matplotlib.units").registry
    units = dict(registry)
    tables: list[dict[str, object]] = [
        matplotlib.rcParamsDefault,
        matplotlib.rcParamsOrig,
        importlib.import_module("matplotlib.colors").get_named_colors_mapping(),
        importlib.import_module("matplotlib.style").library,
    ]
    entries = [(table, dict(table.items())) for table in tables]

    def figures_back() -> None:
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close("all")

    def settings_back() -> None:
        dict.update(matplotlib.rcParams, settings)

    def registries_back() -> None:
        for name in set(matplotlib.colormaps) - maps:
            matplotlib.colormaps.unregister(name)
        _refill(registry, units)
        for table, was in entries:
            _refill(table, was)

    return [figures_back, settings_back, registries_back]


def _refill(table: dict[Any, Any], before: Mapping[Any, Any]) -> None:
    """Give a table its entries back, if any has changed; quick where none has."""
    if dict.__eq__(table, before):
        return
    dict.clear(table)
    dict.update(table, before)
    if hasattr(table, "cache"):  # matplotlib's colours remember what they have been asked
        table.cache.clear()


def _own_modules(own: str) -> list[Callable[[], object]]:
    """The model's modules: every attribute, and the contents of those that are lists, dicts or sets."""
    spaces = [
        (vars(module), dict(vars(module)))
        for name, module in sys.modules.items()
        if name.partition(".")[0] == own and not name.startswith(__package__)
    ]
    containers = [
        (value, value.copy())
        for _, before in spaces
        for key, value in before.items()
        if type(value) in {list, dict, set} and not key.startswith("__")
    ]

    def back() -> None:
        for space, before in spaces:
            for key in space.keys() - before.keys():
                if not isinstance(space[key], types.ModuleType):  # a submodule imported late is only warm
                    del space[key]
            space.update(before)
        for value, copy in containers:
            if value != copy:
                value.clear()
                value.extend(copy) if isinstance(value, list) else value.update(copy)

    return [back]
