"""Words the migrations share: plain SQL, rights per table, row-level security."""

from alembic import op


def run(*statements: str) -> None:
    """Execute each statement as it stands; `%` needs no doubling."""
    connection = op.get_bind()
    for statement in statements:
        connection.exec_driver_sql(statement.replace("%", "%%") if "%" in statement else statement)


def rights(table: str, app: str, system: str = "select") -> None:
    """Give portal_app and portal_system their rights on portal.`table`; the backup role reads everything."""
    if app:
        run(f"grant {app} on portal.{table} to portal_app")
    if system:
        run(f"grant {system} on portal.{table} to portal_system")
    run(f"grant select on portal.{table} to portal_backup")


def secure(table: str, *, system: str = "all") -> None:
    """Put portal.`table` behind row-level security, for its owner too; portal_system gets a named policy `for {system}`."""
    run(
        f"alter table portal.{table} enable row level security",
        f"alter table portal.{table} force row level security",
    )
    if system:
        check = " with check (true)" if system in ("all", "update") else ""
        run(f"create policy system on portal.{table} for {system} to portal_system using (true){check}")


def policy(table: str, name: str, command: str, *, using: str | None = None, check: str | None = None, role: str = "portal_app") -> None:
    """Create a policy; write `using` with EXISTS and (select ...), never IN (select ...) and never a per-row function."""
    body = (f" using ({using})" if using else "") + (f" with check ({check})" if check else "")
    run(f"create policy {name} on portal.{table} for {command} to {role}{body}")


PRINCIPALS = "(select portal.principals())::int[]"
EXCLUDED = "(select portal.excluded())::bigint[]"


def readable(kind: str, table: str, *, id_column: str = "id") -> str:
    """The policy's expression: the enterprise's own people, or a live grant on object kind `kind` not outranked by an exclusion."""
    return (
        f"owner = any({PRINCIPALS}) or exists (select from portal.access_grant g where g.object_kind = '{kind}'"
        f" and g.object_id = {table}.{id_column} and g.principal = any({PRINCIPALS}) and g.revoked_at is null"
        f" and g.starts <= now() and g.ends > now()"
        f" and (g.basis = 'rule' or {table}.enterprise_id <> all({EXCLUDED})))"
    )
