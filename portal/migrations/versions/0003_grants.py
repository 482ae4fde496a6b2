"""Grants, exclusions and the two functions that decide: who is excluded, and a reader's keys in order."""

from portal.access.basis import Basis
from portal.migrations.ddl import PRINCIPALS, policy, rights, run, secure

revision = "0003"
down_revision = "0002"
branch_labels = depends_on = None

KEY = "bigint generated always as identity"
BASES = ", ".join(f"'{basis}'" for basis in Basis)


def upgrade() -> None:
    run(
        f"""create table portal.access_grant (
          id {KEY} constraint access_grant_pkey primary key,
          ref text not null constraint access_grant_ref_key unique,
          object_kind text not null,
          object_id bigint not null,
          enterprise_id bigint not null,
          owner integer not null,
          principal integer not null,
          basis text not null constraint access_grant_basis_check check (basis in ({BASES})),
          purpose text not null constraint access_grant_purpose_check check (length(purpose) > 0),
          readable_at timestamptz not null default now(),
          starts timestamptz not null default now(),
          ends timestamptz not null default '9999-12-31 00:00:00+00',
          revoked_at timestamptz,
          made_by bigint constraint access_grant_made_by_fkey references portal.person (id),
          made_at timestamptz not null default now(),
          constraint access_grant_period_check check (ends > starts))""",
        """create index access_grant_feed on portal.access_grant (principal, object_kind, readable_at desc, object_id desc)
          include (starts, ends, enterprise_id, basis) where revoked_at is null""",
        """create index access_grant_object on portal.access_grant (object_kind, object_id, principal)
          include (starts, ends, basis) where revoked_at is null""",
        "create index access_grant_owner on portal.access_grant (owner, object_kind)",
        f"""create table portal.exclusion (
          id {KEY} constraint exclusion_pkey primary key,
          enterprise_id bigint not null,
          owner integer not null,
          organisation_id bigint not null constraint exclusion_organisation_id_fkey references portal.organisation (id),
          principal integer not null,
          made_at timestamptz not null default now(),
          ended_at timestamptz)""",
        "create unique index exclusion_live on portal.exclusion (principal, enterprise_id) where ended_at is null",
    )
    rights("access_grant", "select, insert, update", "select, update")
    rights("exclusion", "select, insert, update")
    secure("access_grant", system="all")
    secure("exclusion", system="select")
    mine = f"owner = any({PRINCIPALS})"
    policy("access_grant", "seen", "select", using=f"principal = any({PRINCIPALS}) or {mine}")
    policy("access_grant", "made", "insert", check=mine)
    policy("access_grant", "changed", "update", using=mine, check=mine)
    policy("exclusion", "seen", "select", using=mine)
    policy("exclusion", "made", "insert", check=mine)
    policy("exclusion", "changed", "update", using=mine, check=mine)
    run(
        "grant select on portal.access_grant, portal.exclusion to portal_decider",
        "create policy decides on portal.access_grant for select to portal_decider using (true)",
        "create policy decides on portal.exclusion for select to portal_decider using (true)",
        # The excluded reader must not see the exclusion's row, yet every policy must obey it: hence a definer's function,
        # evaluated once per statement as (select portal.excluded()).
        """create function portal.excluded() returns bigint[] language sql stable security definer
        set search_path = pg_catalog, portal as $$
          select coalesce(array_agg(enterprise_id), '{}') from portal.exclusion
          where principal = any((select portal.principals())::int[]) and ended_at is null $$""",
        # An object stands once, where it first became readable to this reader by a tie that still lives.
        # The walk along the principals' index is not re-judged by the policy on the grants (which would break it, measured
        # at 1,000,000 items); principals come from the transaction's setting and from nowhere else.
        """create function portal.feed_keys(kind text, enterprise bigint, before timestamptz, before_id bigint, n int)
        returns table (readable_at timestamptz, object_id bigint)
        language sql stable security definer set search_path = pg_catalog, portal rows 50 as $$
          select g.readable_at, g.object_id
          from unnest((select portal.principals())) p
          cross join lateral (
            select g.readable_at, g.object_id from portal.access_grant g
            where g.principal = p and g.object_kind = kind and g.revoked_at is null
              and g.starts <= now() and g.ends > now()
              and (g.readable_at, g.object_id) < (before, before_id)
              and (enterprise is null or g.enterprise_id = enterprise)
              and (g.basis = 'rule' or g.enterprise_id <> all ((select portal.excluded())::bigint[]))
              and not exists (
                select from portal.access_grant h
                where h.object_kind = g.object_kind and h.object_id = g.object_id and h.revoked_at is null
                  and h.principal = any((select portal.principals())::int[]) and h.starts <= now() and h.ends > now()
                  and (h.basis = 'rule' or h.enterprise_id <> all ((select portal.excluded())::bigint[]))
                  and (h.readable_at, h.id) < (g.readable_at, g.id))
            order by g.readable_at desc, g.object_id desc limit n) g
          order by 1 desc, 2 desc limit n $$""",
        "alter function portal.excluded() owner to portal_decider",
        "alter function portal.feed_keys(text, bigint, timestamptz, bigint, int) owner to portal_decider",
        "revoke execute on function portal.excluded() from public",
        "revoke execute on function portal.feed_keys(text, bigint, timestamptz, bigint, int) from public",
        "grant execute on function portal.excluded() to portal_app, portal_system",
        "grant execute on function portal.feed_keys(text, bigint, timestamptz, bigint, int) to portal_app",
    )


def downgrade() -> None:
    run(
        "drop function portal.feed_keys(text, bigint, timestamptz, bigint, int)",
        "drop function portal.excluded()",
        "drop table portal.exclusion",
        "drop table portal.access_grant",
    )
