"""Database roles, made once per cluster outside the numbered migrations (a second database of a cluster has them already).

portal_owner runs migrations; portal_app is the web and the jobs; portal_system keeps index, seal and retention under named
policies; portal_decider owns the functions that decide and has no login; portal_backup alone may pass row-level security.
"""

from collections.abc import Mapping

import psycopg
from psycopg import sql

LOGINS = ("portal_owner", "portal_app", "portal_system", "portal_backup")
ROLES = (*LOGINS, "portal_decider")


def ensure_roles(admin: psycopg.Connection, passwords: Mapping[str, str] | None = None) -> None:
    """Create what is absent and put each role's attributes right; safe to run again.

    `passwords` gives a login role its password (a server reached by TCP); the embedded server trusts its folder.
    """
    for role in ROLES:
        exists = admin.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
        verb = sql.SQL("alter role {}" if exists else "create role {}").format(sql.Identifier(role))
        login = sql.SQL(" login" if role in LOGINS else " nologin")
        bypass = sql.SQL(" bypassrls" if role == "portal_backup" else " nobypassrls")
        rest = sql.SQL(" nosuperuser nocreatedb nocreaterole noinherit")
        if role == "portal_owner":
            rest = sql.SQL(" nosuperuser nocreatedb nocreaterole inherit")
        admin.execute(verb + login + bypass + rest)
        if passwords and role in passwords:
            admin.execute(
                sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(passwords[role]))
            )
    admin.execute("grant portal_decider to portal_owner")


def ensure_database(admin: psycopg.Connection, name: str) -> bool:
    """Create the database `name`, owned by portal_owner, if it is absent; returns whether it was made.

    `admin` must be in autocommit mode: PostgreSQL creates no database inside a transaction.
    """
    if admin.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
        return False
    admin.execute("grant portal_owner to current_user")
    admin.execute(
        sql.SQL("create database {} owner portal_owner template template0 encoding 'UTF8'").format(sql.Identifier(name))
    )
    return True
