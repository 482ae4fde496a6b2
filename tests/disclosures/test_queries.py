"""Lists and single items as their readers get them."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from portal.core.errors import NotFound
from portal.disclosures import cursor, queries, services
from tests.disclosures.conftest import World


@contextmanager
def statements(db: Session) -> Iterator[list[str]]:
    """The statements that reach the database inside the block."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    engine = db.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def titles(world: World, name: str, **asked: object) -> list[str]:
    with world.session(name) as db:
        return [one.title for one in queries.list_readable(db, world.actors[name], **asked).items]  # type: ignore[arg-type]


def test_a_list_holds_what_was_given_newest_first_with_its_reason(world: World) -> None:
    world.published("fund", title="一", files=1)
    world.published("bank", title="不给")
    world.published("fund", "qualified", title="二", basis="duty")
    world.draft(title="草稿")
    assert titles(world, "fund") == ["二", "一"]
    assert titles(world, "bank") == ["不给"]
    assert titles(world, "stranger") == []
    assert titles(world, "firm") == []  # its own stand in its own list
    with world.session("fund") as db:
        second, first = queries.list_readable(db, world.actors["fund"]).items
        assert (first.enterprise, first.documents) == (world.organisations["firm"].name, 1)
        assert [(r.basis, r.purpose) for r in first.reasons] == [("will", "投后信息权")]
        assert [r.basis for r in second.reasons] == ["duty", "duty"]


def test_paging_neither_skips_nor_repeats(world: World) -> None:
    expected = []
    for number in range(7):
        expected.insert(0, f"第{number}项")
        world.published("fund", title=expected[0])
    for size in (1, 2, 3, 7, 8):
        found, at, pages = [], None, 0
        with world.session("fund") as db:
            while True:
                page = queries.list_readable(db, world.actors["fund"], before=at, n=size)
                found += [one.title for one in page.items]
                at, pages = cursor.parse(page.next), pages + 1
                if page.next is None:
                    break
        assert (found, pages) == (expected, -(-7 // size))


def test_paging_goes_on_below_an_item_that_was_taken_back_meanwhile(world: World) -> None:
    refs = [world.published("fund", title=f"{number}") for number in range(3)]
    with world.session("fund") as db:
        page = queries.list_readable(db, world.actors["fund"], n=1)
    with world.session("firm") as db:
        services.withdraw(db, world.actors["firm"], refs[2].ref, reason="误发")
        db.commit()
    assert titles(world, "fund", before=cursor.parse(page.next)) == ["1", "0"]


def test_many_given_in_one_moment_are_paged_by_their_number(world: World) -> None:
    items = [world.draft(title=f"{number}") for number in range(5)]
    with world.session("firm") as db:
        for item in items:
            services.publish(
                db, world.actors["firm"], item.ref, audience=[world.organisations["fund"].ref], basis="will", purpose="同时",
                until=services.today(),
            )  # fmt: skip
        db.commit()
    with world.database.system_session() as db:  # a grant's moments are not for the enterprise to change
        db.execute(text("update portal.access_grant set starts = now(), readable_at = now() where purpose = '同时'"))
    found: list[str] = []
    with world.session("fund") as db:
        page = queries.list_readable(db, world.actors["fund"], n=2)
        while page.items:
            found += [one.title for one in page.items]
            if page.next is None:
                break
            page = queries.list_readable(db, world.actors["fund"], before=cursor.parse(page.next), n=2)
    assert found == ["4", "3", "2", "1", "0"]


@pytest.mark.parametrize("token", ["", "x", "!!!!", "0" * 200, "é", "MTIz", "LTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk.MDA", "." * 20])
def test_a_token_that_is_none_begins_at_the_start(token: str) -> None:
    assert cursor.parse(token) is None


def test_a_token_holds_no_sequence_number(world: World) -> None:
    item = world.published("fund", title="一")
    world.published("fund", title="二")
    with world.session("fund") as db:
        page = queries.list_readable(db, world.actors["fund"], n=1)
        newest = page.items[0]
    made = cursor.parse(page.next)
    assert made == cursor.Cursor(newest.readable_at, newest.ref)
    assert made is not None and made.token == page.next
    assert item.ref != newest.ref


def test_another_ones_reference_in_a_token_says_nothing(world: World) -> None:
    """A hidden item's reference and an absent one page alike."""
    world.published("fund", title="一")
    hidden = world.published("bank", title="不给")
    at = hidden.published_at
    assert at is not None
    found = [titles(world, "fund", before=cursor.Cursor(at, ref)) for ref in (hidden.ref, "0" * 16)]
    assert found == [["一"], ["一"]]


def test_search_looks_only_in_what_is_given(world: World) -> None:
    world.published("fund", title="轴承 Alpha", body="含 100%_ 的字")
    world.published("bank", title="轴承 不给")
    world.published("fund", title="别的", body="正文里的轴承")
    assert titles(world, "fund", q="轴承") == ["别的", "轴承 Alpha"]
    assert titles(world, "fund", q="ALPHA") == ["轴承 Alpha"]
    assert titles(world, "fund", q="100%_") == ["轴承 Alpha"]
    assert titles(world, "fund", q="0%_%") == []
    assert titles(world, "fund", q="不给") == []
    assert titles(world, "fund", q="轴承\x00") == ["别的", "轴承 Alpha"]
    assert titles(world, "fund", enterprise=world.actors["firm"].enterprise_id) == ["别的", "轴承 Alpha"]
    assert titles(world, "fund", enterprise=-1) == []


def test_a_long_search_stops_and_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.published("fund", title="要找的")
    for number in range(4):
        world.published("fund", title=f"别的{number}")
    monkeypatch.setattr(queries, "DEEPEST_SEARCH", 2)
    found, at, complete = [], None, []
    with world.session("fund") as db:
        while True:
            page = queries.list_readable(db, world.actors["fund"], q="要找", before=at, n=1)
            found += [one.title for one in page.items]
            complete.append(page.complete)
            if page.next is None:
                break
            at = cursor.parse(page.next)
    assert found == ["要找的"]
    assert complete[0] is False and complete[-1] is True


def test_the_enterprises_own_list_has_every_state_and_what_is_given(world: World) -> None:
    world.draft(title="草稿", files=1)
    item = world.published("fund", "bank", title="发布")
    gone = world.published("fund", title="撤回")
    with world.session("firm") as db:
        services.withdraw(db, world.actors["firm"], gone.ref, reason="误发")
        items, onward = queries.list_own(db, world.actors["firm"])
        assert [(one.title, one.state.value, one.documents, one.grants) for one in items] == [
            ("撤回", "withdrawn", 0, 0), ("发布", "published", 0, 2), ("草稿", "draft", 1, 0),
        ]  # fmt: skip
        assert onward is None
        first, onward = queries.list_own(db, world.actors["firm"], n=2)
        rest, end = queries.list_own(db, world.actors["firm"], before=cursor.parse(onward), n=2)
        assert [one.title for one in (*first, *rest)] == ["撤回", "发布", "草稿"] and end is None
    with world.session("rival") as db:
        assert queries.list_own(db, world.actors["rival"]) == ((), None)
    assert item.state == "published"


@pytest.mark.parametrize("n", [1, 3])
def test_lists_take_the_same_statements_for_one_and_three_rows(world: World, n: int) -> None:
    for number in range(n):
        world.published("fund", title=f"{number}", files=1)
    with world.session("fund") as db, statements(db) as seen:
        services.read_list(db, world.actors["fund"])
    assert len(seen) == 5, seen  # principals, keys with items, reasons, documents, evidence
    with world.session("firm") as db, statements(db) as seen:
        queries.list_own(db, world.actors["firm"])
    assert len(seen) == 2, seen


def test_hidden_absent_withdrawn_and_malformed_take_the_same_statements(world: World) -> None:
    hidden = world.published("bank", title="不给", files=1)
    gone = world.published("fund")
    with world.session("firm") as db:
        services.withdraw(db, world.actors["firm"], gone.ref, reason="误发")
        [document] = queries.documents_of(db, hidden)
        db.commit()
    draft = world.draft()
    fund = world.actors["fund"]
    shapes = set()
    for ref in (hidden.ref, gone.ref, draft.ref, "0" * 16, "no reference", "'; drop", "\x00", "é" * 3000):
        with world.session("fund") as db, statements(db) as seen:
            for ask in (
                lambda: services.read(db, fund, ref),  # noqa: B023
                lambda: services.read_document(db, fund, world.store, ref, document.ref),  # noqa: B023
                lambda: queries.get_own(db, fund, ref),  # noqa: B023
            ):
                with pytest.raises(NotFound) as refused:
                    ask()
                assert refused.value.text == ""
            shapes.add(tuple(seen))
    assert len(shapes) == 1
    assert len(shapes.pop()) == 4  # principals, then one each


def test_a_document_belongs_to_its_item(world: World) -> None:
    one, other = world.published("fund", files=1), world.published("fund", title="乙")
    fund = world.actors["fund"]
    with world.session("fund") as db:
        [document] = queries.documents_of(db, one)
        assert services.read_document(db, fund, world.store, one.ref, document.ref)[1][:5] == b"%PDF-"
        with pytest.raises(NotFound):
            services.read_document(db, fund, world.store, other.ref, document.ref)
