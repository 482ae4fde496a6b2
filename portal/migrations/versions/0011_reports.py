"""Reports and filings."""

from portal.migrations.ddl import PRINCIPALS, policy, readable, rights, run, secure

revision = "0011"
down_revision = "0010"
branch_labels = depends_on = None

KEY = "bigint generated always as identity"
MINE = f"owner = any({PRINCIPALS})"
OVERSEERS = f"{PRINCIPALS} && array[4, 5]"
WRITTEN = "state, version, check_state, check_asked_at, filed_at, updated_at"
VALIDATED = "state, check_state, checked_version, checked_at, problems, files"


def upgrade() -> None:
    _report()
    _filing()
    _one_door()


def _report() -> None:
    run(
        f"""create table portal.report (
          id {KEY} constraint report_pkey primary key,
          ref text not null constraint report_ref_key unique,
          enterprise_id bigint not null constraint report_enterprise_id_fkey references portal.enterprise (id),
          owner integer not null,
          kind text not null constraint report_kind_check check (kind in ('annual')),
          year smallint not null constraint report_year_check check (year between 2000 and 2100),
          corrects bigint constraint report_corrects_fkey references portal.report (id),
          state text not null default 'draft' constraint report_state_check
            check (state in ('draft', 'checked', 'filed', 'superseded')),
          version integer not null default 1,
          check_state text not null default 'none' constraint report_check_state_check
            check (check_state in ('none', 'queued', 'done')),
          check_asked_at timestamptz,
          checked_version integer,
          checked_at timestamptz,
          problems jsonb not null default '[]',
          files jsonb,
          filed_at timestamptz,
          made_by bigint not null constraint report_made_by_fkey references portal.person (id),
          made_at timestamptz not null default now(),
          updated_at timestamptz not null default now(),
          constraint report_checked_check check (state = 'draft' or (checked_version = version and files is not null)),
          constraint report_filed_check check ((state in ('filed', 'superseded')) = (filed_at is not null)))""",
        """create unique index report_open on portal.report (enterprise_id, kind, year)
          where state in ('draft', 'checked')""",
        "create unique index report_in_force on portal.report (enterprise_id, kind, year) where state = 'filed'",
        "create index report_owner on portal.report (owner, year)",
    )
    # Whose report of which year it is never changes, and what the validation found only the validator writes (portal_system).
    rights("report", f"select, insert, update ({WRITTEN})", f"select, update ({VALIDATED})")
    secure("report")
    policy("report", "seen", "select", using=f"{MINE} or (state in ('filed', 'superseded') and ({readable('report', 'report')}))")
    own = f"{MINE} and exists (select from portal.enterprise e where e.id = enterprise_id and e.owner = report.owner)"
    policy("report", "made", "insert", check=f"{own} and state = 'draft'")
    policy("report", "changed", "update", using=MINE, check=f"{MINE} and state <> 'checked'")


def _filing() -> None:
    run(
        f"""create table portal.filing (
          id {KEY} constraint filing_pkey primary key,
          ref text not null constraint filing_ref_key unique,
          report_id bigint not null constraint filing_report_id_key unique
            constraint filing_report_id_fkey references portal.report (id),
          enterprise_id bigint not null constraint filing_enterprise_id_fkey references portal.enterprise (id),
          owner integer not null,
          name text not null,
          uscc text not null,
          kind text not null constraint filing_kind_check check (kind in ('annual')),
          year smallint not null,
          filed_at timestamptz not null default now(),
          filed_by bigint not null constraint filing_filed_by_fkey references portal.person (id),
          sha256 text not null constraint filing_sha256_check check (sha256 ~ '^[0-9a-f]{{64}}$'),
          size bigint not null,
          facts integer not null,
          validator text not null,
          state text not null default 'filed' constraint filing_state_check check (state in ('filed', 'superseded')),
          constraint filing_extent_check check (size > 0 and facts > 0))""",
        "create index filing_newest on portal.filing (filed_at desc, id desc)",
        "create index filing_owner on portal.filing (owner, filed_at)",
    )
    rights("filing", "select, insert, update (state)")
    secure("filing", system="select")
    # The operator and the authorities know that something was filed; what it says stays behind the policies of report and fact.
    policy("filing", "seen", "select", using=f"{MINE} or {OVERSEERS}")
    policy(
        "filing", "made", "insert",
        check=f"{MINE} and state = 'filed' and exists (select from portal.report r where r.id = report_id and r.owner = filing.owner"
        " and r.enterprise_id = filing.enterprise_id and r.year = filing.year and r.state = 'filed')",
    )  # fmt: skip
    policy("filing", "changed", "update", using=f"{MINE} and state = 'filed'", check=f"{MINE} and state = 'superseded'")


def _one_door() -> None:
    run(
        # A policy cannot compare old with new: the one way to `filed`, and that a filed report stays, are held here for every role.
        """create function portal.keep_filed_report() returns trigger language plpgsql as $$
        begin
          if old.state in ('filed', 'superseded') then
            if not (old.state = 'filed' and new.state = 'superseded')
               or to_jsonb(old) - array['state', 'updated_at'] is distinct from to_jsonb(new) - array['state', 'updated_at'] then
              raise exception 'a filed report does not change' using errcode = '42501';
            end if;
          elsif new.state = 'superseded' or (new.state = 'filed' and (old.state <> 'checked' or old.version <> new.version)) then
            raise exception 'only a checked report is filed, as it was checked' using errcode = '42501';
          end if;
          return new;
        end $$""",
        """create trigger keep_filed_report before update on portal.report for each row
        execute function portal.keep_filed_report()""",
        """create function portal.keep_filed_facts() returns trigger language plpgsql as $$
        begin
          perform from portal.report r where r.id = new.carrier_id and r.enterprise_id = new.enterprise_id
            and r.owner = new.owner and r.state in ('draft', 'checked');
          if not found then
            raise exception 'facts are only written into an open report of the same enterprise' using errcode = '42501';
          end if;
          return new;
        end $$""",
        """create trigger keep_filed_facts before insert on portal.fact for each row
        when (new.carrier = 'report') execute function portal.keep_filed_facts()""",
    )


def downgrade() -> None:
    run(
        "drop trigger keep_filed_facts on portal.fact",
        "drop function portal.keep_filed_facts()",
        "drop table portal.filing",
        "drop table portal.report",
        "drop function portal.keep_filed_report()",
    )
