"""Two portals over two databases: one holds a whole world, the other a part of it. Both are asked the same things.

Answers are compared byte for byte, after taking out what is random by nature: form tokens, request numbers, cookies.
"""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from difflib import unified_diff
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from psycopg import sql
from sqlalchemy import Engine, event

from portal.accounts.security import TOKEN
from portal.config import Settings
from portal.core.connect import Urls, libpq
from portal.core.context import Context
from portal.core.storage import Store
from portal.enterprises.models import Enterprise
from portal.screening.documents import document
from portal.wiring import create_app, equip
from search.tantivy_engine import TantivyEngine
from tests.surfaces.world import NOBODY, Row, World, token_of

BEYOND = 1_000_000  # numbers of rows that requests make lie beyond those of any world
CSRF = "0123456789" * 4

_ONCE = re.compile(r'(name="(?:once|csrf_token|csrf-token)"[^>]*?(?:value|content)=")[^"]*"')
_ASSET = re.compile(r"(/static/[^\"?]+)\?v=[0-9a-f]+")
_STAMP = re.compile(rb"DTSTAMP:\d{8}T\d{6}Z")  # when the file was made (RFC 5545)
_RANDOM_HEADERS = frozenset({"X-Request-Id", "Set-Cookie"})


@dataclass(frozen=True)
class Ask:
    """One request: the surface it belongs to, its method, its address, what it posts or says in its headers."""

    surface: str
    path: str
    method: str = "GET"
    form: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.surface}: {self.method} {self.path}" + (f" {dict(self.headers)}" if self.headers else "")


@dataclass(frozen=True)
class Answer:
    """What came back, less what is random by nature, and the statements it took."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    statements: tuple[str, ...] = field(default=(), compare=False)


class Portal:
    """A portal over its own database, index and clients; the store of files is shared."""

    def __init__(self, settings: Settings, urls: Urls, folder: Path, store: Store) -> None:
        self.context = Context(settings, urls, urls.database(pool_size=2))
        self.context.__dict__["store"] = store
        self.engine = self.context.parts["search"] = TantivyEngine(folder)
        equip(self.context)
        self.app: Flask = create_app(self.context)
        self.statements: list[str] = []
        self._listen(self.context.database.app)
        self._admin = psycopg.connect(libpq(urls.admin or ""), autocommit=True)
        # No trigger and no foreign key stands in the way of deleting what a reader may not read.
        self._admin.execute("set session_replication_role = replica")
        self._admin.execute("set search_path = portal")
        self._tables = [name for (name,) in self._admin.execute(
            "select tablename from pg_tables where schemaname = 'portal' and tablename <> 'alembic_version'")]  # fmt: skip
        for (name,) in self._admin.execute("select sequencename from pg_sequences where schemaname = 'portal'").fetchall():
            self._admin.execute("select setval(%s, %s)", [f"portal.{name}", BEYOND])

    def _listen(self, engine: Engine) -> None:
        @event.listens_for(engine, "before_cursor_execute")
        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            self.statements.append(statement)

    def write(self, world: World, *, index: bool = True) -> None:
        """Make the database hold exactly this world; the index too, with the names it still has for changed enterprises."""
        with self._admin.transaction():
            for table in self._tables:
                self._admin.execute(
                    sql.SQL("delete from {}").format(sql.Identifier(table)) + sql.SQL(" where id >= 1000" if table == "principal" else "")
                )
            for table, rows in world.rows.items():
                self._insert(table, rows)
        if index:
            self.engine.rebuild(document(_indexed(world, row)) for row in world["enterprise"])

    def _insert(self, table: str, rows: list[Row]) -> None:
        if not rows:
            return
        columns = sql.SQL(", ").join(map(sql.Identifier, rows[0]))
        self._admin.execute(
            sql.SQL("insert into {t} ({c}) overriding system value select {c} from jsonb_populate_recordset(null::{t}, %s)").format(
                t=sql.Identifier("portal", table), c=columns
            ),
            [json.dumps(rows, default=datetime.isoformat)],
        )

    def execute(self, statement: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """A statement of the superuser, outside of what the portal does."""
        cursor = self._admin.execute(statement, list(values))
        return cursor.fetchall() if cursor.description else []

    def browser(self, username: str) -> FlaskClient:
        """A browser in which that person is signed in; nobody's has no cookie of ours."""
        client = self.app.test_client()
        with client.session_transaction() as session:
            session["csrf_token"] = CSRF
            if username != NOBODY:
                session[TOKEN] = token_of(username)
        return client

    def token(self) -> str:
        """A form token that browsers made here are entitled to."""
        return URLSafeTimedSerializer(self.app.secret_key, salt="wtf-csrf-token").dumps(CSRF)

    def ask(self, browser: FlaskClient, ask: Ask) -> Answer:
        """The answer to one request, ready for comparison."""
        self.statements.clear()
        data = {"csrf_token": self.token(), **dict(ask.form)} if ask.method == "POST" else None
        response = browser.open(ask.path, method=ask.method, data=data, headers=dict(ask.headers))
        body = response.get_data()
        headers = tuple(sorted((k, v) for k, v in response.headers if k not in _RANDOM_HEADERS))
        if response.mimetype in ("text/html", "application/problem+json"):
            # What is taken out has not always one length: a token of another second may be longer.
            body = _plain(body.decode(), response.headers.get("X-Request-Id", "")).encode()
            headers = tuple((k, v) for k, v in headers if k != "Content-Length")
        elif response.mimetype == "text/calendar":
            body = _STAMP.sub(b"DTSTAMP", body)
        return Answer(response.status_code, headers, body, tuple(self.statements))

    def recorded(self) -> list[tuple[Any, ...]]:
        """What the requests since `write` left in the log, in order."""
        return self.execute(
            "select kind, result, owner, actor, organisation, plaintext->'about' from opening where id > %s order by id", [BEYOND]
        )

    def close(self) -> None:
        self._admin.close()
        self.context.database.dispose()


def _plain(text: str, request_id: str) -> str:
    """A page without its form tokens, its request number and the digests of its assets."""
    return _ASSET.sub(r"\1", _ONCE.sub(r'\1"', text.replace(request_id, "REQUEST") if request_id else text))


def _indexed(world: World, row: Row) -> Enterprise:
    """The enterprise as the index learnt it."""
    known = {**row, "name": world.stale.get(row["id"], row["name"])}
    return Enterprise(**{**known, "founded": datetime.fromisoformat(row["founded"]).date()})


class Unequal(AssertionError):
    """Two answers differ: something the reader may not read had a say."""


def compare(ask: Ask, whole: Answer, part: Answer, *, statements: bool = False) -> None:
    """Raise Unequal with the first differences; `statements` compares their number and shape as well."""
    if whole != part:
        raise Unequal(f"{ask}\n" + "\n".join(_differences(whole, part)))
    if statements and whole.statements != part.statements:
        lines = unified_diff(part.statements, whole.statements, "absent", "hidden", lineterm="", n=0)
        raise Unequal(f"{ask}: other statements\n" + "\n".join(list(lines)[:20]))


def _differences(whole: Answer, part: Answer) -> Iterator[str]:
    if whole.status != part.status:
        yield f"status {whole.status}, erased {part.status}"
    for line in sorted(set(whole.headers) ^ set(part.headers)):
        yield f"header {line}"
    old, new = (one.body.decode(errors="replace").splitlines() for one in (part, whole))
    yield from list(unified_diff(old, new, "erased", "whole", lineterm="", n=1))[:30]


@contextmanager
def opened(portal: Portal) -> Iterator[Portal]:
    try:
        yield portal
    finally:
        portal.close()
