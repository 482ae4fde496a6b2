"""Titles for what records are about: the log knows refs, the features above know what a ref is called today.

A feature registers one function per thing; it answers for what this reader may read and for nothing else, so that a title
never shows where the object itself would not.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.evidence.kinds import Item


@dataclass(frozen=True)
class Named:
    """What something is called, and its page."""

    title: str
    href: str


Namer = Callable[[Session, Actor, Sequence[str]], Mapping[str, Named]]
_namers: dict[str, Namer] = {}


def connect(thing: str, namer: Namer) -> None:
    """Let `namer(db, actor, refs)` name things of that kind (`disclosure`); called once at start, from wiring."""
    _namers[thing] = namer


def names(db: Session, actor: Actor, items: Iterable[Item]) -> dict[Item, Named]:
    """Names of those items that a feature knows and `actor` may read: one call per kind of thing, however many items."""
    by_thing: dict[str, list[Item]] = {}
    for item in items:
        by_thing.setdefault(item.thing, []).append(item)
    found: dict[Item, Named] = {}
    for thing, of_thing in by_thing.items():
        namer = _namers.get(thing)
        if namer is None:
            continue
        known = namer(db, actor, sorted({item.ref for item in of_thing}))
        found |= {item: known[item.ref] for item in of_thing if item.ref in known}
    return found
