"""Enterprises, facts and profile sections."""

from portal.migrations.ddl import policy, rights, run, secure  # noqa: F401

revision = "0006"
down_revision = "0005"
branch_labels = depends_on = None


def upgrade() -> None:
    run()


def downgrade() -> None:
    run()
