"""Actors of the log's tests, and a log of its own for what must commit."""

from collections.abc import Iterator
from itertools import count

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from portal.access.actor import Actor
from portal.access.principals import PUBLIC, OrgKind
from portal.core.connect import Urls
from portal.core.db import Database
from portal.migrations.run import upgrade
from tests.conftest import drop_database, make_database

NUMBERS = count(1)
ENTERPRISE, FUND, BANK = 5001, 5002, 5003


def actor(name: str, organisation: int, kind: OrgKind = OrgKind.FUND_MANAGER, *, person: int | None = None) -> Actor:
    """Somebody acting for the organisation with that principal."""
    person = person or 6000 + organisation
    return Actor(
        person_id=person,
        person_name=name,
        person_principal=person,
        organisation_id=organisation,
        organisation_name=f"机构{organisation}",
        organisation_principal=organisation,
        kind=kind,
        roles=frozenset({"staff"}),
        principals=(PUBLIC, person, organisation),
    )


OWNER = actor("顾青禾", ENTERPRISE, OrgKind.ENTERPRISE)
READER = actor("罗砚秋", FUND)
OTHER = actor("沈知衡", BANK, OrgKind.BANK)


def session(database: Database, who: Actor) -> Session:
    """A session of the app's role for `who`."""
    return database.session(who.principals)


@pytest.fixture(scope="session")
def template_log(cluster: str) -> Iterator[Urls]:
    """A migrated, empty database of the log's tests; each test copies nothing and empties it as administrator."""
    name = "portal_evidence_test"
    made = make_database(cluster, name)
    owner = create_engine(made.owner)
    upgrade(owner)
    owner.dispose()
    yield made
    drop_database(cluster, name)


@pytest.fixture(scope="session")
def admin(template_log: Urls) -> Iterator[Engine]:
    """The administrator, whom no grant, policy or trigger stops."""
    made = create_engine(
        template_log.admin or "", connect_args={"options": "-c search_path=portal -c session_replication_role=replica"}
    )
    yield made
    made.dispose()


@pytest.fixture
def log(template_log: Urls, admin: Engine) -> Iterator[Database]:
    """An empty log in which tests may commit."""
    with admin.begin() as connection:
        connection.exec_driver_sql("truncate record, opening, erasure, unsealed, leaf, node, checkpoint restart identity cascade")
    made = template_log.database()
    yield made
    made.dispose()
