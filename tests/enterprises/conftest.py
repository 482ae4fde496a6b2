"""Actors of the enterprise tests, a database of their own for what must commit, and files as people send them."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.access.principals import BOARD, KIND_PRINCIPALS, OPERATOR, PUBLIC, QUALIFIED, OrgKind
from portal.accounts.models import Organisation, Principal
from portal.core.db import Database, set_principals
from portal.core.ids import new_ref
from portal.migrations.run import upgrade
from tests.conftest import SHARED, drop_database, make_database

REGISTER = SHARED / "registry" / "tech_manufacturing_sample_by_province.csv.gz"
HEADER = "企业名称,统一社会信用代码,成立日期,注册资本,企业类型,省份,城市,地址,经营范围"
CODES = ("91650100MA0TEXT05W", "91650100MA0TEXT187", "91650100MA0TEXT21J", "91310000MA0TEXT30N", "91310000MA0TEXT41T")


@pytest.fixture(scope="session")
def own_urls(cluster: str) -> Iterator[Database]:
    name = "portal_enterprises_test"
    made = make_database(cluster, name)
    owner = create_engine(made.owner)
    upgrade(owner)
    owner.dispose()
    yield made
    drop_database(cluster, name)


@pytest.fixture
def own(own_urls) -> Iterator[Database]:  # type: ignore[no-untyped-def]
    """A database of these tests alone, empty at the start of each."""
    database = own_urls.database()
    owner = create_engine(own_urls.admin)
    with owner.begin() as connection:
        connection.execute(
            text("truncate portal.enterprise, portal.fact, portal.profile_section, portal.access_grant, portal.exclusion,"
                 " portal.organisation, portal.membership, portal.person, portal.posted_form cascade")
        )  # fmt: skip
    owner.dispose()
    yield database
    database.dispose()


def organisation(db: Session, kind: OrgKind, name: str) -> Organisation:
    """An organisation with a principal of its own."""
    principal = Principal(word=f"org:test-{new_ref()}")
    db.add(principal)
    db.flush()
    made = Organisation(kind=kind.value, name=name, principal=principal.id)
    db.add(made)
    db.flush()
    return made


def acting(of: Organisation, *also: int, person: int | None = None) -> Actor:
    """Somebody of staff acting for an organisation, with further principals such as BOARD."""
    kind = OrgKind(of.kind)
    principals = tuple(sorted({PUBLIC, of.principal, KIND_PRINCIPALS[kind], *also}))
    return Actor(
        person_id=person or 1, person_name="罗砚秋", person_principal=None, organisation_id=of.id, organisation_name=of.name,
        organisation_principal=of.principal, kind=kind, roles=frozenset({"staff"}), principals=principals,
    )  # fmt: skip


def as_(db: Session, actor: Actor) -> Session:
    """`db` read by `actor` from here on."""
    db.expire_all()
    set_principals(db, actor.principals)
    return db


@pytest.fixture
def operator(db: Session) -> Actor:
    return acting(organisation(db, OrgKind.OPERATOR, "北庭股权交易中心"), BOARD, OPERATOR)


@pytest.fixture
def fund(db: Session) -> Actor:
    return acting(organisation(db, OrgKind.FUND_MANAGER, "砚台山私募基金"), BOARD, QUALIFIED)


@pytest.fixture
def visitor(db: Session) -> Actor:
    return acting(organisation(db, OrgKind.FUND_MANAGER, "未核实私募基金"))


@pytest.fixture
def csv_file(tmp_path: Path) -> Callable[..., Path]:
    """Write lines as a CSV in the given encoding, packed or not."""

    def write(*lines: str, encoding: str = "utf-8", packed: bool = False, header: str = HEADER) -> Path:
        body = ("\r\n".join((header, *lines)) + "\r\n").encode(encoding)
        path = tmp_path / ("名录.csv.gz" if packed else "名录.csv")
        path.write_bytes(gzip.compress(body) if packed else body)
        return path

    return write
