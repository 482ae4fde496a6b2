"""The log's pages as two readers see them, and what strangers get."""

import ast
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from portal.access.actor import ANONYMOUS, Actor
from portal.config import Settings
from portal.core.db import Database
from portal.core.errors import NotFound
from portal.evidence import naming
from portal.evidence.kinds import KIND_NAMES, THINGS, Item, Summary, details, summary
from portal.evidence.naming import Named, connect
from portal.evidence.notes import verifier
from portal.evidence.queries import get_receipt, latest_checkpoint, list_entries
from portal.evidence.sealing import seal
from portal.evidence.services import erase, record, record_denial, record_read
from portal.evidence.views import bp
from portal.web.edge import Edge
from portal.web.factory import base_app
from tests.evidence.conftest import BANK, ENTERPRISE, OTHER, OWNER, READER, session
from tests.evidence.test_services import statements

UNIQUE = re.compile(r"[\w.-]{16,}", re.ASCII)  # request numbers and form tokens
PORTAL = Path(__file__).resolve().parents[2] / "portal"
Client = Callable[[Actor], FlaskClient]


@pytest.fixture
def client(log: Database, settings: Settings) -> Client:
    """A browser of the named reader, on the log's pages alone."""

    def browser(who: Actor) -> FlaskClient:
        edge = Edge(settings=settings, database=log, load_actor=lambda _db: who, checkpoint=latest_checkpoint,
                    record_denial=record_denial)  # fmt: skip
        app: Flask = base_app(settings, edge)
        app.register_blueprint(bp)
        return app.test_client()

    return browser


@pytest.fixture
def used(log: Database) -> Database:
    """The fund read an item of the enterprise and a list, and was refused one; the bank read its own; the enterprise granted."""
    with session(log, READER) as db:
        record_read(db, READER, owner=ENTERPRISE, what="disclosure", items=[("a" * 16, 2)])
        db.commit()
        record_read(db, READER, owner=ENTERPRISE, what="disclosure.list", items=[])
        db.commit()
        record_denial(db, READER, "/disclosures/hidden0hidden0hh", "404")
        db.commit()
    with session(log, OTHER) as db:
        record_read(db, OTHER, owner=BANK, what="disclosure", items=[("b" * 16, 1)])
        db.commit()
    with session(log, OWNER) as db:
        about = {"grant": "g" * 16, "kind": "disclosure", "object": "a" * 16, "basis": "will", "purpose": "投后管理"}
        record(db, "grant.made", actor=OWNER, owner=ENTERPRISE, about=about)
        db.commit()
    return log


def seen(log: Database, who: Actor, **chosen: str) -> list[tuple[str, str, str]]:
    with session(log, who) as db:
        page = list_entries(db, who, **chosen)
        return [(one.kind, one.said["actor"]["name"], one.result) for one in page.entries]


@pytest.mark.clause("八")
def test_the_enterprise_sees_the_uses_of_its_own_and_others_see_their_own_acts(used: Database) -> None:
    assert seen(used, OWNER) == [
        ("grant.made", "顾青禾", "allowed"), ("read", "罗砚秋", "allowed"), ("read", "罗砚秋", "allowed"),
    ]  # fmt: skip
    assert seen(used, READER) == [
        ("denied", "罗砚秋", "denied"), ("read", "罗砚秋", "allowed"), ("read", "罗砚秋", "allowed"),
    ]  # fmt: skip
    assert seen(used, OTHER) == [("read", "沈知衡", "allowed")]
    assert seen(used, OWNER, kind="read") == [("read", "罗砚秋", "allowed")] * 2
    assert seen(used, READER, result="denied") == [("denied", "罗砚秋", "denied")]
    assert seen(used, READER, kind="grant.made") == []


def test_an_erased_opening_is_gone_from_the_list(used: Database) -> None:
    with session(used, OTHER) as db:
        [one] = list_entries(db, OTHER).entries
    with used.system_session() as db:
        erase(db, one.ref, "依法删除")
    assert seen(used, OTHER) == []
    with session(used, OTHER) as db, pytest.raises(NotFound):
        get_receipt(db, OTHER, one.ref)


def test_pages_follow_each_other_both_ways(log: Database) -> None:
    with session(log, READER) as db:
        for number in range(7):
            record(db, "grant.made", actor=READER, owner=READER.organisation_principal, about={"n": number})
        db.commit()

        def numbers(**at: str | None) -> tuple[list[int], str | None, str | None]:
            page = list_entries(db, READER, n=3, **at)
            return [one.said["about"]["n"] for one in page.entries], page.newer, page.older

        first, newer, older = numbers()
        assert (first, newer) == ([6, 5, 4], None)
        second, back, onward = numbers(before=older)
        assert second == [3, 2, 1]
        last, back_again, end = numbers(before=onward)
        assert (last, end) == ([0], None)
        assert numbers(after=back_again)[0] == [3, 2, 1]
        assert numbers(after=back)[:2] == ([6, 5, 4], None)
        for nonsense in ("a" * 16, "x", "' or 1=1", "0" * 16):
            assert numbers(before=nonsense)[0] == [6, 5, 4]


def test_anothers_record_is_no_place_to_go_on_from(used: Database) -> None:
    with session(used, OTHER) as db:
        [theirs] = list_entries(db, OTHER).entries
    assert seen(used, READER, before=theirs.ref) == seen(used, READER)


def test_the_list_shows_who_what_and_result(used: Database, client: Client) -> None:
    page = client(OWNER).get("/evidence").get_data(as_text=True)
    assert re.findall(r"<h1>(.*?)</h1>", page) == ["谁在何时凭何依据看了什么"]
    assert page.count('data-l="回执"') == 3
    for text in ("罗砚秋", "定向披露", "a" * 16, " 第 2 版", "授权", "投后管理", "等待封存", "basis-will"):
        assert text in page
    for text in ("沈知衡", "b" * 16, "hidden0"):
        assert text not in page
    own = client(READER).get("/evidence?result=denied").get_data(as_text=True)
    assert own.count('data-l="回执"') == 1
    assert "/disclosures/hidden0hidden0hh" in own


def test_nothing_yet_and_nothing_found_say_what_to_do(log: Database, used: Database, client: Client) -> None:
    assert "没有这样的记录" in client(OTHER).get("/evidence?kind=grant.made").get_data(as_text=True)
    quiet = Actor(**{**OTHER.__dict__, "principals": (1, 9999), "person_principal": 9999})
    assert "还没有记录" in client(quiet).get("/evidence").get_data(as_text=True)
    assert "还没有记录" in client(quiet).get("/evidence?kind=nonsense&before=zzz").get_data(as_text=True)


def test_a_receipt_waits_and_then_proves(used: Database, client: Client, settings: Settings) -> None:
    with session(used, READER) as db:
        [_denied, _listed, first] = list_entries(db, READER).entries
    address = f"/evidence/receipts/{first.ref}"
    waiting = client(READER).get(address).get_data(as_text=True)
    assert "等待封存" in waiting
    assert "包含证明成立" not in waiting
    seal(used, settings)
    for who in (READER, OWNER):
        page = client(who).get(address).get_data(as_text=True)
        assert "包含证明成立" in page
        assert "第 1 条" in page
        with session(used, who) as db:
            found = get_receipt(db, who, first.ref)
        assert found.holds
        assert found.checkpoint.root.hex() in page
        assert all(one.hex() in page for one in found.proof)
    assert "等待封存" not in client(READER).get("/evidence").get_data(as_text=True)


def test_hidden_and_absent_receipts_are_one_answer(used: Database, client: Client) -> None:
    with session(used, OTHER) as db:
        [theirs] = list_entries(db, OTHER).entries
    shapes, answers = [], []
    for ref in (theirs.ref, "0" * 16, "nonsense"):
        browser = client(READER)
        with statements(used) as sent:
            answer = browser.get(f"/evidence/receipts/{ref}")
        shapes.append(list(sent))
        answers.append((answer.status_code, UNIQUE.sub("", answer.get_data(as_text=True))))
    assert shapes[0] == shapes[1] == shapes[2]
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == 404


@pytest.mark.parametrize("n", [1, 3])
def test_the_list_takes_the_same_statements_however_long(n: int, log: Database, client: Client) -> None:
    with session(log, READER) as db:
        for number in range(n):
            record(db, "grant.made", actor=READER, owner=ENTERPRISE, about={"n": number})
        db.commit()
    browser = client(READER)
    with statements(log) as sent:
        browser.get("/evidence")
    assert len([one for one in sent if "set_config" not in one]) == 3  # keys, rows, the footer's checkpoint


def test_strangers_get_the_signed_checkpoint_and_the_key(used: Database, client: Client, settings: Settings) -> None:
    browser = client(ANONYMOUS)
    none = browser.get("/evidence/checkpoint")
    assert (none.status_code, none.content_type) == (404, "text/plain; charset=utf-8")
    assert none.get_data(as_text=True).startswith("还没有封存点。")
    seal(used, settings)
    note = browser.get("/evidence/checkpoint")
    assert (note.status_code, note.content_type) == (200, "text/plain; charset=utf-8")
    assert verifier(settings).read(note.get_data(as_text=True)).size == 5
    assert browser.get("/evidence/checkpoint.pub").get_data(as_text=True) == verifier(settings).text + "\n"


def test_titles_show_where_the_reader_may_read_and_refs_elsewhere(
    used: Database, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def disclosures(_db: Session, who: Actor, refs: Sequence[str]) -> dict[str, Named]:
        asked.append(list(refs))
        return {"a" * 16: Named("三季度经营数据", "/disclosures/" + "a" * 16)} if who == OWNER else {}

    monkeypatch.setattr(naming, "_namers", {})
    connect("disclosure", disclosures)
    page = client(OWNER).get("/evidence").get_data(as_text=True)
    assert page.count(f'<a class="in-text" href="/disclosures/{"a" * 16}">三季度经营数据</a>') == 2
    assert asked == [["a" * 16]]
    other = client(READER).get("/evidence").get_data(as_text=True)
    assert "三季度经营数据" not in other
    assert "a" * 16 in other


def recorded() -> dict[str, set[str]]:
    """The words that the code writes into the log: kinds of `record`, and what `record_read` and `record_reads` looked at."""
    found: dict[str, set[str]] = {"kind": set(), "what": set()}
    for file in PORTAL.rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            name = getattr(call.func, "id", "") if isinstance(call, ast.Call) else ""
            if name == "record":
                found["kind"] |= {one.value for kind in call.args[1:2] for one in ast.walk(kind) if isinstance(one, ast.Constant)}
            if name in ("record_read", "record_reads"):
                found["what"] |= {one.value.value for one in call.keywords if one.arg == "what" and isinstance(one.value, ast.Constant)}
    return found


def test_whatever_the_code_records_has_a_word() -> None:
    words = recorded()
    assert len(words["kind"]) >= 5
    assert {word for word in words["kind"] if "." in word} - KIND_NAMES.keys() == set()
    assert words["what"] - THINGS.keys() == set()


def test_every_kind_has_a_word_and_a_record_without_one_still_reads() -> None:
    assert all(re.search(r"[\u4e00-\u9fff]", name) for name in KIND_NAMES.values())
    odd = summary("later.invented", {"x": [1, {"y": True}], "z": None})
    assert odd == Summary("later.invented", "")
    assert details({"x": [1, {"y": True}], "z": None, "what": "disclosure"}) == [("看的是", "定向披露"), ("x", "1；y 是"), ("z", "")]
    four = summary("read", {"what": "disclosure.list", "items": [["a", 1], ["b", 2], ["c", 3], ["d", 4]]})
    assert (four.thing, four.more) == ("披露列表", 1)
    assert four.items == tuple(Item("disclosure", ref, version) for ref, version in (("a", 1), ("b", 2), ("c", 3)))
    granted = summary("grant.made", {"grant": "g", "kind": "disclosure", "object": "a", "purpose": "投后管理"})
    assert (granted.thing, granted.items, granted.note) == ("定向披露", (Item("disclosure", "a", None),), "投后管理")
