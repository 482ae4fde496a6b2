"""Roadshows and registrations."""

from portal.access.principals import OPERATOR
from portal.migrations.ddl import PRINCIPALS, policy, rights, run, secure

revision = "0010"
down_revision = "0009"
branch_labels = depends_on = None

KEY = "bigint generated always as identity"
STAFF = f"{OPERATOR} = any({PRINCIPALS})"
TABLES = ("roadshow_link", "registration", "roadshow_enterprise", "roadshow_reader", "roadshow")


def upgrade() -> None:
    _tables()
    for table in TABLES:
        rights(table, "select, insert, update" + (", delete" if table.startswith("roadshow_") else ""))
        secure(table, system="select")
    _policies()
    _seats()


def _tables() -> None:
    run(
        f"""create table portal.roadshow (
          id {KEY} constraint roadshow_pkey primary key,
          ref text not null constraint roadshow_ref_key unique,
          title text not null constraint roadshow_title_check check (length(btrim(title)) between 1 and 120),
          place text not null default '',
          description text not null default '',
          starts timestamptz not null,
          ends timestamptz not null,
          registration_until timestamptz not null,
          capacity integer not null constraint roadshow_capacity_check check (capacity between 1 and 100000),
          state text not null default 'draft' constraint roadshow_state_check
            check (state in ('draft', 'open', 'closed', 'cancelled')),
          organiser_id bigint not null constraint roadshow_organiser_id_fkey references portal.organisation (id),
          sequence integer not null default 0,
          version integer not null default 1,
          made_by bigint not null constraint roadshow_made_by_fkey references portal.person (id),
          updated_at timestamptz not null default now(),
          constraint roadshow_period_check check (ends > starts),
          constraint roadshow_registration_until_check check (registration_until <= starts))""",
        "create index roadshow_starts on portal.roadshow (starts, id)",
        """create table portal.roadshow_reader (
          roadshow_id bigint constraint roadshow_reader_roadshow_id_fkey references portal.roadshow (id),
          principal integer constraint roadshow_reader_principal_fkey references portal.principal (id),
          presenting boolean not null default false,
          constraint roadshow_reader_pkey primary key (roadshow_id, principal))""",
        """create table portal.roadshow_enterprise (
          roadshow_id bigint constraint roadshow_enterprise_roadshow_id_fkey references portal.roadshow (id),
          enterprise_id bigint constraint roadshow_enterprise_enterprise_id_fkey references portal.enterprise (id),
          owner integer not null default 0,
          position integer not null,
          constraint roadshow_enterprise_pkey primary key (roadshow_id, enterprise_id))""",
        """create table portal.roadshow_link (
          roadshow_id bigint constraint roadshow_link_pkey primary key
            constraint roadshow_link_roadshow_id_fkey references portal.roadshow (id),
          address text not null)""",
        "create index roadshow_enterprise_enterprise_id_ix on portal.roadshow_enterprise (enterprise_id)",
        f"""create table portal.registration (
          id {KEY} constraint registration_pkey primary key,
          ref text not null constraint registration_ref_key unique,
          roadshow_id bigint not null constraint registration_roadshow_id_fkey references portal.roadshow (id),
          organisation_id bigint not null constraint registration_organisation_id_fkey references portal.organisation (id),
          person_id bigint not null constraint registration_person_id_fkey references portal.person (id),
          principal integer not null,
          state text not null default 'registered' constraint registration_state_check check (state in ('registered', 'cancelled')),
          created_at timestamptz not null default now(),
          cancelled_at timestamptz,
          constraint registration_cancelled_check check ((state = 'cancelled') = (cancelled_at is not null)))""",
        """create unique index registration_live on portal.registration (roadshow_id, person_id)
          where state = 'registered'""",
        "create index registration_principal on portal.registration (principal, roadshow_id)",
    )


def _policies() -> None:
    shown = "exists (select from portal.roadshow r where r.id = {}.roadshow_id{})"
    policy(
        "roadshow", "seen", "select",
        using=f"{STAFF} or (state <> 'draft' and exists (select from portal.roadshow_reader a"
        f" where a.roadshow_id = roadshow.id and a.principal = any({PRINCIPALS})))",
    )  # fmt: skip
    policy("roadshow_reader", "seen", "select", using=f"{STAFF} or principal = any({PRINCIPALS})")
    # The enterprise's own policy decides whether it is shown among those that present: one that hides from the reader is not.
    policy(
        "roadshow_enterprise", "seen", "select",
        using=f"{shown.format('roadshow_enterprise', '')} and (owner = any({PRINCIPALS})"
        " or exists (select from portal.enterprise e where e.id = roadshow_enterprise.enterprise_id))",
    )  # fmt: skip
    # The way into an online roadshow is for those who take part.
    policy(
        "roadshow_link", "seen", "select",
        using=f"{STAFF} or exists (select from portal.registration g where g.roadshow_id = roadshow_link.roadshow_id"
        f" and g.state = 'registered' and g.principal = any({PRINCIPALS}))",
    )  # fmt: skip
    for table in ("roadshow", "roadshow_reader", "roadshow_enterprise", "roadshow_link"):
        policy(table, "made", "insert", check=STAFF)
        policy(table, "changed", "update", using=STAFF, check=STAFF)
    for table in ("roadshow_reader", "roadshow_enterprise", "roadshow_link"):
        policy(table, "dropped", "delete", using=STAFF)
    mine = f"principal = any({PRINCIPALS})"
    policy("registration", "seen", "select", using=f"{mine} or {STAFF}")
    policy(
        "registration", "made", "insert",
        check=f"{mine} and state = 'registered' and {shown.format('registration', '')}"
        " and exists (select from portal.organisation o where o.id = organisation_id and o.principal = registration.principal)"
        f" and exists (select from portal.person p where p.id = person_id and p.principal = any({PRINCIPALS}))",
    )  # fmt: skip
    policy("registration", "changed", "update", using=mine, check=f"{mine} and state = 'cancelled'")


def _seats() -> None:
    """Seats are counted over everybody's registrations, which a participant cannot see: a definer's functions count them."""
    run(
        "grant select on portal.roadshow, portal.roadshow_reader, portal.registration to portal_decider",
        *(
            f"create policy decides on portal.{table} for select to portal_decider using (true)"
            for table in ("roadshow", "roadshow_reader", "registration")
        ),
        # Whoever takes a seat or changes their number waits here for the one before; each later statement of a volatile
        # function sees what that one committed.
        """create function portal.seats_taken(show bigint) returns integer language plpgsql volatile security definer
        set search_path = pg_catalog, portal as $$
        begin
          perform pg_advisory_xact_lock(hashtextextended('portal.seats', show));
          return (select count(*) from portal.registration g where g.roadshow_id = show and g.state = 'registered');
        end $$""",
        """create function portal.keep_seat() returns trigger language plpgsql security definer
        set search_path = pg_catalog, portal as $$
        declare
          taken integer := portal.seats_taken(new.roadshow_id);
          show portal.roadshow;
        begin
          select * into show from portal.roadshow r where r.id = new.roadshow_id;
          if show.state <> 'open' or show.registration_until <= clock_timestamp() then
            raise exception 'registration is over' using errcode = 'check_violation', constraint = 'registration_open';
          end if;
          if taken >= show.capacity then
            raise exception 'no seat left' using errcode = 'check_violation', constraint = 'registration_seats';
          end if;
          return new;
        end $$""",
        """create trigger keep_seat before insert on portal.registration for each row
        when (new.state = 'registered') execute function portal.keep_seat()""",
        """create function portal.keep_registration() returns trigger language plpgsql as $$
        begin
          if old.state = 'cancelled' or (to_jsonb(old) - array['state', 'cancelled_at'])
             is distinct from (to_jsonb(new) - array['state', 'cancelled_at']) then
            raise exception 'a registration is only ever cancelled' using errcode = '42501';
          end if;
          return new;
        end $$""",
        """create trigger keep_registration before update on portal.registration for each row
        execute function portal.keep_registration()""",
        """create function portal.keep_capacity() returns trigger language plpgsql security definer
        set search_path = pg_catalog, portal as $$
        begin
          if portal.seats_taken(new.id) > new.capacity then
            raise exception 'more are registered' using errcode = 'check_violation', constraint = 'roadshow_seats';
          end if;
          return new;
        end $$""",
        """create trigger keep_capacity before update on portal.roadshow for each row
        when (new.capacity < old.capacity) execute function portal.keep_capacity()""",
        # The released value roadshow.seats: full or not, and only of roadshows the reader is shown.
        f"""create function portal.roadshows_full(shows bigint[]) returns setof bigint language sql stable security definer
        set search_path = pg_catalog, portal as $$
          select r.id from portal.roadshow r
          where r.id = any(shows)
            and ({STAFF} or (r.state <> 'draft' and exists (select from portal.roadshow_reader a
              where a.roadshow_id = r.id and a.principal = any({PRINCIPALS}))))
            and (select count(*) from portal.registration g where g.roadshow_id = r.id and g.state = 'registered') >= r.capacity $$""",
        *(
            f"alter function portal.{name} owner to portal_decider"
            for name in ("seats_taken(bigint)", "keep_seat()", "keep_capacity()", "roadshows_full(bigint[])")
        ),
        "revoke execute on function portal.seats_taken(bigint), portal.keep_seat(), portal.keep_capacity(),"
        " portal.keep_registration(), portal.roadshows_full(bigint[]) from public",
        "grant execute on function portal.roadshows_full(bigint[]) to portal_app",
    )


def downgrade() -> None:
    run(
        "drop function portal.roadshows_full(bigint[])",
        *(f"drop table portal.{table} cascade" for table in TABLES),
        "drop function portal.keep_capacity()",
        "drop function portal.keep_registration()",
        "drop function portal.keep_seat()",
        "drop function portal.seats_taken(bigint)",
    )
