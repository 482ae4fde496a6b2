"""Roadshows and registrations."""

from portal.migrations.ddl import policy, rights, run, secure  # noqa: F401

revision = "0010"
down_revision = "0009"
branch_labels = depends_on = None


def upgrade() -> None:
    run()


def downgrade() -> None:
    run()
