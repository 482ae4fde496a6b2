"""Alembic's environment: runs online, as portal_owner, on a connection handed over by `portal.migrations.run`."""

from alembic import context

from portal.core.db import SCHEMA, Base
from portal.wiring_models import import_models

import_models()


def _ours(name: str | None, kind: str, parents: dict) -> bool:
    return kind != "schema" or name == SCHEMA


def _compared(obj: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:
    return not (kind == "table" and name == "alembic_version")


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table_schema=SCHEMA,
    include_schemas=True,
    include_name=_ours,
    include_object=_compared,
    compare_type=True,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
