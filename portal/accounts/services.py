"""Verbs on people, organisations, membership, rings and investor qualification."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import cast, func, insert, select, text, update
from sqlalchemy.orm import Session

from portal.access.actions import Action
from portal.access.actor import Actor
from portal.access.principals import INSTITUTION_KINDS, KIND_NAMES, OrgKind
from portal.access.roles import ROLE_NAMES
from portal.accounts.models import Membership, Organisation, Person, Principal, RingMember, SignInSession
from portal.accounts.passwords import check_password, digest
from portal.accounts.sessions import end_sessions
from portal.core.clock import now
from portal.core.db import Moment
from portal.core.errors import Conflict, Invalid, NotAllowed, NotFound
from portal.core.ids import new_ref
from portal.evidence.services import record

USERNAME = re.compile(r"[a-z][a-z0-9._-]{1,31}")
ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")

_PRINCIPAL = text(
    "insert into portal.principal (word) values (:word) on conflict (word) do nothing returning id"
)


def principal_for(db: Session, word: str) -> int:
    """The number of principal `word`, made when it is new; two transactions that make it at once get the same one."""
    found = db.scalar(select(Principal.id).where(Principal.word == word))
    if found is None:
        found = db.scalar(_PRINCIPAL, {"word": word})
    return found if found is not None else db.scalars(select(Principal.id).where(Principal.word == word)).one()


def create_organisation(
    db: Session, *, kind: OrgKind | str, name: str, uscc: str | None = None, demo: bool = False
) -> Organisation:
    """A new organisation with its principal `org:<id>`.

    Raises Invalid for an empty name, Conflict when the credit code belongs to an organisation already.
    """
    name = name.strip()
    if not name:
        raise Invalid(fields={"name": "机构名称不能空。"})
    if uscc and db.scalar(select(Organisation.id).where(Organisation.uscc == uscc)):
        raise Conflict(f"统一社会信用代码 {uscc} 已有机构账户。")
    key = _next(db, "organisation")
    organisation = Organisation(
        kind=str(OrgKind(kind)), name=name, uscc=uscc, demo=demo, principal=principal_for(db, f"org:{key}")
    )
    return _add(db, organisation, key)


def create_person(
    db: Session, *, username: str, email: str, name: str, password: str | None = None, pepper: str = ""
) -> Person:
    """A new person who can sign in with `password` (None: only after recovery by mail); `pepper` is PORTAL_PASSWORD_SALT.

    User names and mail addresses are kept in lower case. Raises Invalid for bad form, Conflict when one is taken.
    """
    username, email, name = username.strip().lower(), email.strip().lower(), name.strip()
    if password is not None and not pepper:
        raise ValueError("a password needs the pepper (settings.portal_password_salt)")
    wrong = {}
    if not USERNAME.fullmatch(username):
        wrong["username"] = "用户名用 2 到 32 个小写字母、数字或 . _ -，以字母开头。"
    if not ADDRESS.fullmatch(email):
        wrong["email"] = "邮箱地址不对。"
    if not name:
        wrong["name"] = "姓名不能空。"
    if password is not None and (fault := check_password(password, username)):
        wrong["password"] = fault
    if wrong:
        raise Invalid(fields=wrong)
    if db.scalar(select(Person.id).where(Person.username == username)):
        raise Conflict(f"用户名 {username} 已经有人用。")
    if db.scalar(select(Person.id).where(Person.email == email)):
        raise Conflict(f"邮箱 {email} 已经有人用。")
    key = _next(db, "person")
    person = Person(
        username=username, email=email, name=name, fs_uniquifier=new_ref(), principal=principal_for(db, f"person:{key}"),
        password=digest(password, pepper) if password is not None else None,
    )  # fmt: skip
    return _add(db, person, key)


def set_password(db: Session, person: Person, password: str, *, pepper: str) -> None:
    """Give `person` a new password and sign every browser of theirs out. Raises Invalid when the password breaks the rules."""
    if fault := check_password(password, person.username):
        raise Invalid(fields={"password": fault})
    person.password, person.fs_uniquifier = digest(password, pepper), new_ref()
    end_sessions(db, person.id)
    db.flush()


def add_member(db: Session, person: Person, organisation: Organisation, roles: Iterable[str]) -> Membership:
    """Make `person` a member of `organisation`. Raises Invalid for unknown roles, Conflict when already a member."""
    chosen = sorted(set(roles))
    if not chosen or not set(chosen) <= set(ROLE_NAMES):
        raise Invalid(fields={"roles": "角色只能是：" + "、".join(ROLE_NAMES.values()) + "。"})
    live = select(Membership.id).where(
        Membership.person_id == person.id, Membership.organisation_id == organisation.id, Membership.ended_at.is_(None)
    )
    if db.scalar(live):
        raise Conflict(f"{person.name} 已经是 {organisation.name} 的成员。")
    membership = Membership(person_id=person.id, organisation_id=organisation.id, roles=chosen)
    db.add(membership)
    db.flush()
    return membership


def end_membership(db: Session, membership: Membership) -> None:
    """End a membership: its person acts for the organisation no longer from the next request on.

    Raises Conflict for the organisation's last administrator: somebody must stay who can let others in.
    """
    # Two administrators who end each other at once must not both succeed.
    db.execute(select(Organisation.id).where(Organisation.id == membership.organisation_id).with_for_update())
    db.refresh(membership, ["ended_at", "roles"])
    if membership.ended_at is not None:
        return
    if "admin" in membership.roles and not _other_administrators(db, membership):
        raise Conflict("这是机构最后一位管理员。先给另一位成员管理员角色。")
    membership.ended_at = now()
    db.flush()


def _other_administrators(db: Session, membership: Membership) -> int:
    return db.scalar(
        select(func.count(Membership.id))
        .join(Person, Person.id == Membership.person_id)
        .where(
            Membership.organisation_id == membership.organisation_id, Membership.id != membership.id,
            Membership.ended_at.is_(None), Membership.roles.contains(["admin"]), Person.active,
        )
    ) or 0  # fmt: skip


def join_ring(
    db: Session, word: str, organisation_id: int, starts: datetime | None = None, ends: datetime | None = None
) -> int:
    """Put an organisation into the ring `word` (`event:9`) from `starts` (now) to `ends` (for good); returns the principal.

    Being in it already for at least that long changes nothing.
    """
    principal = principal_for(db, word)
    if starts is not None and ends is not None and ends <= starts:
        raise Invalid(fields={"ends": "结束时间要晚于开始时间。"})
    begins, until = _period(starts, ends)
    covered = select(RingMember.id).where(
        RingMember.principal == principal, RingMember.organisation_id == organisation_id,
        RingMember.starts <= begins, RingMember.ends >= until,
    )  # fmt: skip
    if db.scalar(covered.limit(1)) is None:
        db.execute(insert(RingMember).values(principal=principal, organisation_id=organisation_id, starts=begins, ends=until))
    return principal


def _period(starts: datetime | None, ends: datetime | None) -> tuple[Any, Any]:
    # From the transaction's own instant, to infinity, where an end is left open.
    return starts or func.now(), ends or cast("infinity", Moment)


def leave_ring(db: Session, word: str, organisation_id: int) -> None:
    """End an organisation's membership of the ring `word` now."""
    ring = select(Principal.id).where(Principal.word == word).scalar_subquery()
    db.execute(
        update(RingMember)
        .where(RingMember.principal == ring, RingMember.organisation_id == organisation_id, RingMember.ends > func.now())
        .values(ends=func.now()),
        execution_options={"synchronize_session": False},
    )


def set_qualified(
    db: Session, actor: Actor, organisation_ref: str, starts: date | None, until: date | None
) -> Organisation:
    """Set the period (both days included) in which an institution counts as qualified; None and None take it away.

    Only the operator may. Recorded as evidence for the organisation. Raises NotFound, Invalid.
    """
    if not actor.may(Action.OPERATE):
        raise NotAllowed("只有运营机构能设置合格投资者期限。")
    organisation = db.scalar(select(Organisation).where(Organisation.ref == organisation_ref).with_for_update())
    if organisation is None:
        raise NotFound
    if organisation.kind not in INSTITUTION_KINDS:
        raise Invalid(f"{KIND_NAMES[OrgKind(organisation.kind)]}不设合格期限。")
    if (starts is None) != (until is None):
        raise Invalid(fields={"starts" if starts is None else "until": "起止日期要么都填，要么都不填。"})
    if starts is not None and until is not None and until < starts:
        raise Invalid(fields={"until": "终止日不能早于起始日。"})
    organisation.qualified_from, organisation.qualified_until = starts, until
    db.flush()
    about = {"organisation": organisation.ref, "from": _day(starts), "until": _day(until)}
    record(db, "organisation.qualified", actor=actor, owner=organisation.principal, about=about)
    return organisation


def switch_membership(db: Session, actor: Actor, membership_ref: str) -> None:
    """Let this browser act for another live membership of the same person. Raises NotFound for any other."""
    found = db.scalar(
        select(Membership.id).where(
            Membership.ref == membership_ref, Membership.person_id == actor.person_id, Membership.ended_at.is_(None)
        )
    )
    if found is None or actor.session_id is None:
        raise NotFound
    db.execute(update(SignInSession).where(SignInSession.id == actor.session_id).values(membership_id=found))


def sign_out_session(db: Session, actor: Actor, session_ref: str) -> None:
    """Sign one of the actor's own browsers out. Raises NotFound for anybody else's, or one that has ended."""
    if actor.person_id is None or not end_sessions(db, actor.person_id, only=session_ref):
        raise NotFound


def sign_out_elsewhere(db: Session, actor: Actor) -> int:
    """Sign all the actor's browsers out but this one; returns how many."""
    if actor.person_id is None:
        raise NotFound
    return end_sessions(db, actor.person_id, but=actor.session_id)


def _day(value: date | None) -> str | None:
    return value.isoformat() if value is not None else None


def _next(db: Session, table: str) -> int:
    """The id a new row will have: its principal's word carries it, and both rows name each other."""
    return db.scalar(text("select nextval(pg_get_serial_sequence(:table, 'id'))"), {"table": f"portal.{table}"})


def _add(db: Session, row: Any, key: int) -> Any:
    row.id = key
    db.add(row)
    db.flush()
    return row
