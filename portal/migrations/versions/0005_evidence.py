"""The evidence log: records, openings, leaves, tree nodes and checkpoints."""

from portal.migrations.ddl import policy, rights, run, secure  # noqa: F401

revision = "0005"
down_revision = "0004"
branch_labels = depends_on = None


def upgrade() -> None:
    run()


def downgrade() -> None:
    run()
