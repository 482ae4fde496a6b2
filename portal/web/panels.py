"""Panels: how a lower page shows something of a higher feature. Features make them, `wiring.py` registers them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class PanelView:
    """A panel's template and the values it needs; `side` puts it in the narrow column.

    `reasons` are (basis, until, sentence) for 「你为何能看到这些」 where the page has such a panel.
    """

    template: str
    values: dict[str, Any] = field(default_factory=dict)
    side: bool = False
    reasons: tuple[tuple[str, str | None, str], ...] = ()


@dataclass
class Place:
    """A page's place for panels, in the order they were wired."""

    makers: list[Callable[..., PanelView | None]] = field(default_factory=list)

    def register(self, maker: Callable[..., PanelView | None]) -> None:
        """Add a panel; the same one twice is one (an application may be built more than once in a process)."""
        if maker not in self.makers:
            self.makers.append(maker)

    def views(self, *args: Any) -> list[PanelView]:
        """What each panel has to show for `args`; a panel with nothing to say is left out."""
        return [view for make in self.makers if (view := make(*args)) is not None]
