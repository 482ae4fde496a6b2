"""An application is a matter of two parties: readable by both and by nobody else, decided once, each use recorded."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from portal.core.errors import Conflict, Invalid, NotAllowed, NotFound, PortalError
from portal.core.events import registry
from portal.evidence.models import Opening
from portal.financing import naming, queries, services
from portal.financing.events import ApplicationEnded, ApplicationSubmitted
from portal.financing.models import Application, ApplicationEvent, ApplicationState, CreditProduct, ProductState
from portal.financing.policy import application_readable
from portal.financing.services import ProductTerms
from tests.financing.conftest import TERMS, WAN
from tests.financing.stage import Stage

Post = Callable[..., CreditProduct]
Submit = Callable[..., Application]
EVERYBODY = ("firm", "rival", "young", "bank", "bank2", "fund", "operator", "bureau")


def seen_by(stage: Stage, made: Application, *, ask_policy: bool, table: type = Application) -> set[str]:
    found = set()
    for name in EVERYBODY:
        with stage.session(name) as db:
            column = Application.id if table is Application else ApplicationEvent.application_id
            question = select(column).where(column == made.id)
            if ask_policy:
                question = question.where(application_readable(stage.actors[name]))
            if db.scalars(question).first() is not None:
                found.add(name)
    return found


def records(stage: Stage, name: str, made: Application) -> list[str]:
    """Kinds of the records about the application that its enterprise sees."""
    with stage.session(name) as db:
        rows = db.scalars(select(Opening).where(Opening.owner == made.owner).order_by(Opening.id))
        return [row.kind for row in rows if made.ref in str(row.plaintext)]


@pytest.mark.clause("十")
def test_only_the_two_parties_see_an_application(stage: Stage, post: Post, submit: Submit) -> None:
    made = submit(post())
    assert seen_by(stage, made, ask_policy=True) == seen_by(stage, made, ask_policy=False) == {"firm", "bank"}
    assert seen_by(stage, made, ask_policy=False, table=ApplicationEvent) == {"firm", "bank"}
    for name in set(EVERYBODY) - {"firm", "bank"}:
        with stage.session(name) as db:
            rows, page = queries.applications(db, stage.actors[name])
            assert (rows, page.total) == ([], 0)
            assert queries.history(db, stage.actors[name], made.id) == []
            with pytest.raises(NotFound):
                queries.application(db, stage.actors[name], made.ref)


def test_an_enterprise_that_hides_outranks_the_tie(stage: Stage, post: Post, submit: Submit) -> None:
    product = post()
    made = submit(product)
    stage.hide("firm", "bank")
    assert seen_by(stage, made, ask_policy=True) == seen_by(stage, made, ask_policy=False) == {"firm"}
    with pytest.raises(NotFound):
        stage.do("bank", services.decide_application, made.ref, accept=True)
    stage.hide("rival", "bank")
    with pytest.raises(Conflict, match="取消隐藏"):
        submit(product, "rival")


def test_one_open_application_for_a_product(stage: Stage, post: Post, submit: Submit) -> None:
    product = post()
    first = submit(product)
    with pytest.raises(Conflict, match="等待答复"):
        submit(product)
    submit(product, "rival")
    stage.do("firm", services.withdraw_application, first.ref)
    assert submit(product).ref != first.ref


def test_colleagues_who_submit_at_once_make_one_application(stage: Stage, post: Post, submit: Submit) -> None:
    product = post()

    def attempt(_n: int) -> str:
        try:
            return submit(product).ref
        except Conflict:
            return ""

    with ThreadPoolExecutor(8) as pool:
        made = [ref for ref in pool.map(attempt, range(8)) if ref]
    assert len(made) == 1


def test_it_keeps_the_terms_it_was_made_under(stage: Stage, post: Post, submit: Submit) -> None:
    product = post()
    made = submit(product)
    stage.do("bank", services.change_product, product.ref, ProductTerms(**(TERMS | {"rate_max": 800, "name": "改名"})), product.version)
    stage.do("bank", services.move_product, product.ref, ProductState.CLOSED)
    with stage.session("firm") as db:
        kept = queries.application(db, stage.actors["firm"], made.ref).application
        assert (kept.terms["name"], kept.terms["rate_max"], kept.terms["version"]) == ("专板知产贷", 390, 2)
        with pytest.raises(NotFound):
            queries.product(db, stage.actors["firm"], product.ref)


@pytest.mark.parametrize(
    ("asked", "field"),
    [({"amount": 99 * WAN}, "amount"), ({"amount": 1001 * WAN}, "amount"), ({"term": 11}, "term"), ({"term": 37}, "term"),
     ({"purpose": "  "}, "purpose"), ({"purpose": "用" * 501}, "purpose"), ({"note": "说" * 2001}, "note")],
)  # fmt: skip
def test_what_does_not_fit_the_product_is_told_at_its_field(post: Post, submit: Submit, asked: dict, field: str) -> None:
    with pytest.raises(Invalid) as error:
        submit(post(), **asked)
    assert list(error.value.fields) == [field]


def test_who_the_product_is_not_for_finds_none(post: Post, submit: Submit) -> None:
    product = post()
    for name in ("young", "coastal", "outside"):
        with pytest.raises(NotFound):
            submit(product, name)
    with pytest.raises(NotAllowed):
        submit(product, "bank")


def test_it_is_decided_once_by_the_right_party(stage: Stage, post: Post, submit: Submit) -> None:
    made = submit(post())
    refused: list[tuple[str, Callable, dict, type[PortalError]]] = [
        ("bank2", services.decide_application, {"accept": True}, NotFound),
        ("firm", services.decide_application, {"accept": True}, NotAllowed),
        ("operator", services.decide_application, {"accept": True}, NotAllowed),
        ("bank", services.withdraw_application, {}, NotAllowed),
        ("rival", services.withdraw_application, {}, NotFound),
        ("bank", services.decide_application, {"accept": False}, Invalid),
        ("bank", services.decide_application, {"accept": False, "reason_code": "mood"}, Invalid),
        ("bank", services.decide_application, {"accept": False, "reason_code": "other"}, Invalid),
    ]
    for name, verb, words, error in refused:
        with pytest.raises(error):
            stage.do(name, verb, made.ref, **words)
    done = stage.do("bank", services.decide_application, made.ref, accept=False, reason_code="collateral", reason="质押率不足")
    assert (done.state, done.reason_code, done.decided_by) == ("declined", "collateral", stage.actors["bank"].person_id)
    for name, verb, words in (("bank", services.decide_application, {"accept": True}), ("firm", services.withdraw_application, {})):
        with pytest.raises(Conflict):
            stage.do(name, verb, made.ref, **words)
    with stage.session("firm") as db:
        lines = queries.history(db, stage.actors["firm"], made.id)
    assert [(line.state, line.organisation) for line in lines] == [
        ("submitted", stage.actors["firm"].organisation_name), ("declined", stage.actors["bank"].organisation_name)
    ]  # fmt: skip


@pytest.mark.clause("七")
def test_what_the_enterprise_withdraws_the_lender_no_longer_reads(stage: Stage, post: Post, submit: Submit) -> None:
    """The basis `application` lasts while the application is open; what a lender decided itself stays with it."""
    withdrawn, declined = submit(post()), submit(post())
    stage.do("firm", services.withdraw_application, withdrawn.ref)
    stage.do("bank", services.decide_application, declined.ref, accept=False, reason_code="collateral", reason="质押率不足")
    for table in (Application, ApplicationEvent):
        for ask_policy in (False, True) if table is Application else (False,):
            assert seen_by(stage, withdrawn, ask_policy=ask_policy, table=table) == {"firm"}
            assert seen_by(stage, declined, ask_policy=ask_policy, table=table) == {"firm", "bank"}
    with pytest.raises(NotFound):
        stage.do("bank", services.read_application, withdrawn.ref)


@pytest.mark.parametrize(
    ("name", "change"),
    [("firm", "state = 'accepted', decided_at = now(), decided_by = submitted_by"), ("bank", "state = 'withdrawn'"),
     ("firm", "amount = amount + 1"), ("bank", "amount = amount + 1"), ("bank", "lender = owner"), ("bank", "state = 'declined'")],
)  # fmt: skip
def test_the_database_repeats_the_door(stage: Stage, post: Post, submit: Submit, name: str, change: str) -> None:
    made = submit(post())
    with stage.session(name) as db, pytest.raises(DBAPIError):
        db.execute(text(f"update portal.application set {change} where id = :id"), {"id": made.id})


def test_the_database_takes_no_application_in_anothers_name(stage: Stage, post: Post, submit: Submit) -> None:
    made = submit(post())
    firm = stage.enterprises["firm"]
    with stage.session("rival") as db, pytest.raises(ProgrammingError, match="row-level security"):
        db.execute(
            text("insert into portal.application (ref, product_id, terms, applicant, organisation_id, lender, enterprise_id, owner,"
                 " amount, term, purpose, submitted_by) values ('x', :product, '{}', '{}', :lender_id, :lender, :enterprise, :owner, 1, 1, 'x', :by)"),
            {"product": made.product_id, "lender_id": made.organisation_id, "lender": made.lender, "enterprise": firm.id,
             "owner": stage.actors["rival"].organisation_principal, "by": made.submitted_by},
        )  # fmt: skip


def test_every_use_is_recorded_for_the_enterprise(stage: Stage, post: Post, submit: Submit) -> None:
    made = submit(post())
    stage.do("bank", services.read_applications)
    stage.do("bank", services.read_application, made.ref)
    stage.do("firm", services.read_application, made.ref)
    stage.do("bank", services.decide_application, made.ref, accept=True)
    assert records(stage, "firm", made) == ["application.submitted", "read", "read", "application.accepted"]
    assert records(stage, "rival", made) == []


def test_news_travels_upwards(stage: Stage, post: Post, submit: Submit) -> None:
    heard: list[object] = []
    note = lambda db, news: heard.append(news)  # noqa: E731
    registry.connect(ApplicationSubmitted, note)
    registry.connect(ApplicationEnded, note)
    try:
        made = submit(post())
        stage.do("firm", services.withdraw_application, made.ref)
    finally:
        registry.handlers[ApplicationSubmitted].remove(note)
        registry.handlers[ApplicationEnded].remove(note)
    assert [type(news).__name__ for news in heard] == ["ApplicationSubmitted", "ApplicationEnded"]
    assert heard[1] == ApplicationEnded(made.id, made.ref, made.lender, made.owner, ApplicationState.WITHDRAWN.value)


def test_the_log_names_only_what_its_reader_may_read(stage: Stage, post: Post, submit: Submit) -> None:
    product = post()
    made = submit(product)
    for name, products, applications in (("firm", {product.ref}, {made.ref}), ("bank", {product.ref}, {made.ref}), ("bank2", set(), set()),
                                         ("rival", {product.ref}, set()), ("operator", {product.ref}, set())):  # fmt: skip
        with stage.session(name) as db:
            assert set(naming.products(db, stage.actors[name], [product.ref, made.ref])) == products
            assert set(naming.applications(db, stage.actors[name], [product.ref, made.ref])) == applications
