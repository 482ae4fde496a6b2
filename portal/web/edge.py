"""One database session, one actor and one commit per request.

The session opens at its first use. An answer commits what its service wrote; an error answer rolls it back, and a denial is
then recorded in a transaction of its own, by the same path whether the object exists or not (DESIGN rule 3).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, current_app, g, has_request_context, request
from sqlalchemy.orm import Session

from portal.access.actor import ANONYMOUS, Actor
from portal.config import Settings
from portal.core.db import Database, set_principals


@dataclass
class Edge:
    """What the web layer is given by the features above it; filled in wiring."""

    settings: Settings
    database: Database
    load_actor: Callable[[Session], Actor] = lambda db: ANONYMOUS
    record_denial: Callable[[Session, Actor, str, str], None] = lambda db, actor, what, how: None
    navigation: Callable[[Actor], list[Any]] = lambda actor: []
    account_links: Callable[[Actor], list[Any]] = lambda actor: []
    footer_links: tuple[Any, ...] = ()
    checkpoint: Callable[[Session], Any] = lambda db: None
    ready: dict[str, Callable[[], str]] = field(default_factory=dict)
    store: Any = None
    search: Any = None


def edge() -> Edge:
    """The Edge of the running application."""
    return current_app.extensions["portal"]


def current_db() -> Session:
    """The session of this request, bound to its actor once that is known."""
    if "db" not in g:
        # Nobody yet: who asks is found in tables without policies, then `bind_actor` announces the principals.
        g.db = edge().database.session()
    return g.db


def current_actor() -> Actor:
    """The actor of this request, loaded once."""
    if "actor" not in g:
        g.actor = ANONYMOUS
        bind_actor(edge().load_actor(current_db()))
    return g.actor


def bind_actor(actor: Actor) -> None:
    """Make `actor` the reader of this request's session, for what follows (sign-in, switching membership)."""
    g.actor = actor
    set_principals(current_db(), actor.principals)


def undo() -> None:
    """Roll back what this request has written so far."""
    if "db" in g:
        g.db.rollback()


def init_edge(app: Flask, edge_: Edge) -> None:
    """Attach the request's life cycle to `app`."""
    app.extensions["portal"] = edge_

    @app.after_request
    def settle(response: Response) -> Response:
        if "db" in g:
            if response.status_code < 400 or g.get("keep", False):
                g.db.commit()
            else:
                g.db.rollback()
        return response

    @app.teardown_request
    def close(_error: BaseException | None) -> None:
        db = g.pop("db", None)
        if db is not None:
            db.close()


def keep() -> None:
    """Commit this request's writes although its answer is an error page (a failed sign-in is counted, say)."""
    g.keep = True


def client_address() -> str:
    """The reader's network address as the trusted proxies tell it."""
    return request.remote_addr or "" if has_request_context() else ""
