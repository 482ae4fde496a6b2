"""${message}"""

from portal.migrations.ddl import policy, rights, run, secure

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "run()"}


def downgrade() -> None:
    ${downgrades if downgrades else "run()"}
