"""Reports and filings."""

from portal.migrations.ddl import policy, rights, run, secure  # noqa: F401

revision = "0011"
down_revision = "0010"
branch_labels = depends_on = None


def upgrade() -> None:
    run()


def downgrade() -> None:
    run()
