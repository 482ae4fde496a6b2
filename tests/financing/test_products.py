"""The shelf: whom a product is meant for, the same in Python, in the database and on the page."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from portal.access.actions import Action
from portal.core.clock import today
from portal.core.errors import Conflict, Invalid, NotAllowed, NotFound
from portal.financing import queries, services
from portal.financing.models import CreditProduct, ProductState
from portal.financing.policy import product_readable
from portal.financing.queries import Wanted
from portal.financing.services import ProductTerms
from tests.financing.conftest import TERMS, WAN
from tests.financing.stage import Stage

Post = Callable[..., CreditProduct]
EVERYBODY = ("firm", "rival", "young", "coastal", "outside", "bank", "bank2", "fund", "operator", "bureau")


def seen_by(stage: Stage, product: CreditProduct, *, ask_policy: bool) -> set[str]:
    """Who reads the product: by the expression, or by the database alone."""
    found = set()
    for name in EVERYBODY:
        with stage.session(name) as db:
            question = select(CreditProduct.id).where(CreditProduct.id == product.id)
            if ask_policy:
                question = question.where(product_readable(stage.actors[name]))
            if db.scalar(question) is not None:
                found.add(name)
    return found


@pytest.mark.clause("十")
@pytest.mark.parametrize(
    ("terms", "shelf", "readers"),
    [
        ({}, True, {"bank", "operator", "firm", "rival"}),
        ({"tiers": []}, True, {"bank", "operator", "firm", "rival", "young"}),
        ({"regions": []}, True, {"bank", "operator", "firm", "rival", "coastal"}),
        ({"tiers": [], "regions": []}, True, {"bank", "operator", "firm", "rival", "young", "coastal"}),
        ({"tiers": ["hatch"], "regions": ["310000"]}, True, {"bank", "operator"}),
        ({"valid_until": today()}, True, {"bank", "operator", "firm", "rival"}),
        ({}, False, {"bank"}),
    ],
)
def test_a_product_is_seen_by_whom_it_is_meant_for(stage: Stage, post: Post, terms: dict, shelf: bool, readers: set[str]) -> None:
    product = post(shelf=shelf, **terms)
    assert seen_by(stage, product, ask_policy=True) == seen_by(stage, product, ask_policy=False) == readers


def test_a_product_past_its_last_day_leaves_the_shelf(stage: Stage, post: Post) -> None:
    product = post(valid_until=today())
    with stage.session("bank") as db:
        db.execute(text("update portal.credit_product set valid_until = valid_until - 1 where id = :id"), {"id": product.id})
        db.commit()
    assert seen_by(stage, product, ask_policy=True) == seen_by(stage, product, ask_policy=False) == {"bank", "operator"}


def test_the_lifecycle_has_one_door(stage: Stage, post: Post) -> None:
    product = post(shelf=False)
    with pytest.raises(Conflict):
        stage.do("bank", services.move_product, product.ref, ProductState.CLOSED)
    opened = stage.do("bank", services.move_product, product.ref, ProductState.OPEN)
    with pytest.raises(Conflict):
        stage.do("bank", services.move_product, product.ref, ProductState.OPEN)
    closed = stage.do("bank", services.move_product, product.ref, ProductState.CLOSED)
    assert (opened.version, closed.version) == (2, 3)
    assert stage.do("bank", services.move_product, product.ref, ProductState.OPEN).state == "open"


def test_others_cannot_change_it(stage: Stage, post: Post) -> None:
    product = post()
    terms = ProductTerms(**TERMS)
    with pytest.raises(NotFound):
        stage.do("bank2", services.change_product, product.ref, terms, product.version)
    for name in ("firm", "operator", "fund"):
        with pytest.raises(NotAllowed):
            stage.do(name, services.change_product, product.ref, terms, product.version)
    with pytest.raises(Conflict, match="同事"):
        stage.do("bank", services.change_product, product.ref, terms, product.version - 1)


def test_only_a_qualified_lender_posts(stage: Stage) -> None:
    lapsed = stage.organisation("lapsed", stage.actors["bank"].kind, until=today() - timedelta(1))
    assert not lapsed.may(Action.PRODUCT_POST)
    for name in ("lapsed", "fund", "firm", "operator"):
        with pytest.raises(NotAllowed):
            stage.do(name, services.create_product, ProductTerms(**TERMS))
    stage.actors["viewer"] = replace(stage.actors["bank"], roles=frozenset({"viewer"}))
    with pytest.raises(NotAllowed):
        stage.do("viewer", services.create_product, ProductTerms(**TERMS))


def test_the_database_lets_only_a_lender_insert(stage: Stage) -> None:
    fund = stage.actors["fund"]
    with stage.session("fund") as db, pytest.raises(ProgrammingError, match="row-level security"):
        db.add(CreditProduct(**TERMS, organisation_id=fund.organisation_id, owner=fund.organisation_principal, made_by=fund.person_id))
        db.flush()


@pytest.mark.parametrize(
    ("change", "field"),
    [({"amount_max": 1}, "amount_max"), ({"rate_max": 1}, "rate_max"), ({"term_max": 1}, "term_max"), ({"collateral": []}, "collateral"),
     ({"name": "  "}, "name"), ({"name": "贷" * 81}, "name"), ({"regions": ["999999"]}, "regions"), ({"promise_days": 0}, "promise_days"),
     ({"conditions": "条" * 4001}, "conditions")],
)  # fmt: skip
def test_wrong_terms_are_told_at_their_field(stage: Stage, change: dict, field: str) -> None:
    with pytest.raises(Invalid) as error:
        stage.do("bank", services.create_product, ProductTerms(**(TERMS | change)))
    assert list(error.value.fields) == [field]


def test_the_shelf_is_sorted_and_filtered(stage: Stage, post: Post) -> None:
    dear = post(name="bank2", rate_min=500, rate_max=600, collateral=["credit", "orders"], amount_max=5000 * WAN)
    cheap = post()

    def refs(**wanted: object) -> list[str]:
        with stage.session("firm") as db:
            rows, page = queries.products(db, stage.actors["firm"], Wanted(**wanted))
            assert page.total == len(rows)
            return [row.product.ref for row in rows]

    assert refs() == [cheap.ref, dear.ref]
    assert refs(amount=2000 * WAN) == [dear.ref]
    assert refs(collateral="patent") == [cheap.ref]
    assert refs(term=48) == []
    assert refs(amount=350 * WAN, term=24, collateral="orders") == [dear.ref]
