"""Who is asking: the actor behind a browser's token, built afresh for every request."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, Text, and_, bindparam, cast, func, literal, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by, array
from sqlalchemy.orm import Session

from portal.access.actions import Action
from portal.access.actor import ANONYMOUS, Actor
from portal.access.principals import (
    AUTHORITY,
    BOARD,
    BOARD_BY_OFFICE,
    INSTITUTION_KINDS,
    INVESTOR_KINDS,
    KIND_PRINCIPALS,
    OPERATOR,
    PUBLIC,
    QUALIFIED,
    RESERVED,
    OrgKind,
)
from portal.accounts.models import Membership, Organisation, Person, Principal, RingMember, SignInSession
from portal.accounts.sessions import device, token_hash, touch
from portal.core.clock import today
from portal.core.db import set_principals
from portal.core.errors import NotAllowed, NotFound

SESSION_LENGTH = timedelta(hours=12)  # from signing in, however busy the browser
SESSION_IDLE = timedelta(hours=4)  # from the last request

Enrich = Callable[[Session, Actor], Actor]


def load_actor(db: Session, *, token: str | None, enrich: Enrich | None = None, on: date | None = None) -> Actor:
    """The actor behind `token`, ANONYMOUS when it is none, unknown, ended, too old, or its person has been shut out.

    One statement; a second at most once a minute, which notes that the browser was seen. A session whose membership has
    ended gives a person without organisation: nothing but the own account is left. `enrich` is asked for organisations of
    kind `enterprise` only, with their principals in force: the tie to the enterprise database belongs to a higher feature
    and to its policies, so it is handed in rather than joined here.
    """
    row = db.execute(_statement(), {"digest": token_hash(token)}).mappings().one_or_none() if token else None
    if row is None:
        return ANONYMOUS
    touch(db, row["session_id"], row["last_seen_at"])
    actor = _actor(row, on or today())
    if enrich is not None and actor.kind is OrgKind.ENTERPRISE:
        set_principals(db, actor.principals)
        actor = enrich(db, actor)
    return actor


@lru_cache(maxsize=1)
def _statement() -> Select[Any]:
    """Of the session whose token's digest is bound as `digest`; written once, for every request asks it."""
    live = and_(Membership.id == SignInSession.membership_id, Membership.ended_at.is_(None), Membership.person_id == Person.id)
    other = Membership.__table__.alias("other")
    count = select(func.count()).where(other.c.person_id == Person.id, other.c.ended_at.is_(None)).scalar_subquery()
    return (
        select(
            SignInSession.id.label("session_id"), SignInSession.last_seen_at,
            Person.id.label("person_id"), Person.name.label("person_name"), Person.principal.label("person_principal"),
            Membership.id.label("membership_id"), Membership.roles,
            Organisation.id.label("organisation_id"), Organisation.name.label("organisation_name"),
            Organisation.principal.label("organisation_principal"), Organisation.kind,
            Organisation.qualified_from, Organisation.qualified_until,
            _rings().label("rings"), count.label("memberships"),
        )
        .join(Person, Person.id == SignInSession.person_id)
        .outerjoin(Membership, live)
        .outerjoin(Organisation, Organisation.id == Membership.organisation_id)
        .where(
            SignInSession.token_hash == bindparam("digest"),
            Person.active,
            *_unended(),
        )
    )  # fmt: skip


def _rings() -> Any:
    """Live rings of the organisation as rows `[number, word]`, both as text."""
    pair = array([cast(RingMember.principal, Text), Principal.word])
    return (
        select(func.array_agg(aggregate_order_by(pair, RingMember.principal)))
        .join(Principal, Principal.id == RingMember.principal)
        .where(RingMember.organisation_id == Organisation.id, RingMember.starts <= func.now(), RingMember.ends > func.now())
        .scalar_subquery()
    )


def _actor(row: Any, day: date) -> Actor:
    spelled: dict[int, str] = {PUBLIC: RESERVED[PUBLIC], row["person_principal"]: f"person:{row['person_id']}"}
    kind = OrgKind(row["kind"]) if row["kind"] else None
    if kind is not None:
        spelled[row["organisation_principal"]] = f"org:{row['organisation_id']}"
        spelled |= {number: RESERVED[number] for number in of_kind(kind, row["qualified_from"], row["qualified_until"], day)}
        spelled |= {int(number): word for number, word in row["rings"] or ()}
    numbers = tuple(sorted(spelled))
    return Actor(
        person_id=row["person_id"], person_name=row["person_name"], person_principal=row["person_principal"],
        membership_id=row["membership_id"], organisation_id=row["organisation_id"],
        organisation_name=row["organisation_name"] or "", organisation_principal=row["organisation_principal"],
        kind=kind, roles=frozenset(row["roles"] or ()), principals=numbers, words=tuple(spelled[n] for n in numbers),
        session_id=row["session_id"], memberships=row["memberships"],
    )  # fmt: skip


def of_kind(kind: OrgKind, qualified_from: date | None, qualified_until: date | None, day: date) -> frozenset[int]:
    """The reserved principals of an organisation on `day`; both dates of its qualification are days on which it holds."""
    dated = qualified_from is not None and qualified_until is not None and qualified_from <= day <= qualified_until
    qualified = dated and kind in INSTITUTION_KINDS
    # "All banks" means all that are entitled to the board: a class never reaches an institution that by name could not be chosen.
    found = {KIND_PRINCIPALS[kind]} if qualified or kind not in INSTITUTION_KINDS else set()
    if qualified or kind in BOARD_BY_OFFICE:
        found.add(BOARD)
    if qualified and kind in INVESTOR_KINDS:
        found.add(QUALIFIED)
    if kind is OrgKind.OPERATOR:
        found.add(OPERATOR)
    if kind is OrgKind.AUTHORITY:
        found.add(AUTHORITY)
    return frozenset(found)


@dataclass(frozen=True)
class OwnMembership:
    """One of a person's own live memberships."""

    ref: str
    organisation: str
    kind: OrgKind
    roles: tuple[str, ...]
    current: bool


@dataclass(frozen=True)
class OwnSession:
    """A browser in which a person is signed in."""

    ref: str
    device: str
    address: str
    since: datetime
    seen: datetime
    current: bool


@dataclass(frozen=True)
class OwnAccount:
    """What the account page shows a person of themselves."""

    username: str
    email: str
    memberships: tuple[OwnMembership, ...]
    sessions: tuple[OwnSession, ...]


def own_account(db: Session, actor: Actor) -> OwnAccount:
    """The actor's own account. Raises NotFound for nobody."""
    person = db.get(Person, actor.person_id) if actor.person_id is not None else None
    if person is None:
        raise NotFound
    memberships = db.execute(
        select(Membership, Organisation)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Membership.person_id == person.id, Membership.ended_at.is_(None))
        .order_by(Membership.id)
    )
    sessions = db.scalars(
        select(SignInSession).where(SignInSession.person_id == person.id, *_unended()).order_by(SignInSession.last_seen_at.desc())
    )
    return OwnAccount(
        username=person.username,
        email=person.email,
        memberships=tuple(
            OwnMembership(m.ref, o.name, OrgKind(o.kind), tuple(m.roles), m.id == actor.membership_id) for m, o in memberships
        ),
        sessions=tuple(
            OwnSession(s.ref, device(s.agent), s.address, s.created_at, s.last_seen_at, s.id == actor.session_id) for s in sessions
        ),
    )


def _unended() -> tuple[Any, ...]:
    return (
        SignInSession.ended_at.is_(None),
        SignInSession.created_at > func.now() - SESSION_LENGTH,
        SignInSession.last_seen_at > func.now() - SESSION_IDLE,
    )


PAGE = 50


def list_organisations(db: Session, actor: Actor, *, q: str = "", kind: str = "", page: int = 1) -> tuple[Sequence[Organisation], bool]:
    """Organisations for the operator's list, by kind and name, and whether there are more. Raises NotAllowed for others."""
    if not actor.may(Action.OPERATE):
        raise NotAllowed("只有运营机构能看机构名单。")
    statement = select(Organisation).order_by(Organisation.kind, Organisation.name, Organisation.id)
    if q.strip():
        statement = statement.where(_named(q.strip()))
    if kind in set(OrgKind):
        statement = statement.where(Organisation.kind == kind)
    rows = db.scalars(statement.offset((max(page, 1) - 1) * PAGE).limit(PAGE + 1)).all()
    return rows[:PAGE], len(rows) > PAGE


def get_organisation(db: Session, actor: Actor, ref: str) -> Organisation:
    """One organisation for the operator. Raises NotAllowed for others, NotFound."""
    if not actor.may(Action.OPERATE):
        raise NotAllowed("只有运营机构能看机构名单。")
    found = db.scalar(select(Organisation).where(Organisation.ref == ref))
    if found is None:
        raise NotFound
    return found


def addressable(db: Session, q: str, kinds: Collection[OrgKind], limit: int = 20) -> Sequence[Organisation]:
    """Organisations of `kinds` that somebody works in, whose name or credit code holds `q`: whom a form can address."""
    worked_in = select(Membership.id).where(Membership.organisation_id == Organisation.id, Membership.ended_at.is_(None)).exists()
    statement = select(Organisation).where(Organisation.kind.in_([str(kind) for kind in kinds]), worked_in)
    if q.strip():
        statement = statement.where(_named(q.strip()))
    return db.scalars(statement.order_by(Organisation.name, Organisation.id).limit(limit)).all()


def demo_people(db: Session) -> Sequence[Any]:
    """User name and organisations of everybody who works in an organisation of the demo."""
    names = func.string_agg(Organisation.name, aggregate_order_by(literal("、"), Membership.id))
    return db.execute(
        select(Person.username, names.label("organisation"))
        .join(Membership, Membership.person_id == Person.id)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Organisation.demo, Membership.ended_at.is_(None), Person.active)
        .group_by(Person.id)
        .order_by(Person.id)
        .limit(40)
    ).all()


def _named(q: str) -> Any:
    return or_(Organisation.name.icontains(q, autoescape=True), Organisation.uscc == q.upper())
