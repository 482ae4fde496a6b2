"""One PostgreSQL per run, a rolled-back transaction per test, no network.

The server is the embedded one, or the one of `DATABASE_ADMIN_URL` or `DATABASE_URL` (a role that may create roles and
databases): scratch databases are made there and dropped at the end.
"""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from psycopg import sql
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.core.connect import Urls, libpq
from portal.core.context import Context
from portal.core.db import Database
from portal.core.embedded import running
from portal.core.roles import LOGINS, ensure_database, ensure_roles
from portal.migrations.run import upgrade
from portal.wiring import create_app, equip
from tests.chromium import browser

__all__ = ["browser"]

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data"
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a test run: secrets of its own, a folder of its own, nothing from the environment's files."""
    return Settings(
        _env_file=None,  # type: ignore[call-arg]
        portal_secret_key=secrets.token_hex(32),
        portal_password_salt=secrets.token_hex(32),
        portal_master_key=secrets.token_hex(32),
        portal_seal_key=secrets.token_hex(32),
        portal_var=tmp_path_factory.mktemp("var"),
        portal_demo=True,
        database_url=None,
    )


@pytest.fixture(scope="session")
def cluster(settings: Settings) -> Iterator[str]:
    """Administrator's address of the run's PostgreSQL server."""
    real = os.environ.get("DATABASE_ADMIN_URL") or os.environ.get("DATABASE_URL")
    if real:
        yield real
        return
    with running(settings.portal_var / "postgres", settings=QUICK) as server:
        yield server.url("postgres", "postgres")


def make_database(cluster: str, name: str) -> Urls:
    """A migrated scratch database `name` on `cluster`, with an address per role."""
    passwords = {role: secrets.token_hex(16) for role in LOGINS} if make_url(cluster).password else None
    with psycopg.connect(libpq(cluster), autocommit=True) as admin:
        ensure_roles(admin, passwords)
        admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
        ensure_database(admin, name)

    def url(role: str) -> str:
        address = make_url(cluster).set(database=name, username=role, drivername="postgresql+psycopg")
        if passwords:
            address = address.set(password=passwords[role])
        return address.render_as_string(hide_password=False)

    admin_url = make_url(cluster).set(database=name, drivername="postgresql+psycopg").render_as_string(hide_password=False)
    return Urls(url("portal_app"), url("portal_system"), url("portal_owner"), admin_url)


def drop_database(cluster: str, name: str) -> None:
    with psycopg.connect(libpq(cluster), autocommit=True) as admin:
        admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def urls(cluster: str) -> Iterator[Urls]:
    """Addresses of the run's migrated database."""
    name = f"portal_test_{os.getpid()}"
    made = make_database(cluster, name)
    owner = create_engine(made.owner)
    upgrade(owner)
    owner.dispose()
    yield made
    drop_database(cluster, name)


@pytest.fixture(scope="session")
def database(urls: Urls) -> Iterator[Database]:
    made = urls.database()
    yield made
    made.dispose()


@pytest.fixture
def db(database: Database) -> Iterator[Session]:
    """A session of the app's role whose transaction is rolled back after the test; `commit` inside only ends a savepoint."""
    with database.app.connect() as connection:
        outer = connection.begin()
        session = type(database.session())(
            bind=connection, join_transaction_mode="create_savepoint", expire_on_commit=False, info={"principals": ()}
        )
        yield session
        session.close()
        outer.rollback()


@pytest.fixture(scope="session")
def context(settings: Settings, urls: Urls, database: Database) -> Context:
    """What a process of the portal has in hand, over the run's database."""
    made = Context(settings=settings, urls=urls, database=database)
    equip(made)
    return made


@pytest.fixture(scope="session")
def portal_app(context: Context) -> Flask:
    """The whole portal over the run's database; what is committed through it stays for the run."""
    return create_app(context)
