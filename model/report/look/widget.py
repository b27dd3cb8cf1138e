"""What a reader can work with inside a notebook: a script of ours and what the kernel tells it.

Plain inputs of the browser's own in a table or a list: they have names that are heard, work by keyboard, and take what
is typed. The widget kit's own sliders have no accessible names, and its grids draw on a canvas that cannot be heard.
"""

from collections.abc import Callable, Mapping
from typing import Any

from model.report.look.page import TEMPLATE


def made(script: str, asked: Callable[[Mapping[str, Any]], None], **state: Any) -> Any:  # noqa: ANN401 - no types there
    """Return a widget that runs a script of the template; `asked` gets what it sends, `state` is what both see.

    On paper or in a saved page, where nothing can follow, its `page` is shown alone.
    """
    import anywidget  # noqa: PLC0415 - only a notebook shows it
    import traitlets  # noqa: PLC0415 - as above

    class Shown(anywidget.AnyWidget):
        """The state as traits, each sent to the page."""

        _esm = "".join((TEMPLATE / name).read_text(encoding="utf-8") for name in ("element.js", script))
        moves, paper = traitlets.Int(0).tag(sync=True), traitlets.Unicode("")
        style = traitlets.Unicode((TEMPLATE / "widget.css").read_text(encoding="utf-8")).tag(sync=True)

        def _repr_mimebundle_(self, **kwargs: Any) -> Any:  # noqa: ANN401
            """Return the widget, and what stands in for it where there is none."""
            shown = super()._repr_mimebundle_(**kwargs)
            data, metadata = shown or ({}, {})
            return {**data, "text/html": self.paper or self.page}, metadata

    traits = {name: traitlets.Any(value).tag(sync=True) for name, value in state.items()}
    found = type("Widget", (Shown,), traits)()
    found.on_msg(lambda _widget, content, _buffers: asked(content))
    return found
