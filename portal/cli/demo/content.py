"""Fills the fictional board through the same services the pages use: nothing is put there that a person could not do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.access.principals import OrgKind
from portal.accounts import services as accounts
from portal.accounts.models import Membership, Organisation, Person
from portal.accounts.queries import load_actor
from portal.accounts.sessions import end_sessions, start
from portal.cli.demo import stories
from portal.cli.demo.board import ACCOUNTS, Account, Invented, code, enterprises
from portal.core.clock import today
from portal.core.context import Context
from portal.core.db import set_principals
from portal.core.money import minor
from portal.enterprises.models import Enterprise
from portal.enterprises.services import add_enterprise
from portal.evidence.sealing import seal
from portal.wiring import with_enterprise

SOURCE = "演示数据"


def fill(context: Context, password: str) -> None:
    """Accounts, enterprises, and what they have done so far. One transaction but for the report, whose validation is a job's work:
    a broken start leaves no half-filled board behind."""
    with context.database.session() as db:
        organisations = {account.username: enter_account(db, account, password, context) for account in ACCOUNTS}
        acting = acting_as(db)
        with acting("operator") as operator:
            qualify(db, operator, organisations)
            enter_board(db, operator, organisations)
        stories.tell(db, acting, context)
        db.commit()
    stories.report(context, acting_as)
    seal(context.database, context.settings)


def enter_account(db: Session, account: Account, password: str, context: Context) -> Organisation:
    """One person with one organisation, as its administrator."""
    number = next(n for n, other in enumerate(ACCOUNTS, start=1) if other is account)
    known = {e.name: e.uscc for e in enterprises()}
    organisation = accounts.create_organisation(
        db, kind=account.kind, name=account.organisation, uscc=known.get(account.organisation) or code(900 + number), demo=True
    )
    person = accounts.create_person(
        db, username=account.username, email=f"{account.username}@demo.zhuanban-portal.example", name=account.person,
        password=password, pepper=context.settings.portal_password_salt,
    )  # fmt: skip
    accounts.add_member(db, person, organisation, ["admin", "staff"])
    return organisation




def acting_as(db: Session) -> Callable[[str], Iterator[Actor]]:
    """A way to act as one of the demo's people: the block's session carries that person's principals."""

    @contextmanager
    def acting(username: str) -> Iterator[Actor]:
        person = db.scalars(select(Person).where(Person.username == username)).one()
        membership = db.scalars(select(Membership.id).where(Membership.person_id == person.id)).one()
        _, token = start(db, person_id=person.id, membership_id=membership, address="", agent="demo")
        db.flush()
        actor = load_actor(db, token=token, enrich=with_enterprise)
        set_principals(db, actor.principals)
        yield actor
        db.flush()
        end_sessions(db, person.id)
        set_principals(db, ())

    return acting  # type: ignore[return-value]


def qualify(db: Session, operator: Actor, organisations: dict[str, Organisation]) -> None:
    """The operator gives each qualified demo institution a year."""
    for account in ACCOUNTS:
        if account.qualified and account.kind not in (OrgKind.ENTERPRISE, OrgKind.OPERATOR, OrgKind.AUTHORITY):
            day = today()
            until = day.replace(year=day.year + 1, day=min(day.day, 28))
            accounts.set_qualified(db, operator, organisations[account.username].ref, day, until)


def enter_board(db: Session, operator: Actor, organisations: dict[str, Organisation]) -> None:
    """The fictional enterprises, admitted to the board."""
    own = {organisation.name: organisation for organisation in organisations.values()}
    for invented in enterprises():
        enter_enterprise(db, operator, invented, own.get(invented.name))


def enter_enterprise(db: Session, operator: Actor, invented: Invented, organisation: Organisation | None) -> Enterprise:
    return add_enterprise(
        db, operator, uscc=invented.uscc, organisation=organisation, source=SOURCE, name=invented.name, member=True,
        tier=invented.tier, categories=list(invented.categories), province_code="650000", province_text="新疆",
        city_code=invented.city_code, city_text=invented.city_text, industry_code=invented.industry_code,
        founded=invented.founded, capital=minor(Decimal(invented.capital_wan * 10_000)), capital_currency="CNY",
        company_type="股份有限公司" if "股份" in invented.name else "有限责任公司", scope=invented.scope,
        summary=invented.summary, address=f"{invented.city_text}示范产业园", demo=True, joined_on=today(),
    )  # fmt: skip
