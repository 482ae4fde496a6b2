"""`portal user create | password | list`: accounts from the command line. A password is typed or piped in, never an argument."""

import argparse
import getpass
import json
import sys
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.access.principals import KIND_NAMES, OrgKind
from portal.access.roles import ROLE_NAMES
from portal.accounts.models import Membership, Organisation, Person
from portal.accounts.services import add_member, create_organisation, create_person, set_password
from portal.core.context import Context
from portal.core.errors import Invalid, PortalError


def add(subparsers: argparse._SubParsersAction) -> None:
    command = subparsers.add_parser("user", help="管理账户")
    verbs = command.add_subparsers(dest="verb", required=True, metavar="动作")
    create = verbs.add_parser("create", help="开一个账户")
    create.add_argument("username", help="用户名")
    create.add_argument("--name", required=True, help="姓名")
    create.add_argument("--email", required=True, help="邮箱，找回密码用")
    create.add_argument("--organisation", help="所在机构的名称；还没有就同时给 --kind")
    create.add_argument("--kind", choices=[str(kind) for kind in OrgKind], help="机构类别：建一个新机构")
    create.add_argument("--uscc", help="新机构的统一社会信用代码")
    create.add_argument("--role", action="append", choices=list(ROLE_NAMES), help="在机构里的角色，默认 staff，可重复")
    change = verbs.add_parser("password", help="改一个账户的密码，并结束它的所有登录")
    change.add_argument("username", help="用户名")
    shown = verbs.add_parser("list", help="列出账户")
    shown.add_argument("--json", action="store_true", help="每行一个 JSON")


def run(args: argparse.Namespace, context: Context) -> int:
    """Exit status 0, or 2 with a sentence when the act is refused."""
    verb = {"create": _create, "password": _password, "list": _list}[args.verb]
    with context.database.session() as db:
        try:
            verb(db, args, context)
        except Invalid as error:
            print("\n".join(error.fields.values()) or error.text, file=sys.stderr)
            return 2
        except PortalError as error:
            print(error.text, file=sys.stderr)
            return 2
        db.commit()
    return 0


def _create(db: Session, args: argparse.Namespace, context: Context) -> None:
    organisation = _organisation(db, args)
    person = create_person(
        db, username=args.username, email=args.email, name=args.name, password=_asked_password(),
        pepper=context.settings.portal_password_salt,
    )  # fmt: skip
    if organisation is not None:
        add_member(db, person, organisation, args.role or ["staff"])
    place = f"，{organisation.name}（{KIND_NAMES[OrgKind(organisation.kind)]}）" if organisation is not None else "，还没有机构"
    print(f"已开账户 {person.username}{place}。")


def _organisation(db: Session, args: argparse.Namespace) -> Organisation | None:
    if args.organisation is None:
        if args.kind or args.role:
            raise Invalid("--kind 和 --role 要和 --organisation 一起用。")
        return None
    found = db.scalars(select(Organisation).where(Organisation.name == args.organisation)).all()
    if args.kind and not found:
        return create_organisation(db, kind=args.kind, name=args.organisation, uscc=args.uscc)
    if not found:
        raise Invalid(f"没有叫“{args.organisation}”的机构。要新建，加上 --kind。")
    if len(found) > 1:
        raise Invalid(f"有 {len(found)} 个机构叫“{args.organisation}”，分不清是哪一个。")
    return found[0]


def _password(db: Session, args: argparse.Namespace, context: Context) -> None:
    person = db.scalar(select(Person).where(Person.username == args.username.strip().lower()))
    if person is None:
        raise Invalid(f"没有用户 {args.username}。")
    set_password(db, person, _asked_password(), pepper=context.settings.portal_password_salt)
    print(f"已改 {person.username} 的密码，各处登录都已结束。")


def _list(db: Session, args: argparse.Namespace, _context: Context) -> None:
    rows = db.execute(
        select(Person, Organisation, Membership)
        .outerjoin(Membership, (Membership.person_id == Person.id) & Membership.ended_at.is_(None))
        .outerjoin(Organisation, Organisation.id == Membership.organisation_id)
        .order_by(Person.username, Membership.id)
    )
    for person, organisation, membership in rows:
        line: dict[str, Any] = {
            "username": person.username, "name": person.name, "email": person.email, "active": person.active,
            "organisation": organisation.name if organisation else None, "kind": organisation.kind if organisation else None,
            "roles": membership.roles if membership else [],
        }  # fmt: skip
        if args.json:
            print(json.dumps(line, ensure_ascii=False))
        else:
            roles = "、".join(ROLE_NAMES[role] for role in line["roles"])
            print("\t".join([person.username, person.name, line["organisation"] or "—", roles or "—", "" if person.active else "已停用"]))


def _asked_password() -> str:
    """From the terminal, twice; from a pipe, its first line."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("密码：")
    if getpass.getpass("再输一次：") != first:
        raise Invalid("两次输入不一样。")
    return first
