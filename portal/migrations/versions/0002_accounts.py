"""People, organisations, membership, rings, sign-in sessions and attempts."""

from portal.access.principals import OrgKind
from portal.migrations.ddl import rights, run

revision = "0002"
down_revision = "0001"
branch_labels = depends_on = None

KEY = "bigint generated always as identity"
KINDS = ", ".join(f"'{kind}'" for kind in OrgKind)


def upgrade() -> None:
    run(
        f"""create table portal.organisation (
          id {KEY} constraint organisation_pkey primary key,
          ref text not null constraint organisation_ref_key unique,
          kind text not null constraint organisation_kind_check check (kind in ({KINDS})),
          name text not null,
          uscc text constraint organisation_uscc_key unique,
          principal integer not null constraint organisation_principal_key unique
            constraint organisation_principal_fkey references portal.principal (id),
          qualified_from date,
          qualified_until date,
          demo boolean not null default false,
          created_at timestamptz not null default now())""",
        f"""create table portal.person (
          id {KEY} constraint person_pkey primary key,
          ref text not null constraint person_ref_key unique,
          username text not null constraint person_username_key unique,
          email text not null constraint person_email_key unique,
          name text not null,
          password text,
          active boolean not null default true,
          fs_uniquifier text not null constraint person_fs_uniquifier_key unique,
          principal integer not null constraint person_principal_key unique
            constraint person_principal_fkey references portal.principal (id),
          created_at timestamptz not null default now())""",
        f"""create table portal.membership (
          id {KEY} constraint membership_pkey primary key,
          ref text not null constraint membership_ref_key unique,
          person_id bigint not null constraint membership_person_id_fkey references portal.person (id),
          organisation_id bigint not null constraint membership_organisation_id_fkey references portal.organisation (id),
          roles text[] not null,
          started_at timestamptz not null default now(),
          ended_at timestamptz)""",
        "create unique index membership_live on portal.membership (person_id, organisation_id) where ended_at is null",
        "create index membership_organisation_id_ix on portal.membership (organisation_id)",
        f"""create table portal.ring_member (
          id {KEY} constraint ring_member_pkey primary key,
          principal integer not null constraint ring_member_principal_fkey references portal.principal (id),
          organisation_id bigint not null constraint ring_member_organisation_id_fkey references portal.organisation (id),
          starts timestamptz not null default now(),
          ends timestamptz not null default '9999-12-31 00:00:00+00')""",
        "create index ring_member_organisation on portal.ring_member (organisation_id, ends)",
        f"""create table portal.sign_in_session (
          id {KEY} constraint sign_in_session_pkey primary key,
          ref text not null constraint sign_in_session_ref_key unique,
          token_hash text not null constraint sign_in_session_token_hash_key unique,
          person_id bigint not null constraint sign_in_session_person_id_fkey references portal.person (id),
          membership_id bigint constraint sign_in_session_membership_id_fkey references portal.membership (id),
          created_at timestamptz not null default now(),
          last_seen_at timestamptz not null default now(),
          address text not null,
          agent text not null,
          ended_at timestamptz)""",
        "create index sign_in_session_person_id_ix on portal.sign_in_session (person_id)",
        f"""create table portal.sign_in_attempt (
          id {KEY} constraint sign_in_attempt_pkey primary key,
          account text not null,
          network text not null,
          at timestamptz not null default now())""",
        "create index sign_in_attempt_account on portal.sign_in_attempt (account, at)",
        "create index sign_in_attempt_network on portal.sign_in_attempt (network, at)",
        """create table portal.posted_form (
          token text not null constraint posted_form_pkey primary key,
          person_id bigint,
          location text not null default '',
          at timestamptz not null default now())""",
    )
    rights("organisation", "select, insert, update")
    rights("person", "select, insert, update")
    rights("membership", "select, insert, update")
    rights("ring_member", "select, insert, update")
    rights("sign_in_session", "select, insert, update", "select, delete")
    rights("posted_form", "select, insert, update", "select, delete")
    rights("sign_in_attempt", "select, insert, delete", "select, delete")


def downgrade() -> None:
    run(
        "drop table portal.posted_form",
        "drop table portal.sign_in_attempt",
        "drop table portal.sign_in_session",
        "drop table portal.ring_member",
        "drop table portal.membership",
        "drop table portal.person",
        "drop table portal.organisation",
    )
