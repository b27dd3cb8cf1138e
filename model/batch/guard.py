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

from model import lean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SEED = 0
"""Where both unseeded generators start in every notebook, so that a forgotten seed cannot make two runs differ."""

_CODE = (types.FunctionType, types.BuiltinFunctionType, type)
_WATCHED_CLASSES = (
    "pandas.DataFrame",
    "pandas.Series",
    "pandas.Index",
    "matplotlib.figure.Figure",
    "matplotlib.axes.Axes",
)
_BOOKKEEPING = frozenset(
    # the last is pickle's, when it first meets an object of the class
    {"__dict__", "__weakref__", "__abstractmethods__", "_abc_impl", "__annotations__", "__doc__", "__slotnames__"}
)
_LAZY = frozenset({"draw_if_interactive", "show", "new_figure_manager", "_backend_mod"})
_SIGNALS = ("SIGINT", "SIGTERM", "SIGALRM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGPIPE", "SIGCHLD", "SIGABRT")


@dataclass(kw_only=True)
class Guard:
    """The state of a process at one moment, and the way back to it."""

    undo: list[Callable[[], object]] = field(default_factory=list)
    modules: dict[str, types.ModuleType] = field(default_factory=dict)
    code: dict[str, dict[str, object]] = field(default_factory=dict)
    classes: list[tuple[type, dict[str, object]]] = field(default_factory=list)
    threads: frozenset[int] = frozenset()
    own: str = __package__.partition(".")[0]

    @classmethod
    def take(cls) -> Guard:
        """Remember the process as it is now."""
        guard = cls(modules=dict(sys.modules), threads=frozenset(t.ident or 0 for t in threading.enumerate()))
        guard.undo = [
            *_interpreter(),
            *_standard_library(),
            *_numpy(),
            *_pandas(),
            *_matplotlib(),
            *_own_modules(guard.own),
        ]
        guard.code = {
            # not isinstance: a module that is put off would be loaded to answer it
            name: {key: value for key, value in vars(module).items() if issubclass(type(value), _CODE)}
            for name, module in guard.modules.items()
            if not name.startswith(("_pytest", "__mp_main__", "__main__"))
            and not lean.is_put_off(module)
            and hasattr(module, "__dict__")
        }
        watched = [_lookup(name) for name in _WATCHED_CLASSES if name.rpartition(".")[0] in sys.modules]
        own = [
            value
            for name, module in guard.modules.items()
            if name.partition(".")[0] == guard.own
            for value in vars(module).values()
            if isinstance(value, type) and value.__module__.partition(".")[0] == guard.own
        ]
        guard.classes = [(item, dict(vars(item))) for item in [*watched, *own]]
        return guard

    def reset(self) -> None:
        """Put settings back, before a notebook: since the last one was cleared away only our own code has run."""
        for step in self.undo:
            step()

    def restore(self) -> list[str]:
        """Put everything back, after a notebook; name what it did that leaves the process in doubt."""
        doubts = [f"a thread left running ({t.name})" for t in threading.enumerate() if t.ident not in self.threads]
        self.reset()
        doubts += self._restore_code()
        doubts += self._restore_classes()
        self._restore_modules()
        return doubts

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

    def _restore_classes(self) -> list[str]:
        """Put back the attributes of the classes people patch."""
        doubts = []
        for item, before in self.classes:
            now = vars(item)
            changed = [k for k in {*before, *now} if now.get(k) is not before.get(k) and not _is_bookkeeping(k)]
            for key in changed:
                with contextlib.suppress(AttributeError, TypeError):
                    setattr(item, key, before[key]) if key in before else delattr(item, key)
            doubts += [f"{item.__qualname__}.{key} was replaced" for key in sorted(changed)]
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
    ]


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
    paths: list[list[Any]] = [sys.path, sys.argv, sys.meta_path, sys.path_hooks]
    lists = [(values, list(values)) for values in paths]
    names = ("stdin", "stdout", "stderr", "displayhook", "excepthook", "breakpointhook", "unraisablehook")
    attributes = {name: getattr(sys, name) for name in (*names, "dont_write_bytecode")}
    main, spare = sys.modules["__main__"], dict(vars(builtins))

    def lists_back() -> None:
        for values, before in lists:
            if values != before:
                values[:] = before

    def attributes_back() -> None:
        for name, value in attributes.items():
            setattr(sys, name, value)
        if hasattr(sys, "tracebacklimit"):
            del sys.tracebacklimit
        sys.modules["__main__"] = main

    def builtins_back() -> None:
        space = vars(builtins)
        for name in space.keys() - spare.keys():
            del space[name]
        space.update(spare)

    return [lists_back, attributes_back, builtins_back]


def _standard_library() -> list[Callable[[], object]]:
    """Generators, decimal, locale, sockets, garbage collection; with ``_logging`` and ``_signals``."""
    place = locale.setlocale(locale.LC_ALL)
    context, timeout = decimal.getcontext().copy(), socket.getdefaulttimeout()
    collecting, thresholds = gc.isenabled(), gc.get_threshold()

    def collector_back() -> None:
        gc.set_threshold(*thresholds)
        gc.enable() if collecting else gc.disable()

    def loop_back() -> None:
        with contextlib.suppress(RuntimeError, DeprecationWarning):
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

    def back() -> None:
        logging.disable(disabled)
        for name, item in all_loggers().items():
            level, had, filters, item.propagate, item.disabled = before.get(name, (0, [], [], True, False))
            item.setLevel(level)
            item.handlers[:], item.filters[:] = had, filters

    return back


def _signals() -> Callable[[], object]:
    """Signal handlers and the alarm."""
    handlers = {number: signal.getsignal(number) for name in _SIGNALS if (number := getattr(signal, name, None))}

    def back() -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
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

    def figures_back() -> None:
        if "matplotlib.pyplot" in sys.modules:
            sys.modules["matplotlib.pyplot"].close("all")

    def settings_back() -> None:
        dict.update(matplotlib.rcParams, settings)

    def registries_back() -> None:
        for name in set(matplotlib.colormaps) - maps:
            matplotlib.colormaps.unregister(name)
        if dict(registry) != units:
            registry.clear()
            registry.update(units)

    return [figures_back, settings_back, registries_back]


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
