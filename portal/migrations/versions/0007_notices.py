"""The outbox of mail."""

from portal.migrations.ddl import policy, rights, run, secure

revision = "0007"
down_revision = "0006"
branch_labels = depends_on = None


def upgrade() -> None:
    run(
        """create table portal.mail (
          id bigint generated always as identity constraint mail_pkey primary key,
          ref text not null constraint mail_ref_key unique,
          recipient text not null constraint mail_recipient_check check (length(recipient) between 3 and 320),
          subject text not null,
          body text not null,
          queued_at timestamptz not null default now(),
          sent_at timestamptz,
          attempts integer not null default 0,
          fault text)""",
        "create index mail_waiting on portal.mail (queued_at) where sent_at is null",
    )
    rights("mail", "insert", "select, update, delete")
    secure("mail", system="all")
    # A mail may carry a recovery link: the web role puts it in and never reads one back.
    policy("mail", "queued", "insert", check="true")


def downgrade() -> None:
    run("drop table portal.mail")
