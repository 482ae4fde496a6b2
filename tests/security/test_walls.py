"""What somebody could do who had the web's own way into the database: the policies alone must refuse to forge.

Every statement runs as portal_app with the principals of its author and nothing else between it and the tables.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal.access.principals import KIND_PRINCIPALS, PUBLIC, OrgKind
from portal.accounts.models import Organisation, Person
from portal.accounts.services import create_organisation, create_person
from portal.core.db import Database
from portal.core.ids import new_ref

REFUSED = "42501"
GRANT = (
    "insert into portal.access_grant (ref, object_kind, object_id, enterprise_id, owner, principal, basis, purpose, made_by)"
    " values (:ref, :kind, :object, :enterprise, :owner, :principal, 'will', '伪造', :person)"
)


@dataclass(frozen=True)
class Party:
    """An organisation with one person; an enterprise besides for its kind."""

    organisation: Organisation
    person: Person
    enterprise: int

    @property
    def principals(self) -> tuple[int, ...]:
        kind = KIND_PRINCIPALS[OrgKind(self.organisation.kind)]
        return tuple(sorted((PUBLIC, kind, self.organisation.principal, self.person.principal)))


@dataclass(frozen=True)
class Board:
    """Two enterprises, of which the first wrote something, and a fund that was shown none of it."""

    database: Database
    victim: Party
    rival: Party
    fund: Party
    objects: dict[str, int]
    ended: int

    def attempt(self, author: Party, *statements: str, **values: object) -> object:
        """Run `statements` as their author; the answer of the last one. Nothing stays."""
        with self.database.session(author.principals) as db:
            given = {"ref": new_ref(), "person": author.person.id, "owner": author.organisation.principal, **values}
            answers = [db.execute(text(one), {k: v for k, v in given.items() if f":{k}" in one}) for one in statements]
            return answers[-1].all() if answers[-1].returns_rows else answers[-1].rowcount  # type: ignore[attr-defined]


def party(db: Session, kind: OrgKind) -> Party:
    organisation = create_organisation(db, kind=kind, name=f"机构{new_ref()}")
    name = f"w{new_ref()}"
    person = create_person(db, username=name, email=f"{name}@example.com", name="罗砚秋")
    return Party(organisation, person, 0)


@pytest.fixture
def board(database: Database) -> Iterator[Board]:
    with database.session() as db:
        victim, rival, fund = (party(db, kind) for kind in (OrgKind.ENTERPRISE, OrgKind.ENTERPRISE, OrgKind.FUND_MANAGER))
        db.commit()
    with database.system_session() as db:
        made = "insert into portal.enterprise (uscc, name, organisation_id, owner) values (:u, '甲', :o, :p) returning id"
        numbers = [
            db.execute(text(made), {"u": f"91{new_ref()}".upper().translate(str.maketrans("IOSVZ", "12345")), "o": one.organisation.id,
                                    "p": one.organisation.principal}).scalar_one()
            for one in (victim, rival)
        ]  # fmt: skip
    victim, rival = Party(victim.organisation, victim.person, numbers[0]), Party(rival.organisation, rival.person, numbers[1])
    values = {"e": victim.enterprise, "o": victim.organisation.principal, "m": victim.person.id}
    rows = {
        "disclosure": "insert into portal.disclosure (ref, enterprise_id, owner, kind, title, body, state, published_at, made_by)"
                      " values (:r, :e, :o, 'news', '机密', '机密', 'published', now(), :m) returning id",
        "section": "insert into portal.profile_section (ref, enterprise_id, owner, key, body) values (:r, :e, :o, 'team', '机密') returning id",
        "report": "insert into portal.report (ref, enterprise_id, owner, kind, year, made_by) values (:r, :e, :o, 'annual', 2024, :m) returning id",
    }  # fmt: skip
    with database.session(victim.principals) as db:
        objects = {kind: db.execute(text(row), {"r": new_ref(), **values}).scalar_one() for kind, row in rows.items()}
        ended = db.execute(text(GRANT.replace("made_by)", "made_by, revoked_at)").replace(":person)", ":person, now()) returning id")), {
            "ref": new_ref(), "kind": "disclosure", "object": objects["disclosure"], "enterprise": victim.enterprise,
            "owner": victim.organisation.principal, "principal": fund.organisation.principal, "person": victim.person.id,
        }).scalar_one()  # fmt: skip
        db.commit()
    yield Board(database, victim, rival, fund, objects, ended)


def refused(board: Board, author: Party, *statements: str, **values: object) -> None:
    with pytest.raises(DBAPIError) as caught:
        board.attempt(author, *statements, **values)
    assert getattr(caught.value.orig, "sqlstate", "") == REFUSED


@pytest.mark.parametrize("kind", ["disclosure", "section", "report"])
@pytest.mark.parametrize("author", ["rival", "fund"])
@pytest.mark.parametrize("claimed", ["its own", "the victim's"])
def test_nobody_ties_himself_to_what_another_enterprise_wrote(board: Board, kind: str, author: str, claimed: str) -> None:
    who: Party = getattr(board, author)
    enterprise = who.enterprise if claimed == "its own" else board.victim.enterprise
    refused(board, who, GRANT, kind=kind, object=board.objects[kind], enterprise=enterprise, principal=who.organisation.principal)
    # Numbers can be foreseen: what is not written yet is not given either.
    refused(board, who, GRANT, kind=kind, object=1 << 40, enterprise=enterprise, principal=who.organisation.principal)


def test_the_owner_gives_what_is_its_own(board: Board) -> None:
    given = {"object": board.objects["disclosure"], "enterprise": board.victim.enterprise, "principal": board.fund.organisation.principal}
    assert board.attempt(board.victim, GRANT, kind="disclosure", **given) == 1


@pytest.mark.parametrize("change", ["object_id = 1", "principal = 3", "basis = 'rule'", "readable_at = now()", "made_by = null"])
def test_a_grant_that_was_made_is_only_ever_ended(board: Board, change: str) -> None:
    refused(board, board.victim, f"update portal.access_grant set {change} where id = :id", id=board.ended)


def test_what_was_revoked_does_not_begin_again(board: Board) -> None:
    refused(board, board.victim, "update portal.access_grant set revoked_at = null where id = :id", id=board.ended)


@pytest.mark.parametrize("author", ["rival", "fund"])
def test_nobody_hides_or_speaks_for_another_enterprise(board: Board, author: str) -> None:
    who: Party = getattr(board, author)
    hides = (
        "insert into portal.exclusion (enterprise_id, owner, organisation_id, principal)"
        " select :e, :owner, o.id, o.principal from portal.organisation o where o.id = :f"
    )
    refused(board, who, hides, e=board.victim.enterprise, f=board.fund.organisation.id)
    speaks = (
        "insert into portal.disclosure (ref, enterprise_id, owner, kind, title, made_by) values (:ref, :e, :owner, 'news', '冒名', :person)"
    )
    refused(board, who, speaks, e=board.victim.enterprise)


@pytest.mark.parametrize("change", ["province_code = '110000'", "capital = 1, capital_currency = 'CNY'", "industry_code = '34'", "summary = ''"])
def test_the_register_is_not_the_enterprises_to_write(board: Board, change: str) -> None:
    refused(board, board.victim, f"update portal.enterprise set {change} where id = :e", e=board.victim.enterprise)


def test_nobody_acts_in_a_colleagues_or_strangers_name(board: Board) -> None:
    draft = "insert into portal.disclosure (ref, enterprise_id, owner, kind, title, made_by) values (:ref, :e, :owner, 'news', '冒名', :person)"
    refused(board, board.victim, draft, e=board.victim.enterprise, person=board.fund.person.id)
    begun = "insert into portal.report (ref, enterprise_id, owner, kind, year, made_by) values (:ref, :e, :owner, 'annual', 2023, :person)"
    refused(board, board.victim, begun, e=board.victim.enterprise, person=board.fund.person.id)
    given = {"object": board.objects["disclosure"], "enterprise": board.victim.enterprise, "principal": board.fund.organisation.principal}
    refused(board, board.victim, GRANT, kind="disclosure", person=board.fund.person.id, **given)
