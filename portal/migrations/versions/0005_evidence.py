"""The evidence log: records, openings, leaves, tree nodes and checkpoints."""

from portal.migrations.ddl import PRINCIPALS, policy, rights, run, secure

revision = "0005"
down_revision = "0004"
branch_labels = depends_on = None

KEY = "bigint generated always as identity"
# The owner sees the uses of what is its own; whoever acted sees the act while acting for the same organisation again.
VISIBLE = (
    f"owner = any({PRINCIPALS})"
    f" or (actor = any({PRINCIPALS}) and (organisation is null or organisation = any({PRINCIPALS})))"
)
FIXED = ("record", "erasure", "leaf", "node", "checkpoint")


def upgrade() -> None:
    _acts()
    _log()
    _rights()
    _triggers()
    _erasure()


def _acts() -> None:
    run(
        """create table portal.record (
          ref text constraint record_pkey primary key,
          at timestamptz not null,
          kind text not null constraint record_kind_check check (length(kind) between 1 and 80),
          commitment bytea not null constraint record_commitment_check check (octet_length(commitment) = 32))""",
        f"""create table portal.opening (
          id {KEY} constraint opening_pkey primary key,
          record text not null constraint opening_record_key unique constraint opening_record_fkey references portal.record (ref),
          at timestamptz not null,
          kind text not null,
          result text not null constraint opening_result_check check (result in ('allowed', 'denied')),
          owner integer,
          actor integer,
          organisation integer,
          salt bytea not null,
          plaintext jsonb not null)""",
        "create index opening_owner on portal.opening (owner, at desc, id desc)",
        "create index opening_owner_kind on portal.opening (owner, kind, at desc, id desc)",
        "create index opening_actor on portal.opening (actor, organisation, at desc, id desc)",
        # Denials are few: without an index of their own each page of them would read everything an organisation did.
        "create index opening_owner_denied on portal.opening (owner, at desc, id desc) where result = 'denied'",
        "create index opening_actor_denied on portal.opening (actor, organisation, at desc, id desc) where result = 'denied'",
    )


def _log() -> None:
    run(
        """create table portal.erasure (
          record text constraint erasure_pkey primary key constraint erasure_record_fkey references portal.record (ref),
          trace text not null constraint erasure_trace_key unique constraint erasure_trace_fkey references portal.record (ref))""",
        f"""create table portal.unsealed (
          id {KEY} constraint unsealed_pkey primary key,
          record text not null constraint unsealed_record_key unique
            constraint unsealed_record_fkey references portal.record (ref))""",
        """create table portal.leaf (
          seq bigint constraint leaf_pkey primary key constraint leaf_seq_check check (seq >= 0),
          record text not null constraint leaf_record_key unique constraint leaf_record_fkey references portal.record (ref),
          hash bytea not null)""",
        """create table portal.node (
          level smallint not null,
          place bigint not null,
          hash bytea not null,
          constraint node_pkey primary key (level, place))""",
        """create table portal.checkpoint (
          size bigint constraint checkpoint_pkey primary key,
          root bytea not null,
          at timestamptz not null default now(),
          note text not null)""",
    )


def _rights() -> None:
    rights("record", "select, insert", "select, insert")
    rights("opening", "select, insert", "select, insert")
    rights("erasure", "select", "select")
    rights("unsealed", "", "select, delete")
    for table in ("leaf", "node", "checkpoint"):
        rights(table, "select", "select, insert")
    for table in ("record", "opening", "erasure", "unsealed", "leaf", "node", "checkpoint"):
        secure(table, system="all")
    # How many records of which kind exist at what time is no released value: a record shows with its opening only.
    policy("record", "seen", "select", using="exists (select from portal.opening o where o.record = record.ref)")
    policy("record", "made", "insert", check="true")
    policy("opening", "seen", "select", using=VISIBLE)
    # Nobody records an act in another's name; whose information was used is for the recording service to say.
    honest = "({0} is null or {0} = any(" + PRINCIPALS + "))"
    policy("opening", "made", "insert", check=f"{honest.format('actor')} and {honest.format('organisation')}")
    policy("erasure", "seen", "select", using="exists (select from portal.record r where r.ref = erasure.record)")
    # The tree holds digests and random references; its size is public with the checkpoint.
    for table in ("leaf", "node", "checkpoint"):
        policy(table, "seen", "select", using="true")


def _triggers() -> None:
    run(
        # A statement's trigger fires although row-level security leaves the owner no row to change.
        """create function portal.evidence_stays() returns trigger language plpgsql as $$
        begin
          if tg_op = 'DELETE' and tg_table_name = 'opening' and current_user = 'portal_decider' then
            return null;  -- portal.erase_opening, which leaves its trace
          end if;
          raise exception 'evidence stays: % on % is refused', lower(tg_op), tg_table_name using errcode = 'insufficient_privilege';
        end $$""",
        """create function portal.evidence_queue() returns trigger language plpgsql security definer
        set search_path = pg_catalog, portal as $$
        begin
          insert into portal.unsealed (record) select ref from fresh;
          return null;
        end $$""",
        """create trigger queue after insert on portal.record referencing new table as fresh
        for each statement execute function portal.evidence_queue()""",
        "grant insert on portal.unsealed to portal_decider",
        "alter function portal.evidence_queue() owner to portal_decider",
        "revoke execute on function portal.evidence_stays(), portal.evidence_queue() from public",
        *(
            f"create trigger stays before update or delete or truncate on portal.{table} execute function portal.evidence_stays()"
            for table in (*FIXED, "opening")
        ),
    )
    policy("unsealed", "queued", "insert", check="true", role="portal_decider")


def _erasure() -> None:
    run(
        # The one way in which an opening goes: with a record of the going, used for this one erasure.
        """create function portal.erase_opening(target text, why text) returns void language plpgsql security definer
        set search_path = pg_catalog, portal as $$
        begin
          if not exists (select from portal.record r where r.ref = why and r.kind = 'evidence.erased') then
            raise exception 'an erasure needs its record' using errcode = 'insufficient_privilege';
          end if;
          delete from portal.opening o where o.record = target;
          if not found then
            raise exception 'no opening to erase' using errcode = 'no_data_found';
          end if;
          insert into portal.erasure (record, trace) values (target, why);
        end $$""",
        "grant select on portal.record to portal_decider",
        "grant select, delete on portal.opening to portal_decider",
        "grant insert on portal.erasure to portal_decider",
        "alter function portal.erase_opening(text, text) owner to portal_decider",
        "revoke execute on function portal.erase_opening(text, text) from public",
        "grant execute on function portal.erase_opening(text, text) to portal_system",
    )
    policy("record", "decides", "select", using="true", role="portal_decider")
    policy("opening", "decides", "select", using="true", role="portal_decider")
    policy("opening", "erased", "delete", using="true", role="portal_decider")
    policy("erasure", "erased", "insert", check="true", role="portal_decider")


def downgrade() -> None:
    run(
        "drop policy seen on portal.record",  # it reads the openings, which refer to it
        *(f"drop table portal.{table}" for table in ("checkpoint", "node", "leaf", "unsealed", "erasure", "opening", "record")),
        "drop function portal.erase_opening(text, text)",
        "drop function portal.evidence_queue()",
        "drop function portal.evidence_stays()",
    )
