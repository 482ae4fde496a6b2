"""`portal migrate`: bring the database to this version; `--roles` makes the roles first (needs DATABASE_ADMIN_URL)."""

import argparse
import os
import sys

import psycopg
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from portal.core.connect import libpq
from portal.core.context import Context
from portal.core.roles import ensure_database, ensure_roles
from portal.migrations.run import current, downgrade, head, upgrade


def add(subparsers: argparse._SubParsersAction) -> None:
    command = subparsers.add_parser("migrate", help="把数据库升到这个版本")
    command.add_argument("--roles", action="store_true", help="先建角色和数据库（要 DATABASE_ADMIN_URL）")
    command.add_argument("--to", default="head", help="升到或（base、编号）退到某个版本")


def run(args: argparse.Namespace, context: Context) -> int:
    if args.roles and not _roles(context):
        return 2
    if not context.urls.owner:
        print("升级要用属主登录：设置 DATABASE_OWNER_URL（角色 portal_owner）。", file=sys.stderr)
        return 2
    owner = create_engine(context.urls.owner)
    try:
        with owner.connect() as connection:
            before = current(connection)
        if args.to != "head" and before is not None and (args.to == "base" or args.to < before):
            downgrade(owner, args.to)
        else:
            upgrade(owner, args.to)
        with owner.connect() as connection:
            after = current(connection)
    finally:
        owner.dispose()
    print(f"数据库版本 {before or '（空）'} → {after or '（空）'}，这份程序的版本是 {head()}。")
    return 0


def _roles(context: Context) -> bool:
    """Make roles and database; each role's password is the one its own address carries."""
    if not context.urls.admin:
        print("建角色要有权的登录：设置 DATABASE_ADMIN_URL。", file=sys.stderr)
        return False
    addresses = {"portal_app": context.urls.app, "portal_system": context.urls.system, "portal_owner": context.urls.owner}
    passwords = {role: make_url(url).password for role, url in addresses.items() if url and make_url(url).password}
    backup = os.environ.get("DATABASE_BACKUP_PASSWORD")
    if backup:
        passwords["portal_backup"] = backup
    with psycopg.connect(libpq(context.urls.admin), autocommit=True) as admin:
        ensure_roles(admin, {role: str(word) for role, word in passwords.items()})
        ensure_database(admin, make_url(context.urls.app).database or "portal")
    return True
