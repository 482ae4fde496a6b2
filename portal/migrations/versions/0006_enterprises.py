"""Enterprises, facts and profile sections."""

from portal.migrations.ddl import EXCLUDED, PRINCIPALS, policy, readable, rights, run, secure

revision = "0006"
down_revision = "0005"
branch_labels = depends_on = None

KEY = "bigint generated always as identity"
MINE = f"owner = any({PRINCIPALS})"
OPERATOR = f"4 = any({PRINCIPALS})"


def upgrade() -> None:
    _enterprise()
    _fact()
    _section()


def _enterprise() -> None:
    run(
        f"""create table portal.enterprise (
          id {KEY} constraint enterprise_pkey primary key,
          uscc text not null constraint enterprise_uscc_key unique
            constraint enterprise_uscc_check check (uscc ~ '^[0-9A-HJ-NPQRTUWXY]{{18}}$'),
          name text not null,
          organisation_id bigint constraint enterprise_organisation_id_key unique
            constraint enterprise_organisation_id_fkey references portal.organisation (id),
          owner integer not null default 0,
          member boolean not null default false,
          tier text constraint enterprise_tier_check check (tier in ('hatch', 'standard', 'cultivation')),
          categories text[] not null default '{{}}' constraint enterprise_categories_check
            check (categories <@ array['innovative', 'specialised', 'little_giant', 'champion', 'high_tech']),
          province_code text,
          city_code text,
          district_code text,
          province_text text not null default '',
          city_text text not null default '',
          industry_code text,
          founded date,
          capital bigint,
          capital_currency text,
          company_type text not null default '',
          address text not null default '',
          scope text not null default '',
          summary text not null default '',
          demo boolean not null default false,
          joined_on date,
          version integer not null default 1,
          updated_at timestamptz not null default now(),
          constraint enterprise_capital_check check ((capital is null) = (capital_currency is null)),
          constraint enterprise_membership_check check (tier is null or member))""",
        "create index enterprise_owner on portal.enterprise (owner) where owner <> 0",
        "create index enterprise_board on portal.enterprise (id) where member",
    )
    rights("enterprise", "select, insert, update", "select, insert, update")
    secure("enterprise")
    policy("enterprise", "seen", "select", using=f"{MINE} or (2 = any({PRINCIPALS}) and id <> all({EXCLUDED}))")
    policy("enterprise", "made", "insert", check=OPERATOR)
    policy("enterprise", "changed", "update", using=f"{MINE} or {OPERATOR}", check=f"{MINE} or {OPERATOR}")
    run(
        # A policy cannot compare old with new: what only the register or the operator decides is held here.
        """create function portal.keep_register_columns() returns trigger language plpgsql as $$
        begin
          if not 4 = any(portal.principals()) then
            raise exception 'only the operator changes identity and standing of an enterprise' using errcode = '42501';
          end if;
          return new;
        end $$""",
        """create trigger keep_register_columns before update on portal.enterprise for each row
        when (current_user = 'portal_app' and
          (old.uscc, old.name, old.organisation_id, old.owner, old.member, old.tier, old.categories, old.demo, old.joined_on)
          is distinct from
          (new.uscc, new.name, new.organisation_id, new.owner, new.member, new.tier, new.categories, new.demo, new.joined_on))
        execute function portal.keep_register_columns()""",
    )


def _fact() -> None:
    run(
        f"""create table portal.fact (
          id {KEY} constraint fact_pkey primary key,
          enterprise_id bigint not null constraint fact_enterprise_id_fkey references portal.enterprise (id),
          owner integer not null default 0,
          concept text not null,
          period_start date,
          period_end date,
          scope text not null default '' constraint fact_scope_check check (scope in ('', 'consolidated', 'parent')),
          value bigint,
          text_value text,
          unit text not null default '',
          source text not null,
          source_date date not null,
          version integer not null default 1,
          carrier text not null constraint fact_carrier_check check (carrier in ('register', 'section', 'report', 'disclosure')),
          carrier_id bigint,
          recorded_at timestamptz not null default now(),
          constraint fact_one_value_check check ((value is null) <> (text_value is null)),
          constraint fact_carrier_id_check check ((carrier = 'register') = (carrier_id is null)),
          constraint fact_period_check check (period_start <= period_end))""",
        """create unique index fact_version on portal.fact
          (enterprise_id, concept, version, carrier, carrier_id, period_end, period_start, scope) nulls not distinct""",
        "create index fact_carrier on portal.fact (carrier, carrier_id) where carrier_id is not null",
    )
    # No right to change or delete: a new value is a new version.
    rights("fact", "select, insert", "select, insert")
    secure("fact")
    enterprise = "exists (select from portal.enterprise e where e.id = fact.enterprise_id{})"
    granted = (
        f"exists (select from portal.access_grant g where g.object_kind = fact.carrier and g.object_id = fact.carrier_id"
        f" and g.principal = any({PRINCIPALS}) and g.revoked_at is null and g.starts <= now() and g.ends > now()"
        f" and (g.basis = 'rule' or fact.enterprise_id <> all({EXCLUDED})))"
    )
    policy("fact", "seen", "select", using=f"{MINE} or (carrier = 'register' and {enterprise.format('')}) or {granted}")
    same_owner = enterprise.format(" and e.owner = fact.owner")
    policy(
        "fact", "made", "insert",
        check=f"((carrier <> 'register' and {MINE}) or (carrier = 'register' and {OPERATOR})) and {same_owner}",
    )  # fmt: skip


def _section() -> None:
    run(
        f"""create table portal.profile_section (
          id {KEY} constraint profile_section_pkey primary key,
          ref text not null constraint profile_section_ref_key unique,
          enterprise_id bigint not null constraint profile_section_enterprise_id_fkey references portal.enterprise (id),
          owner integer not null,
          key text not null constraint profile_section_key_check
            check (key in ('business', 'products', 'team', 'certificates', 'financing_need')),
          body text not null,
          version integer not null default 1,
          updated_at timestamptz not null default now(),
          constraint profile_section_enterprise_id_key_key unique (enterprise_id, key))""",
    )
    rights("profile_section", "select, insert, update")
    secure("profile_section", system="select")
    policy("profile_section", "seen", "select", using=readable("section", "profile_section"))
    mine = f"{MINE} and exists (select from portal.enterprise e where e.id = enterprise_id and e.owner = profile_section.owner)"
    policy("profile_section", "made", "insert", check=mine)
    policy("profile_section", "changed", "update", using=MINE, check=mine)


def downgrade() -> None:
    run(
        "drop table portal.profile_section",
        "drop table portal.fact",
        "drop table portal.enterprise",
        "drop function portal.keep_register_columns()",
    )
