"""The outbox of mail."""

from portal.migrations.ddl import policy, rights, run, secure  # noqa: F401

revision = "0007"
down_revision = "0006"
branch_labels = depends_on = None


def upgrade() -> None:
    run()


def downgrade() -> None:
    run()
