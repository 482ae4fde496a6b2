"""What the search index still has to learn."""

from portal.migrations.ddl import policy, rights, run, secure

revision = "0012"
down_revision = "0011"
branch_labels = depends_on = None


def upgrade() -> None:
    run(
        """create table portal.search_dirty (
          enterprise_id bigint not null constraint search_dirty_pkey primary key,
          at timestamptz not null default now())"""
    )
    rights("search_dirty", "select, insert, update", "select, insert, update, delete")
    secure("search_dirty")
    # Numbers of rows only, and every question has to leave them out of what the index answers: all sessions read them.
    policy("search_dirty", "seen", "select", using="true")
    policy("search_dirty", "noted", "insert", check="true")
    policy("search_dirty", "noted_again", "update", using="true", check="true")


def downgrade() -> None:
    run("drop table portal.search_dirty")
