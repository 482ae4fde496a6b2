"""Runs the numbered migrations on a connection of portal_owner."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

HERE = Path(__file__).resolve().parent


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration without an ini file."""
    cfg = Config()
    cfg.set_main_option("script_location", str(HERE))
    cfg.set_main_option("path_separator", "os")
    if connection is not None:
        cfg.attributes["connection"] = connection
    return cfg


def upgrade(owner: Engine, revision: str = "head") -> None:
    """Bring the schema to `revision`; each migration commits by itself."""
    with owner.connect() as connection:
        connection.execute(text("create schema if not exists portal"))
        connection.commit()
        command.upgrade(config(connection), revision)
        connection.commit()


def downgrade(owner: Engine, revision: str) -> None:
    """Take the schema back to `revision` (`base` empties it)."""
    with owner.connect() as connection:
        command.downgrade(config(connection), revision)
        connection.commit()


def head() -> str:
    """The newest revision this code knows."""
    return ScriptDirectory.from_config(config()).get_current_head() or ""


def current(connection: Connection) -> str | None:
    """The revision the database is at, None for an empty one."""
    if connection.scalar(text("select to_regclass('portal.alembic_version')")) is None:
        return None
    return connection.scalar(text("select version_num from portal.alembic_version"))
