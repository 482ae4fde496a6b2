"""Writing, giving and taking back, at the services."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError, ProgrammingError

from portal.access.basis import Basis
from portal.access.principals import OrgKind
from portal.config import Settings
from portal.core.clock import today
from portal.core.connect import Urls
from portal.core.context import Context
from portal.core.errors import Conflict, Invalid, NotAllowed, NotFound
from portal.core.events import registry
from portal.core.storage import StoreUnavailable
from portal.disclosures import audience, drafts, queries, services
from portal.disclosures.events import DisclosurePublished, DisclosureShared, DisclosureWithdrawn
from portal.disclosures.jobs import JOBS
from portal.disclosures.models import Disclosure, Document, State
from portal.grants.services import exclude, grant
from tests.disclosures.conftest import World, pdf

UNTIL = today() + timedelta(30)


def kinds(world: World, name: str) -> list[str]:
    """Kinds of the records that concern `name`, oldest first."""
    with world.session(name) as db:
        return list(
            db.scalars(text("select kind from portal.opening where owner = :o order by id"), {"o": world.actors[name].organisation_principal})
        )


def test_a_draft_is_written_again_over_the_edition_that_was_seen(world: World) -> None:
    item = world.draft()
    firm = world.actors["firm"]
    with world.session("firm") as db:
        again = drafts.save_draft(db, firm, ref=item.ref, version=1, kind="news", title=" 新\n标题 ", body="一\r\n二\x00")
        assert (again.version, again.title, again.body, again.kind) == (2, "新 标题", "一\n二", "news")
        db.commit()
        with pytest.raises(Conflict):
            drafts.save_draft(db, firm, ref=item.ref, version=1, kind="news", title="旧", body="")


@pytest.mark.parametrize(
    ("field", "values"),
    [("title", {"title": " \n"}), ("title", {"title": "长" * 121}), ("body", {"body": "长" * 20_001}), ("kind", {"kind": "secret"})],
)
def test_bad_content_is_refused_at_its_field(world: World, field: str, values: dict[str, str]) -> None:
    with world.session("firm") as db, pytest.raises(Invalid) as refused:
        drafts.save_draft(db, world.actors["firm"], **{"kind": "news", "title": "题", "body": "", **values})
    assert list(refused.value.fields) == [field]


def test_documents_come_and_go_while_the_item_is_a_draft(world: World) -> None:
    item, firm = world.draft(files=1), world.actors["firm"]
    with world.session("firm") as db:
        [document] = queries.documents_of(db, item)
        assert (document.pages, document.position) == (2, 1)
        assert world.store.get(document.storage_key)[:5] == b"%PDF-"
        with pytest.raises(Invalid, match="同样内容"):
            drafts.add_document(db, firm, world.store, item.ref, name="b.pdf", data=world.store.get(document.storage_key))
        drafts.remove_document(db, firm, item.ref, document.ref)
        assert queries.documents_of(db, item) == ()
        jobs = db.scalars(text("select args->>'key' from procrastinate.procrastinate_jobs where task_name = 'disclosures.erase_file'"))
        assert document.storage_key in list(jobs)
        with pytest.raises(NotFound):
            drafts.remove_document(db, firm, item.ref, document.ref)
        db.rollback()


def test_the_job_erases_the_stored_file_and_may_run_again(world: World, settings: Settings, urls: Urls) -> None:
    context, [job] = Context(settings, urls, world.database), JOBS
    key = world.store.put(b"content")
    assert job.name == drafts.ERASE_FILE
    for _ in range(2):
        job.run(context, key=key)
    with pytest.raises(StoreUnavailable):
        world.store.get(key)


def test_a_store_that_is_down_leaves_nothing_half_written(world: World) -> None:
    item = world.draft()

    class Down:
        def put(self, data: bytes) -> str:
            raise StoreUnavailable("down")

    with world.session("firm") as db, pytest.raises(StoreUnavailable):
        drafts.add_document(db, world.actors["firm"], Down(), item.ref, name="a.pdf", data=pdf(1))  # type: ignore[arg-type]
    with world.session("firm") as db:
        assert queries.documents_of(db, item) == ()
        assert queries.get_own(db, world.actors["firm"], item.ref).version == 1


def test_no_more_than_ten_documents(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    item = world.draft(files=1)
    monkeypatch.setattr(drafts, "MOST_DOCUMENTS", 1)
    with world.session("firm") as db, pytest.raises(Invalid, match="最多 1 个附件"):
        drafts.add_document(db, world.actors["firm"], world.store, item.ref, name="b.pdf", data=pdf(1, "other"))


def test_a_discarded_draft_is_gone_with_its_documents(world: World) -> None:
    item = world.draft(files=2)
    with world.session("firm") as db:
        drafts.discard_draft(db, world.actors["firm"], item.ref)
        db.commit()
    with world.database.system_session() as db:
        assert db.scalars(select(Disclosure).where(Disclosure.id == item.id)).all() == []
        assert db.scalars(select(Document).where(Document.disclosure_id == item.id)).all() == []
    assert kinds(world, "firm")[-1] == "disclosure.discarded"


@pytest.mark.clause("七")
def test_publishing_gives_to_the_named_ones_and_records_it(world: World) -> None:
    item = world.published("fund", "bank")
    for name, reads in {"fund": True, "bank": True, "lender": False, "stranger": False, "rival": False, "firm": True}.items():
        with world.session(name) as db:
            if reads:
                assert queries.get_readable(db, world.actors[name], item.ref).item.id == item.id
            else:
                with pytest.raises(NotFound):
                    queries.get_readable(db, world.actors[name], item.ref)
    assert kinds(world, "firm") == ["disclosure.saved", "grant.made", "grant.made", "disclosure.published"]


def publish(world: World, ref: str, **changes: object) -> Disclosure:
    given = {"audience": [world.organisations["fund"].ref], "basis": "will", "purpose": "了解进展", "until": UNTIL, **changes}
    with world.session("firm") as db:
        made = services.publish(db, world.actors["firm"], ref, **given)  # type: ignore[arg-type]
        db.commit()
    return made


@pytest.mark.parametrize(
    ("fields", "changes"),
    [
        (["audience"], {"audience": []}),
        (["audience"], {"audience": ["0" * 16]}),
        (["audience"], {"audience": ["everybody"]}),
        (["audience"], {"audience": ["kind:enterprise"]}),
        (["basis"], {"basis": "rule"}),
        (["purpose"], {"purpose": " "}),
        (["purpose"], {"purpose": "长" * 101}),
        (["until"], {"until": None}),
        (["until"], {"until": today() - timedelta(1)}),
        (["until"], {"until": today() + timedelta(4000)}),
        (["agreed"], {"audience": ["kind:bank"]}),
        (["agreed"], {"audience": ["qualified"], "agreed": 0}),
        (["audience", "until", "purpose"], {"audience": [], "until": None, "purpose": ""}),
    ],
)
def test_without_audience_basis_purpose_and_period_nothing_is_published(
    world: World, fields: list[str], changes: dict[str, object]
) -> None:
    item = world.draft()
    with pytest.raises(Invalid) as refused:
        publish(world, item.ref, **changes)
    assert list(refused.value.fields) == fields
    with world.session("firm") as db:
        assert queries.get_own(db, world.actors["firm"], item.ref).state == State.DRAFT
        assert queries.live_principals(db, item) == frozenset()


def test_an_empty_item_is_not_published(world: World) -> None:
    with pytest.raises(Invalid, match="还没有正文"):
        publish(world, world.draft(body="").ref)


def test_the_unqualified_and_the_hidden_cannot_be_named(world: World) -> None:
    world.organisation("visitor", OrgKind.FUND_MANAGER, qualified=False)
    item = world.draft()
    with pytest.raises(Invalid, match="不能作为披露对象"):
        publish(world, item.ref, audience=[world.organisations["visitor"].ref])
    with world.session("firm") as db:
        firm = world.actors["firm"]
        exclude(db, firm, enterprise_id=firm.enterprise_id or 0, organisation_ref=world.organisations["fund"].ref)
        db.commit()
    with pytest.raises(Invalid, match="先解除隐藏"):
        publish(world, item.ref)


def test_the_preview_counts_who_will_read_and_the_yes_must_fit_it(world: World) -> None:
    item, firm = world.draft(), world.actors["firm"]
    with world.session("firm") as db:
        seen = services.preview(
            db, firm, item.ref, audience_words=["kind:bank", world.organisations["bank"].ref, world.organisations["fund"].ref],
            basis="will", until=UNTIL,
        )  # fmt: skip
        banks = {party.name for party in audience.parties(db, firm) if party.kind == "bank" and party.named}
    reached = {party.name: len(party.people) for party in seen.reach.parties}
    assert set(reached) == banks | {world.organisations["fund"].name}
    assert reached[world.organisations["bank"].name] == 2
    assert seen.reach.people == sum(reached.values())
    assert [one.word for one in seen.broad] == ["kind:bank"]
    with pytest.raises(Invalid) as refused:
        publish(world, item.ref, audience=["kind:bank"], agreed=len(banks) - 1)
    assert f"{len(banks)} 家机构" in refused.value.fields["agreed"]
    assert publish(world, item.ref, audience=["kind:bank"], agreed=len(banks)).state == State.PUBLISHED


def test_the_preview_is_what_the_policies_then_answer(world: World) -> None:
    """Whoever the preview names reads, whoever it leaves out does not."""
    item, firm = world.draft(), world.actors["firm"]
    with world.session("firm") as db:
        exclude(db, firm, enterprise_id=firm.enterprise_id or 0, organisation_ref=world.organisations["lender"].ref)
        words = ["kind:bank", "qualified"]
        seen = services.preview(db, firm, item.ref, audience_words=words, basis="will", until=UNTIL)
        services.publish(
            db, firm, item.ref, audience=words, basis="will", purpose="了解", until=UNTIL, agreed=seen.reach.organisations
        )
        db.commit()
    named = {party.principal for party in seen.reach.parties}
    for name in ("fund", "bank", "lender", "stranger", "rival"):
        with world.session(name) as db:
            reads = db.scalar(select(Disclosure.id).where(Disclosure.ref == item.ref)) is not None
        assert reads == (world.actors[name].organisation_principal in named), name


def test_a_published_item_is_given_to_more_but_not_twice(world: World) -> None:
    item = world.published("fund")
    world.share(item, "bank", "fund", days=30)
    with world.session("firm") as db:
        held = services.audience_of(db, world.actors["firm"], item)[0]
        assert [one.audience for one in held] == [world.organisations["fund"].name, world.organisations["bank"].name]
    with pytest.raises(Invalid, match="已经能看到"):
        world.share(item, "fund", days=10)
    world.share(item, "fund", days=60)
    assert kinds(world, "firm").count("disclosure.shared") == 2


def test_a_published_item_is_neither_edited_nor_discarded(world: World) -> None:
    item, firm = world.published("fund", files=1), world.actors["firm"]
    with world.session("firm") as db:
        [document] = queries.documents_of(db, item)
        for act in (
            lambda: drafts.save_draft(db, firm, ref=item.ref, kind="news", title="改", body=""),
            lambda: drafts.discard_draft(db, firm, item.ref),
            lambda: drafts.add_document(db, firm, world.store, item.ref, name="b.pdf", data=pdf(1, "b")),
            lambda: drafts.remove_document(db, firm, item.ref, document.ref),
        ):
            with pytest.raises(Conflict):
                act()


@pytest.mark.parametrize(
    "values",
    [{"title": "改"}, {"body": "改"}, {"version": 9}, {"state": "draft", "published_at": None}, {"owner": 3}],
)
def test_the_database_repeats_the_essentials(world: World, values: dict[str, object]) -> None:
    item = world.published("fund")
    with world.session("firm") as db, pytest.raises((IntegrityError, ProgrammingError)):
        db.execute(update(Disclosure).where(Disclosure.id == item.id).values(**values))


@pytest.mark.parametrize("state", ["draft", "published"])
def test_the_database_lets_nobody_else_write(world: World, state: str) -> None:
    item = world.draft() if state == "draft" else world.published("fund")
    with world.session("fund") as db:
        for statement in (
            "update portal.disclosure set updated_at = now() where id = :id",
            "delete from portal.disclosure where id = :id",
            "delete from portal.disclosure_document where disclosure_id = :id",
        ):
            assert db.execute(text(statement), {"id": item.id}).rowcount == 0  # type: ignore[attr-defined]
        with pytest.raises(ProgrammingError):
            db.execute(
                text("insert into portal.disclosure (ref, enterprise_id, owner, kind, title) values ('x', 1, :o, 'news', 't')"),
                {"o": world.actors["firm"].organisation_principal},
            )


def test_documents_of_a_published_item_are_fixed_by_the_database_too(world: World) -> None:
    item = world.published("fund", files=1)
    with world.session("firm") as db:
        deleted = db.execute(text("delete from portal.disclosure_document where disclosure_id = :id"), {"id": item.id})
        assert deleted.rowcount == 0  # type: ignore[attr-defined]
        with pytest.raises(ProgrammingError):
            db.execute(
                text("insert into portal.disclosure_document (ref, disclosure_id, enterprise_id, owner, name, size, sha256, pages,"
                     " storage_key, position) select 'y', id, enterprise_id, owner, 'n', 1, 's', 1, 'k', 9"
                     " from portal.disclosure where id = :id"),
                {"id": item.id},
            )  # fmt: skip


def test_withdrawing_takes_it_from_everybody_but_the_enterprise(world: World) -> None:
    item = world.published("fund", "bank", files=1)
    with world.session("firm") as db:
        with pytest.raises(Invalid):
            services.withdraw(db, world.actors["firm"], item.ref, reason=" ")
        loss = services.withdraw(db, world.actors["firm"], item.ref, reason="数字有误")
        db.commit()
        assert (loss.reach.organisations, loss.reach.people) == (2, 5)
        assert queries.get_readable(db, world.actors["firm"], item.ref).item.withdraw_reason == "数字有误"
        with pytest.raises(Conflict):
            services.withdraw(db, world.actors["firm"], item.ref, reason="再来")
        with pytest.raises(Conflict):
            services.publish(db, world.actors["firm"], item.ref, audience=[], basis="", purpose="", until=None)
    with world.session("fund") as db:
        assert queries.list_readable(db, world.actors["fund"]).items == ()
        assert db.scalars(select(Document).where(Document.disclosure_id == item.id)).all() == []


def test_revoking_one_leaves_the_others_and_says_who_loses(world: World) -> None:
    item = world.published("bank", "fund")
    firm = world.actors["firm"]
    world.share(item, "kind:bank")
    with world.session("firm") as db:
        held = {one.audience: one for one in services.audience_of(db, firm, item)[0]}
        fund = held[world.organisations["fund"].name]
        # The bank holds another tie, so that taking its own one away takes nothing.
        assert services.loss_by_revoking(db, firm, item.ref, held[world.organisations["bank"].name].ref).reach.organisations == 0
        loss = services.revoke_grant(db, firm, item.ref, fund.ref)
        db.commit()
        assert [party.name for party in loss.reach.parties] == [world.organisations["fund"].name]
        for gone in (fund.ref, "0" * 16, "nonsense"):
            with pytest.raises(NotFound):
                services.revoke_grant(db, firm, item.ref, gone)
    with world.session("fund") as db, pytest.raises(NotFound):
        queries.get_readable(db, world.actors["fund"], item.ref)
    with world.session("bank") as db:
        assert queries.get_readable(db, world.actors["bank"], item.ref)


def test_a_grant_of_another_item_is_not_revoked_through_this_one(world: World) -> None:
    one, other = world.published("fund"), world.published("bank")
    with world.session("firm") as db:
        [held] = services.audience_of(db, world.actors["firm"], other)[0]
        with pytest.raises(NotFound):
            services.revoke_grant(db, world.actors["firm"], one.ref, held.ref)


def test_a_supervisors_right_is_not_the_enterprises_to_revoke(world: World) -> None:
    item, firm = world.published("fund"), world.actors["firm"]
    with world.session("firm") as db:
        made = grant(
            db, firm, object_kind="disclosure", object_id=item.id, enterprise_id=item.enterprise_id, owner=item.owner,
            principal=world.actors["stranger"].organisation_principal or 0, basis=Basis.RULE, purpose="检查",
        )  # fmt: skip
        with pytest.raises(NotAllowed):
            services.revoke_grant(db, firm, item.ref, made.ref)


def test_readers_may_not_act_and_strangers_find_nothing(world: World) -> None:
    item = world.published("fund")
    for name, error in (("fund", NotAllowed), ("rival", NotFound)):
        with world.session(name) as db:
            for act in (
                lambda: services.withdraw(db, world.actors[name], item.ref, reason="x"),  # noqa: B023
                lambda: drafts.discard_draft(db, world.actors[name], item.ref),  # noqa: B023
                lambda: services.publish(db, world.actors[name], item.ref, audience=[], basis="", purpose="", until=None),  # noqa: B023
            ):
                with pytest.raises(error):
                    act()


def test_events_tell_the_higher_features(world: World) -> None:
    heard: list[object] = []
    for event in (DisclosurePublished, DisclosureShared, DisclosureWithdrawn):
        registry.connect(event, lambda db, one: heard.append(one))
    try:
        item = world.published("fund")
        world.share(item, "bank")
        with world.session("firm") as db:
            services.withdraw(db, world.actors["firm"], item.ref, reason="误发")
            db.commit()
    finally:
        for event in (DisclosurePublished, DisclosureShared, DisclosureWithdrawn):
            registry.handlers.pop(event)
    common = (item.id, item.ref, item.enterprise_id, item.owner)
    fund, bank = (world.actors[name].organisation_principal for name in ("fund", "bank"))
    assert heard == [DisclosurePublished(*common, (fund,)), DisclosureShared(*common, (bank,)), DisclosureWithdrawn(*common)]


def together(count: int, act: object) -> list[object]:
    """What `count` threads get that start at once: a value or the exception."""
    gate, results = Barrier(count), []

    def run(number: int) -> None:
        gate.wait()
        try:
            results.append(act(number))  # type: ignore[operator]
        except Exception as error:
            results.append(type(error))

    threads = [Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_of_several_publications_at_once_one_holds(world: World) -> None:
    item = world.draft()
    results = together(6, lambda number: publish(world, item.ref).state)
    # A late one finds it published already and finds that the audience has it.
    assert results.count("published") == 1
    assert set(results) - {"published"} <= {Conflict, Invalid}
    with world.session("firm") as db:
        assert len(services.audience_of(db, world.actors["firm"], item)[0]) == 1


def test_publishing_while_the_draft_changes_never_gives_what_was_not_seen(world: World) -> None:
    item = world.draft()

    def act(number: int) -> object:
        if number % 2:
            return publish(world, item.ref, version=1).version
        with world.session("firm") as db:
            saved = drafts.save_draft(db, world.actors["firm"], ref=item.ref, version=1, kind="news", title=f"改{number}", body="改")
            db.commit()
            return saved.version

    results = together(6, act)
    assert len([one for one in results if isinstance(one, int)]) == 1
    with world.session("firm") as db:
        now = queries.get_own(db, world.actors["firm"], item.ref)
        assert (now.state, now.version, now.title) in (("published", 1, "十月快报"), *(("draft", 2, f"改{n}") for n in (0, 2, 4)))


def test_a_read_after_the_withdrawals_commit_finds_nothing(world: World) -> None:
    item = world.published("fund")
    with world.session("fund") as reader, world.session("firm") as db:
        services.read(reader, world.actors["fund"], item.ref)
        services.withdraw(db, world.actors["firm"], item.ref, reason="误发")
        assert services.read(reader, world.actors["fund"], item.ref)  # not committed yet
        db.commit()
        with pytest.raises(NotFound):
            services.read(reader, world.actors["fund"], item.ref)
