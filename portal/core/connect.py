"""Where the database is: the one named by the settings, or the embedded server in `var/`."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from portal.config import MissingSetting, Settings
from portal.core.db import Database, make_engine
from portal.core.embedded import running
from portal.core.roles import ensure_database, ensure_roles

NAME = "portal"


@dataclass(frozen=True)
class Urls:
    """SQLAlchemy addresses of one database, one per role; `admin` may be None (roles then exist already)."""

    app: str
    system: str
    owner: str | None
    admin: str | None = None

    def database(self, pool_size: int = 8) -> Database:
        return Database(app=make_engine(self.app, pool_size=pool_size), system=make_engine(self.system, pool_size=3))

    def export(self) -> None:
        """Hand the addresses to child processes through the environment."""
        for name, url in (("DATABASE_URL", self.app), ("DATABASE_SYSTEM_URL", self.system), ("DATABASE_OWNER_URL", self.owner)):
            if url:
                os.environ[name] = url


def libpq(url: str) -> str:
    """A SQLAlchemy address as psycopg itself takes it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


@contextmanager
def database_urls(settings: Settings) -> Iterator[Urls]:
    """The addresses for this process, for the length of the block; the embedded server stays up that long.

    Raises MissingSetting when a real server is named but the system role's address is not.
    """
    if settings.database_url:
        if not settings.database_system_url:
            raise MissingSetting("设置了 DATABASE_URL，还要 DATABASE_SYSTEM_URL（角色 portal_system）。见 docs/operations.md。")
        yield Urls(_driver(settings.database_url), _driver(settings.database_system_url),
                   _driver(settings.database_owner_url), _driver(settings.database_admin_url))  # fmt: skip
        return
    with running(settings.portal_var / "postgres") as server:
        with psycopg.connect(libpq(server.url("postgres", "postgres")), autocommit=True) as admin:
            # Two commands may be the first at the same moment.
            admin.execute("select pg_advisory_lock(20221122)")
            if not admin.execute("select 1 from pg_database where datname = %s", [NAME]).fetchone():
                ensure_roles(admin)
                ensure_database(admin, NAME)
        yield Urls(*(server.url(role, NAME) for role in ("portal_app", "portal_system", "portal_owner", "postgres")))


def _driver(url: str | None) -> str | None:
    if url and url.startswith("postgresql://"):
        return "postgresql+psycopg://" + url.removeprefix("postgresql://")
    return url
