"""Typed events: how a lower feature tells the higher ones. Handlers run in the same transaction and are connected in wiring."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Event:
    """Base of every event; a frozen value with ids, never an object of the session."""


@dataclass
class Registry:
    """Event type -> handlers, filled once at start."""

    handlers: dict[type[Event], list[Callable[[Session, Any], None]]] = field(default_factory=dict)

    def connect(self, event: type[Event], handler: Callable[[Session, Any], None]) -> None:
        known = self.handlers.setdefault(event, [])
        if handler not in known:
            known.append(handler)

    def emit(self, db: Session, event: Event) -> None:
        """Call the handlers of `event` in the order they were connected; an error of one undoes the transaction."""
        for handler in self.handlers.get(type(event), ()):
            handler(db, event)


registry = Registry()
emit = registry.emit
