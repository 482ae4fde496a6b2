"""Panels that higher features put on an enterprise's page; wiring registers them, in the order they shall stand."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.enterprises.models import Enterprise


@dataclass(frozen=True)
class PanelView:
    """One panel as the page draws it: `template` is included with `panel` in its context; `side` puts it in the side column.

    `reasons` are (basis, until, sentence) for 「你为何能看到这些」.
    """

    template: str
    data: object
    side: bool = False
    reasons: tuple[tuple[str, str | None, str], ...] = ()


Panel = Callable[[Session, Actor, Enterprise], PanelView | None]
_panels: list[Panel] = []


def register(panel: Panel) -> None:
    """Add a panel; a second registration of the same one changes nothing."""
    if panel not in _panels:
        _panels.append(panel)


def panels_for(db: Session, actor: Actor, enterprise: Enterprise) -> list[PanelView]:
    """The panels that have something to show to this actor. Each decides by its own feature's policy."""
    return [view for panel in _panels if (view := panel(db, actor, enterprise)) is not None]
