"""The numbered migrations: up, down, up again, and equal to the models."""

from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, text

from portal.core.connect import Urls
from portal.core.db import SCHEMA
from portal.migrations.run import config, current, downgrade, head, upgrade
from portal.wiring_models import import_models, metadata
from tests.conftest import drop_database, make_database

NAME = "portal_migrations_test"


@pytest.fixture
def owner(cluster: str) -> Iterator[Engine]:
    urls: Urls = make_database(cluster, NAME)
    engine = create_engine(urls.owner)
    yield engine
    engine.dispose()
    drop_database(cluster, NAME)


def test_up_down_up_and_equal_to_the_models(owner: Engine) -> None:
    upgrade(owner)
    downgrade(owner, "base")
    with owner.connect() as connection:
        left = connection.scalars(
            text("select relname from pg_class c join pg_namespace n on n.oid = relnamespace"
                 " where nspname in ('portal', 'procrastinate') and relname not like 'alembic_version%'")
        ).all()  # fmt: skip
    assert left == []
    upgrade(owner)
    import_models()
    with owner.connect() as connection:
        assert current(connection) == head()
        context = MigrationContext.configure(
            connection,
            opts={
                "include_schemas": True,
                "compare_type": True,
                "include_name": lambda name, kind, parents: kind != "schema" or name == SCHEMA,
                "include_object": lambda obj, name, kind, reflected, other: name != "alembic_version",
            },
        )
        assert compare_metadata(context, metadata) == []


def test_numbers_follow_each_other() -> None:
    script = ScriptDirectory.from_config(config())
    numbers = [revision.revision for revision in reversed(list(script.walk_revisions()))]
    assert numbers == [f"{n:04d}" for n in range(1, len(numbers) + 1)]


def test_every_table_with_readers_is_behind_row_level_security(owner: Engine) -> None:
    """Tables without policies stand on an exact list; the others are forced, for their owner too."""
    upgrade(owner)
    with owner.connect() as connection:
        open_tables = set(
            connection.scalars(
                text("select relname from pg_class c join pg_namespace n on n.oid = relnamespace where nspname = 'portal'"
                     " and relkind in ('r', 'p') and not (relrowsecurity and relforcerowsecurity)")
            )
        )  # fmt: skip
    assert open_tables == OPEN_TABLES


# Who somebody is and how they signed in is decided before any principal is known; the tree of the log holds digests only.
OPEN_TABLES = {
    "alembic_version", "principal", "organisation", "person", "membership", "ring_member",
    "sign_in_session", "sign_in_attempt", "posted_form",
}  # fmt: skip
