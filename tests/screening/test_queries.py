"""The board's list: exact between a change and its indexing, blind to what hides, plain when the engine is down, bounded always."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from urllib.parse import parse_qsl

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text
from sqlalchemy.orm import Session
from stdnum.cn import uscc
from werkzeug.datastructures import MultiDict

from portal.access.actor import Actor
from portal.access.principals import BOARD, OPERATOR, PUBLIC, QUALIFIED, OrgKind
from portal.accounts.services import create_organisation
from portal.core.connect import Urls
from portal.core.db import PortalSession, make_engine, set_principals
from portal.core.paging import DEEPEST
from portal.enterprises.models import Enterprise
from portal.screening import queries
from portal.screening.criteria import Criteria, read_criteria
from portal.screening.documents import document
from portal.screening.models import SearchDirty
from portal.screening.queries import search_enterprises, suggestions
from search.errors import EngineUnavailable
from search.tantivy_engine import TantivyEngine

FUND = Actor(person_id=1, kind=OrgKind.FUND_MANAGER, organisation_principal=2001,
             principals=(PUBLIC, BOARD, QUALIFIED, 2001), words=("public", "board", "qualified", "org:1"))  # fmt: skip
VISITOR = Actor(person_id=2, kind=OrgKind.FUND_MANAGER, organisation_principal=2002, principals=(PUBLIC, 2002), words=("public", "org:2"))
PLACES = ("650000", "310000", "510000")
WORDS = ("精密", "轴承", "光伏", "材料", "密封", "传动")
TIERS = ("hatch", "standard", "cultivation")


@dataclass
class Board:
    """Forty enterprises in a transaction that is undone, with an index that is in step until a test changes something."""

    db: Session
    engine: TantivyEngine
    ids: list[int]

    def rows(self) -> list[Enterprise]:
        set_principals(self.db, (OPERATOR, BOARD))
        return list(self.db.scalars(select(Enterprise).where(Enterprise.id.in_(self.ids))))

    def index(self) -> None:
        self.engine.rebuild(document(row) for row in self.rows())
        self.db.execute(text("set local role portal_system"))
        self.db.execute(delete(SearchDirty))
        self.db.execute(text("set local role portal_app"))

    def ask(self, criteria: Criteria = Criteria(), actor: Actor = FUND) -> queries.Result:
        set_principals(self.db, actor.principals)
        return search_enterprises(self.db, actor, self.engine, criteria)

    def change(self, identity: int, **values: object) -> None:
        set_principals(self.db, (OPERATOR, BOARD))
        row = self.db.get_one(Enterprise, identity)
        for name, value in values.items():
            setattr(row, name, value)
        row.version += 1
        self.db.flush()
        self.db.merge(SearchDirty(enterprise_id=identity))
        self.db.flush()


def code(number: int) -> str:
    body = f"91650100MATEXT{number:03d}".replace("I", "J")
    return body + uscc.calc_check_digit(body)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> TantivyEngine:
    return TantivyEngine(Path(tmp_path_factory.mktemp("index")))


@pytest.fixture
def db(urls: Urls) -> Iterator[Session]:
    """A session as portal_app that may act as portal_system too; all of it is undone."""
    owner = make_engine(urls.admin or "")
    with owner.connect() as connection:
        outer = connection.begin()
        connection.execute(text("set local role portal_app"))
        session = PortalSession(bind=connection, join_transaction_mode="create_savepoint", expire_on_commit=False)
        yield session
        session.close()
        outer.rollback()
    owner.dispose()


@pytest.fixture
def board(db: Session, engine: TantivyEngine) -> Iterator[Board]:
    dice = Random(7)
    set_principals(db, (OPERATOR, BOARD))
    values = [
        {
            "uscc": code(n), "name": f"天{dice.choice(WORDS)}{dice.choice(WORDS)}{n:02d}有限公司", "member": n % 4 != 0,
            "tier": TIERS[n % 3] if n % 4 != 0 else None, "province_code": PLACES[n % 3], "industry_code": ("3451", "3825", "65")[n % 3],
            "categories": ["specialised"] if n % 2 else [], "version": 1,
        }
        for n in range(1, 41)
    ]  # fmt: skip
    db.execute(insert(Enterprise), values)
    ids = list(db.scalars(select(Enterprise.id).where(Enterprise.uscc.in_([v["uscc"] for v in values]))))
    made = Board(db, engine, sorted(ids))
    made.index()
    yield made


def test_members_only_until_the_reader_widens_it(board: Board) -> None:
    assert board.ask().total == 30
    assert board.ask(Criteria(whole_register=True)).total == 40


def test_who_may_not_see_the_board_gets_nothing_not_even_a_count(board: Board) -> None:
    result = board.ask(Criteria(whole_register=True), VISITOR)
    assert (result.rows, result.total) == ([], 0)
    assert all(not counts for counts in result.counts.values())
    set_principals(board.db, VISITOR.principals)
    assert suggestions(board.db, VISITOR, board.engine, "天") == []


def test_counts_of_a_filter_ignore_its_own_choice(board: Board) -> None:
    free = board.ask()
    chosen = board.ask(Criteria(filters={"tier": ("hatch",)}))
    assert chosen.counts["tier"] == free.counts["tier"]
    assert chosen.total == free.counts["tier"]["hatch"]


def test_an_enterprise_that_hides_vanishes_from_list_counts_and_suggestions(board: Board) -> None:
    before = board.ask()
    hidden = before.rows[0]
    organisation = create_organisation(board.db, kind=OrgKind.FUND_MANAGER, name="被隐藏者").id
    board.db.execute(text("reset role"))  # as its administrator would find it; the page has tests of its own
    board.db.execute(
        text("insert into portal.exclusion (enterprise_id, owner, organisation_id, principal) values (:e, 3001, :o, :p)"),
        {"e": hidden.id, "o": organisation, "p": FUND.organisation_principal},
    )
    board.db.execute(text("set local role portal_app"))
    after = board.ask()
    assert after.total == before.total - 1
    assert hidden.id not in [row.id for row in after.rows]
    assert after.counts["tier"][hidden.tier or ""] == before.counts["tier"][hidden.tier or ""] - 1
    set_principals(board.db, FUND.principals)
    assert hidden.id not in [row.id for row in suggestions(board.db, FUND, board.engine, hidden.name)]


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_between_a_change_and_its_indexing_the_answer_is_that_of_a_fresh_index(board: Board, data: st.DataObject) -> None:
    """Rows, order, total and counts, for random changes, questions and pages."""
    nested = board.db.begin_nested()
    try:
        for identity in data.draw(st.lists(st.sampled_from(board.ids), min_size=1, max_size=6, unique=True)):
            word = data.draw(st.sampled_from(WORDS))
            board.change(identity, name=f"天{word}{identity}有限公司", province_code=data.draw(st.sampled_from(PLACES)))
        criteria = Criteria(
            text=data.draw(st.sampled_from(["", "轴承", "精密 材料", "天"])),
            filters=data.draw(st.sampled_from([{}, {"province": ("650000",)}, {"tier": ("hatch", "standard")}])),
            whole_register=data.draw(st.booleans()), sort=data.draw(st.sampled_from(["relevance", "name", "founded", "capital"])),
            page=data.draw(st.sampled_from([1, 2])),
        )  # fmt: skip
        stale = board.ask(criteria)
        seen = ([row.id for row in stale.rows], stale.total, stale.counts)
        board.index()
        fresh = board.ask(criteria)
        assert seen == ([row.id for row in fresh.rows], fresh.total, fresh.counts)
    finally:
        nested.rollback()
        board.db.expire_all()
        board.index()


def test_with_the_engine_down_the_list_comes_from_postgresql_and_says_so(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    full = board.ask(Criteria(text="轴承", filters={"industry": ("34",)}))

    def down(_query: object) -> None:
        raise EngineUnavailable("refused")

    monkeypatch.setattr(board.engine, "search", down)
    plain = board.ask(Criteria(text="轴承", filters={"industry": ("34",)}))
    assert plain.plain
    assert not full.plain
    assert (plain.total, {row.id for row in plain.rows}) == (full.total, {row.id for row in full.rows})
    assert {f: dict(c) for f, c in plain.counts.items()} == full.counts
    assert board.ask(Criteria(whole_register=True), VISITOR).total == 0


def test_an_index_too_far_behind_is_not_patched(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "MOST_DIRTY", 2)
    for identity in board.ids[:3]:
        board.change(identity, summary="改过")
    assert board.ask().plain


def test_a_row_the_policy_refuses_is_never_shown_whatever_the_index_says(board: Board) -> None:
    """An index that wrongly names a reader: the hit is dropped and the total corrected."""
    board.engine.rebuild([document(row) for row in board.rows()])
    lying = Actor(person_id=3, kind=OrgKind.FUND_MANAGER, principals=(PUBLIC,), words=("public", "board"))
    result = board.ask(Criteria(), lying)
    assert (result.rows, result.total) == ([], 5)  # 30 in the index, 25 of them looked up on this page and refused


HOSTILE = [
    {"q": "轴" * 10_000}, {"q": "\x00\u202e\x07"}, {"q": '"-" - "" -"'}, {"q": "' OR 1=1 --", "province": "x' OR 'a'='a"},
    {"page": "1000000000"}, {"page": "-1"}, {"page": "１２"}, {"sort": "readers"}, {"sort": "'; drop table"}, {"scope": "none"},
    {"tier": "hatch\x00", "industry": "34; --"}, {"industry": "readers = board"},
]  # fmt: skip


@pytest.mark.parametrize("given_", HOSTILE)
def test_hostile_questions_get_a_normal_answer(board: Board, given_: dict[str, str]) -> None:
    result = board.ask(read_criteria(MultiDict(given_)))
    assert result.total >= 0


def test_two_hundred_filters_are_cut_to_size() -> None:
    criteria = read_criteria(MultiDict([("province", str(n)) for n in range(200)] + [("q", "x" * 9_999), ("page", "9" * 40)]))
    assert len(criteria.filters["province"]) == 40
    assert len(criteria.text) == 200
    assert criteria.page == DEEPEST


def test_every_filter_stands_in_the_address_and_comes_back_from_it() -> None:
    asked = MultiDict([("q", "轴承 &=?"), ("province", "650000"), ("tier", "hatch"), ("tier", "standard"), ("scope", "all"), ("sort", "name"), ("page", "3")])
    criteria = read_criteria(asked)
    query = criteria.address("/enterprises").partition("?")[2]
    assert read_criteria(MultiDict(parse_qsl(query))) == criteria
