"""Disclosures and their documents."""

from portal.migrations.ddl import policy, rights, run, secure  # noqa: F401

revision = "0008"
down_revision = "0007"
branch_labels = depends_on = None


def upgrade() -> None:
    run()


def downgrade() -> None:
    run()
