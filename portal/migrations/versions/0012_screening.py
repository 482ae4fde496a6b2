"""What the search index still has to learn."""

from portal.migrations.ddl import policy, rights, run, secure  # noqa: F401

revision = "0012"
down_revision = "0011"
branch_labels = depends_on = None


def upgrade() -> None:
    run()


def downgrade() -> None:
    run()
