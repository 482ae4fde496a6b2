"""Actors of the enterprise tests, a database of their own for what must commit, and files as people send them."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.access.principals import KIND_PRINCIPALS, PUBLIC, OrgKind
from portal.accounts.models import Organisation, Person, Principal
from portal.core.connect import Urls
from portal.core.db import Database, PortalSession, make_engine, set_principals
from portal.core.ids import new_ref
from portal.enterprises.panels import PAGE
from portal.migrations.run import upgrade
from tests.conftest import SHARED, drop_database, make_database

REGISTER = SHARED / "registry" / "tech_manufacturing_sample_by_province.csv.gz"
HEADER = "企业名称,统一社会信用代码,成立日期,注册资本,企业类型,省份,城市,地址,经营范围"
CODES = ("91650100MA0TEXT05W", "91650100MA0TEXT187", "91650100MA0TEXT21J", "91310000MA0TEXT30N", "91310000MA0TEXT41T")


@pytest.fixture(scope="session")
def own_urls(cluster: str) -> Iterator[Urls]:
    name = "portal_enterprises_test"
    made = make_database(cluster, name)
    owner = create_engine(made.owner)
    upgrade(owner)
    owner.dispose()
    yield made
    drop_database(cluster, name)


@pytest.fixture
def emptied(own_urls: Urls) -> Urls:
    """The database of these tests with nothing in it."""
    owner = create_engine(own_urls.admin or "")
    with owner.begin() as connection:
        connection.execute(
            text("truncate portal.enterprise, portal.fact, portal.profile_section, portal.access_grant, portal.exclusion,"
                 " portal.organisation, portal.membership, portal.person, portal.posted_form cascade")
        )  # fmt: skip
    owner.dispose()
    return own_urls


@pytest.fixture
def own(emptied: Urls) -> Iterator[Database]:
    """The way into that database for what must commit."""
    database = emptied.database()
    yield database
    database.dispose()


def organisation(db: Session, kind: OrgKind, name: str) -> Organisation:
    """An organisation with a principal of its own."""
    made = Organisation(kind=kind.value, name=name, principal=_principal(db))
    db.add(made)
    db.flush()
    return made


def person(db: Session, name: str) -> Person:
    """Somebody who can be named as the maker of a grant."""
    made = Person(username=f"{name}-{new_ref()}", email=f"{new_ref()}@example.com", name=name, principal=_principal(db))
    db.add(made)
    db.flush()
    return made


def _principal(db: Session) -> int:
    made = Principal(word=f"test:{new_ref()}")
    db.add(made)
    db.flush()
    return made.id


def acting(of: Organisation, *also: int, who: Person | None = None) -> Actor:
    """Somebody of staff acting for an organisation, with further principals such as BOARD."""
    kind = OrgKind(of.kind)
    principals = tuple(sorted({PUBLIC, of.principal, KIND_PRINCIPALS[kind], *also, *([who.principal] if who else [])}))
    return Actor(
        person_id=who.id if who else 1, person_name="罗砚秋", organisation_id=of.id, organisation_name=of.name,
        organisation_principal=of.principal, kind=kind, roles=frozenset({"staff"}), principals=principals,
    )  # fmt: skip


def as_(db: Session, actor: Actor) -> Session:
    """`db` read by `actor` from here on."""
    set_principals(db, actor.principals)
    return db


@pytest.fixture
def unwalled(emptied: Urls) -> Iterator[Session]:
    """A session of the administrator, whom no policy stops until it takes another role; rolled back."""
    engine = make_engine(emptied.admin or "")
    with engine.connect() as connection:
        outer = connection.begin()
        session = PortalSession(
            bind=connection, join_transaction_mode="create_savepoint", expire_on_commit=False, info={"principals": ()}
        )
        yield session
        session.close()
        outer.rollback()
    engine.dispose()


@pytest.fixture
def csv_file(tmp_path: Path) -> Callable[..., Path]:
    """Write lines as a CSV in the given encoding, packed or not."""

    def write(*lines: str, encoding: str = "utf-8", packed: bool = False, header: str = HEADER) -> Path:
        body = ("\r\n".join((header, *lines)) + "\r\n").encode(encoding)
        path = tmp_path / ("名录.csv.gz" if packed else "名录.csv")
        path.write_bytes(gzip.compress(body) if packed else body)
        return path

    return write


@pytest.fixture
def statements(db: Session) -> Iterator[list[str]]:
    """Every statement that `db`'s connection takes."""
    taken: list[str] = []

    def note(_c: object, _cur: object, statement: str, _p: object, _x: object, _m: object) -> None:
        taken.append(statement)

    connection = db.connection()
    event.listen(connection, "before_cursor_execute", note)
    yield taken
    event.remove(connection, "before_cursor_execute", note)


@pytest.fixture
def count_statements() -> Iterator[Callable[[Database], list[str]]]:
    """Every statement that the app's engine of a database takes from now on."""
    taken: list[str] = []
    watched: list[Database] = []

    def note(_c: object, _cur: object, statement: str, _p: object, _x: object, _m: object) -> None:
        taken.append(statement)

    def watch(database: Database) -> list[str]:
        watched.append(database)
        event.listen(database.app, "before_cursor_execute", note)
        return taken

    yield watch
    for database in watched:
        event.remove(database.app, "before_cursor_execute", note)


@pytest.fixture(autouse=True)
def no_panels(monkeypatch: pytest.MonkeyPatch) -> None:
    """The enterprise's page without what higher features put on it: a whole portal of another test may have placed them."""
    monkeypatch.setattr(PAGE, "makers", [])
