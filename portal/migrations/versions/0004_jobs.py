"""The queue: procrastinate's own schema, in a schema of its own."""

from pathlib import Path

import procrastinate

from portal.migrations.ddl import run

revision = "0004"
down_revision = "0003"
branch_labels = depends_on = None


def upgrade() -> None:
    # The statements are those of the pinned release; a later release brings its own migration here.
    schema = (Path(procrastinate.__file__).parent / "sql" / "schema.sql").read_text(encoding="utf-8")
    run(
        "create schema procrastinate",
        "set local search_path = procrastinate",
        schema,
        "reset search_path",
        "grant usage on schema procrastinate to portal_app, portal_system, portal_backup",
        "grant select, insert, update, delete on all tables in schema procrastinate to portal_app, portal_system",
        "grant usage on all sequences in schema procrastinate to portal_app, portal_system",
        "grant execute on all functions in schema procrastinate to portal_app, portal_system",
        "grant select on all tables in schema procrastinate to portal_backup",
    )


def downgrade() -> None:
    run("drop schema procrastinate cascade")
