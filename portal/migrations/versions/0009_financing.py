"""Credit products and loan applications."""

from portal.migrations.ddl import policy, rights, run, secure  # noqa: F401

revision = "0009"
down_revision = "0008"
branch_labels = depends_on = None


def upgrade() -> None:
    run()


def downgrade() -> None:
    run()
