"""Navigation: what the top bar shows, by role. Features declare items; wiring puts them in order."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import request, url_for

from portal.access.actions import Action
from portal.access.actor import Actor
from portal.access.principals import OrgKind


@dataclass(frozen=True)
class Item:
    """A page in the top bar: shown when the role table opens `action` (None: always) and the kind is not in `hidden`."""

    label: str
    endpoint: str
    action: Action | None
    only: frozenset[OrgKind] = frozenset()
    hidden: frozenset[OrgKind] = frozenset()
    section: str = ""


@dataclass(frozen=True)
class Shown:
    """An item as the layout draws it."""

    label: str
    href: str
    current: bool
    count: int | None = None


@dataclass(frozen=True)
class Link:
    """A plain link of the account menu or the footer."""

    label: str
    href: str


def navigation(items: tuple[Item, ...]) -> Callable[[Actor], list[Shown]]:
    """The function that draws the bar for an actor."""

    def draw(actor: Actor) -> list[Shown]:
        return [
            Shown(item.label, url_for(item.endpoint), _is_current(item))
            for item in items
            if (item.action is None or actor.may(item.action))
            and (not item.only or actor.kind in item.only)
            and actor.kind not in item.hidden
        ]

    return draw


def _is_current(item: Item) -> bool:
    endpoint = request.endpoint or ""
    return endpoint == item.endpoint or (bool(item.section) and endpoint.startswith(item.section))
