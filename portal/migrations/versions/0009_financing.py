"""Credit products and loan applications."""

from portal.access.principals import KIND_PRINCIPALS, OPERATOR, OrgKind
from portal.migrations.ddl import EXCLUDED, PRINCIPALS, policy, rights, run, secure

revision = "0009"
down_revision = "0008"
branch_labels = depends_on = None

KEY = "bigint generated always as identity"
MINE = f"owner = any({PRINCIPALS})"
LENDERS = ", ".join(
    str(KIND_PRINCIPALS[kind]) for kind in (OrgKind.BANK, OrgKind.MICRO_LENDER, OrgKind.LESSOR, OrgKind.FACTOR)
)
IS_LENDER = f"{PRINCIPALS} && array[{LENDERS}]"
# The lender's basis `application`: it ends with a withdrawal, and an enterprise that hides from the lender outranks it.
AS_LENDER = f"(lender = any({PRINCIPALS}) and state <> 'withdrawn' and enterprise_id <> all({EXCLUDED}))"


def upgrade() -> None:
    _product()
    _application()
    _history()


def _product() -> None:
    run(
        f"""create table portal.credit_product (
          id {KEY} constraint credit_product_pkey primary key,
          ref text not null constraint credit_product_ref_key unique,
          organisation_id bigint not null constraint credit_product_organisation_id_fkey references portal.organisation (id),
          owner integer not null,
          name text not null constraint credit_product_name_check check (length(btrim(name)) between 1 and 80),
          amount_min bigint not null,
          amount_max bigint not null,
          rate_min integer not null,
          rate_max integer not null,
          term_min integer not null,
          term_max integer not null,
          collateral text[] not null,
          conditions text not null default '',
          tiers text[] not null default '{{}}' constraint credit_product_tiers_check
            check (tiers <@ array['hatch', 'standard', 'cultivation']),
          regions text[] not null default '{{}}',
          promise_days integer constraint credit_product_promise_days_check check (promise_days between 1 and 250),
          valid_until date,
          state text not null default 'draft' constraint credit_product_state_check check (state in ('draft', 'open', 'closed')),
          version integer not null default 1,
          made_by bigint not null constraint credit_product_made_by_fkey references portal.person (id),
          updated_at timestamptz not null default now(),
          constraint credit_product_amount_check check (amount_min > 0 and amount_min <= amount_max),
          constraint credit_product_rate_check check (rate_min >= 0 and rate_min <= rate_max and rate_max <= 10000),
          constraint credit_product_term_check check (term_min > 0 and term_min <= term_max and term_max <= 600),
          constraint credit_product_collateral_check check (cardinality(collateral) > 0 and collateral <@ array['equity', 'patent',
            'receivables', 'orders', 'equipment', 'credit', 'guarantee', 'property']))""",
        "create index credit_product_shelf on portal.credit_product (rate_min, id) where state = 'open'",
        "create index credit_product_owner on portal.credit_product (owner, id)",
    )
    rights("credit_product", "select, insert, update")
    secure("credit_product", system="select")
    # Whom a product is meant for is decided by the reader's own enterprise, which its policy shows to its own people.
    meant_for = (
        f"exists (select from portal.enterprise e where e.owner = any({PRINCIPALS}) and e.owner <> 0 and e.member"
        " and (cardinality(tiers) = 0 or e.tier = any(tiers))"
        " and (cardinality(regions) = 0 or e.province_code = any(regions)))"
    )
    current = "(valid_until is null or valid_until >= (now() at time zone 'Asia/Shanghai')::date)"
    policy(
        "credit_product", "seen", "select",
        using=f"{MINE} or (state = 'open' and ({OPERATOR} = any({PRINCIPALS}) or ({current} and {meant_for})))",
    )  # fmt: skip
    own = f"{MINE} and exists (select from portal.organisation o where o.id = organisation_id and o.principal = owner)"
    policy("credit_product", "made", "insert", check=f"{own} and {IS_LENDER}")
    policy("credit_product", "changed", "update", using=MINE, check=f"{own} and {IS_LENDER}")


def _application() -> None:
    run(
        f"""create table portal.application (
          id {KEY} constraint application_pkey primary key,
          ref text not null constraint application_ref_key unique,
          product_id bigint not null constraint application_product_id_fkey references portal.credit_product (id),
          terms jsonb not null,
          applicant jsonb not null,
          organisation_id bigint not null constraint application_organisation_id_fkey references portal.organisation (id),
          lender integer not null,
          enterprise_id bigint not null constraint application_enterprise_id_fkey references portal.enterprise (id),
          owner integer not null,
          amount bigint not null constraint application_amount_check check (amount > 0),
          term integer not null constraint application_term_check check (term > 0),
          purpose text not null constraint application_purpose_check check (length(btrim(purpose)) > 0),
          note text not null default '',
          state text not null default 'submitted' constraint application_state_check
            check (state in ('submitted', 'withdrawn', 'accepted', 'declined')),
          reason_code text constraint application_reason_code_check check (reason_code in ('amount', 'term', 'collateral',
            'figures', 'history', 'industry', 'papers', 'other')),
          reason text not null default '',
          version integer not null default 1,
          submitted_at timestamptz not null default now(),
          submitted_by bigint not null constraint application_submitted_by_fkey references portal.person (id),
          decided_at timestamptz,
          decided_by bigint constraint application_decided_by_fkey references portal.person (id),
          constraint application_parties_check check (lender <> owner),
          constraint application_decided_check check ((state in ('accepted', 'declined')) = (decided_at is not null)
            and (decided_at is null) = (decided_by is null)),
          constraint application_reason_check check ((state = 'declined') = (reason_code is not null)))""",
        """create unique index application_open on portal.application (enterprise_id, product_id)
          where state = 'submitted'""",
        "create index application_owner on portal.application (owner, submitted_at)",
        "create index application_lender on portal.application (lender, submitted_at)",
    )
    rights("application", "select, insert, update")
    secure("application", system="select")
    parties = f"{MINE} or {AS_LENDER}"
    policy("application", "seen", "select", using=parties)
    policy(
        "application", "made", "insert",
        check=f"{MINE} and state = 'submitted'"
        " and exists (select from portal.enterprise e where e.id = enterprise_id and e.owner = application.owner)"
        " and exists (select from portal.credit_product p where p.id = product_id and p.state = 'open'"
        " and p.owner = lender and p.organisation_id = application.organisation_id)",
    )  # fmt: skip
    policy("application", "changed", "update", using=parties, check=parties)
    _one_door()


def _one_door() -> None:
    run(
        # A policy cannot compare old with new: which party may bring an application from where to where is held here.
        """create function portal.keep_application() returns trigger language plpgsql as $$
        begin
          if old.state <> 'submitted' or new.state = 'submitted' then
            raise exception 'an application is decided once' using errcode = '42501';
          end if;
          if (case when new.state = 'withdrawn' then old.owner else old.lender end) <> all(portal.principals()) then
            raise exception 'not the party that decides this' using errcode = '42501';
          end if;
          if (to_jsonb(old) - array['state', 'reason_code', 'reason', 'decided_at', 'decided_by', 'version']) is distinct from
             (to_jsonb(new) - array['state', 'reason_code', 'reason', 'decided_at', 'decided_by', 'version']) then
            raise exception 'what was applied for stays as it was' using errcode = '42501';
          end if;
          return new;
        end $$""",
        """create trigger keep_application before update on portal.application for each row
        execute function portal.keep_application()""",
    )


def _history() -> None:
    run(
        f"""create table portal.application_event (
          id {KEY} constraint application_event_pkey primary key,
          application_id bigint not null constraint application_event_application_id_fkey references portal.application (id),
          state text not null constraint application_event_state_check
            check (state in ('submitted', 'withdrawn', 'accepted', 'declined')),
          at timestamptz not null default now(),
          person_id bigint not null constraint application_event_person_id_fkey references portal.person (id),
          organisation_id bigint not null constraint application_event_organisation_id_fkey references portal.organisation (id))""",
        "create index application_event_application_id_ix on portal.application_event (application_id)",
    )
    # No right to change or delete: a history only grows.
    rights("application_event", "select, insert")
    secure("application_event", system="select")
    party = "exists (select from portal.application a where a.id = application_id{})"
    policy("application_event", "seen", "select", using=party.format(""))
    policy(
        "application_event", "made", "insert",
        check=party.format(" and a.state = application_event.state")
        + f" and exists (select from portal.organisation o where o.id = organisation_id and o.principal = any({PRINCIPALS}))",
    )  # fmt: skip


def downgrade() -> None:
    run(
        "drop table portal.application_event",
        "drop table portal.application",
        "drop function portal.keep_application()",
        "drop table portal.credit_product",
    )
