"""Writes that a row alone does not betray: a tie to somebody else's object, an act in somebody else's name."""

from portal.access.principals import OPERATOR
from portal.migrations.ddl import PRINCIPALS, run

revision = "0013"
down_revision = "0012"
branch_labels = depends_on = None

# Kinds of objects that grants name, and where each kind stands.
OBJECTS = {"section": "profile_section", "disclosure": "disclosure", "report": "report"}
# Columns that say which person acted.
SIGNED = {
    "access_grant": "made_by", "disclosure": "made_by", "credit_product": "made_by", "application": "submitted_by",
    "application_event": "person_id", "roadshow": "made_by", "report": "made_by", "filing": "filed_by",
}  # fmt: skip


def upgrade() -> None:
    _ties()
    _standing()
    _names()


def _ties() -> None:
    """Only an object's own enterprise ties somebody to it, and a tie that was made is only ever ended."""
    tables = ("enterprise", *OBJECTS.values())
    run(
        "grant select on " + ", ".join(f"portal.{table}" for table in tables) + " to portal_decider",
        *(f"create policy decides on portal.{table} for select to portal_decider using (true)" for table in tables),
        # A definer's function: what belongs to another enterprise is hidden from who writes. An object that is not there
        # is refused as well, for numbers can be foreseen.
        "create function portal.keep_grant() returns trigger language plpgsql security definer"
        " set search_path = pg_catalog, portal as $$ begin"
        + "".join(
            f" if new.object_kind = '{kind}' and not exists (select from portal.{table} o where o.id = new.object_id"
            " and o.owner = new.owner and o.enterprise_id = new.enterprise_id) then"
            " raise exception 'a grant is made by who owns the object' using errcode = '42501'; end if;"
            for kind, table in OBJECTS.items()
        )
        + " return new; end $$",
        "create function portal.keep_enterprise() returns trigger language plpgsql security definer"
        " set search_path = pg_catalog, portal as $$ begin"
        " if exists (select from portal.enterprise e where e.id = new.enterprise_id and e.owner <> new.owner) then"
        " raise exception 'an enterprise speaks for itself alone' using errcode = '42501'; end if;"
        " return new; end $$",
        "create function portal.keep_ended() returns trigger language plpgsql as $$ begin"
        " raise exception 'what has ended does not begin again' using errcode = '42501'; end $$",
        *(f"alter function portal.{name}() owner to portal_decider" for name in ("keep_grant", "keep_enterprise")),
        "revoke execute on function portal.keep_grant(), portal.keep_enterprise(), portal.keep_ended() from public",
    )
    for table, function in (("access_grant", "keep_grant"), ("exclusion", "keep_enterprise"), ("disclosure", "keep_enterprise")):
        run(
            f"create trigger {function} before insert on portal.{table} for each row"
            f" when (current_user = 'portal_app') execute function portal.{function}()"
        )
    for table, ended in (("access_grant", "revoked_at"), ("exclusion", "ended_at")):
        run(
            f"revoke update on portal.{table} from portal_app",
            f"grant update ({ended}) on portal.{table} to portal_app",
            f"create trigger keep_ended before update on portal.{table} for each row when (current_user = 'portal_app'"
            f" and old.{ended} is not null and new.{ended} is distinct from old.{ended}) execute function portal.keep_ended()",
        )


def _standing() -> None:
    """Place, industry and capital decide what an enterprise is offered: the register's columns are the operator's to change."""
    run(
        "create policy register_only on portal.enterprise as restrictive for update to portal_app"
        f" using (true) with check ({OPERATOR} = any({PRINCIPALS}))"
    )


def _names() -> None:
    """Nobody acts in another's name."""
    for table, column in SIGNED.items():
        run(
            f"create policy signed on portal.{table} as restrictive for insert to portal_app with check ({column} is null"
            f" or exists (select from portal.person p where p.id = {column} and p.principal = any({PRINCIPALS})))"
        )


def downgrade() -> None:
    run("drop policy register_only on portal.enterprise")
    run(*(f"drop policy signed on portal.{table}" for table in SIGNED))
    for table in ("access_grant", "exclusion"):
        run(f"drop trigger keep_ended on portal.{table}", f"grant update on portal.{table} to portal_app")
    run(
        "drop trigger keep_grant on portal.access_grant",
        "drop trigger keep_enterprise on portal.exclusion",
        "drop trigger keep_enterprise on portal.disclosure",
        "drop function portal.keep_grant()",
        "drop function portal.keep_enterprise()",
        "drop function portal.keep_ended()",
    )
    for table in ("enterprise", *OBJECTS.values()):
        run(f"drop policy decides on portal.{table}", f"revoke select on portal.{table} from portal_decider")
