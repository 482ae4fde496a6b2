"""The stage of financing: two lenders, enterprises the products are and are not meant for, and onlookers."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import update

from portal.access.principals import OrgKind
from portal.config import Settings
from portal.core.db import Database
from portal.financing import services
from portal.financing.models import Application, CreditProduct, ProductState
from portal.financing.services import ProductTerms
from portal.financing.views import bp
from tests.financing.stage import Stage, build

WAN = 1_000_000
TERMS: dict[str, Any] = {
    "name": "专板知产贷", "amount_min": 100 * WAN, "amount_max": 1000 * WAN, "rate_min": 335, "rate_max": 390, "term_min": 12,
    "term_max": 36, "collateral": ["patent"], "conditions": "成立满 3 年。", "tiers": ["cultivation"], "regions": ["650000"],
    "promise_days": 15,
}  # fmt: skip


@pytest.fixture
def stage(database: Database, settings: Settings) -> Iterator[Stage]:
    made = Stage(database, build(database, settings, bp))
    made.enterprise("firm")
    made.enterprise("rival")
    made.enterprise("young", tier="hatch")
    made.enterprise("coastal", province="310000")
    made.enterprise("outside", tier=None, member=False)
    for name, kind in (("bank", OrgKind.BANK), ("bank2", OrgKind.BANK), ("fund", OrgKind.FUND_MANAGER),
                       ("operator", OrgKind.OPERATOR), ("bureau", OrgKind.AUTHORITY)):  # fmt: skip
        made.organisation(name, kind)
    yield made
    # What is on the shelf of one test's board must not stand on the next one's.
    for name in ("bank", "bank2"):
        with made.session(name) as db:
            db.execute(update(CreditProduct).values(state=ProductState.CLOSED.value))
            db.commit()


@pytest.fixture
def post(stage: Stage) -> Callable[..., CreditProduct]:
    """A product of `bank`, on the shelf."""

    def make(name: str = "bank", *, shelf: bool = True, **terms: Any) -> CreditProduct:
        made = stage.do(name, services.create_product, ProductTerms(**(TERMS | terms)))
        return stage.do(name, services.move_product, made.ref, ProductState.OPEN) if shelf else made

    return make


@pytest.fixture
def submit(stage: Stage) -> Callable[..., Application]:
    """An application of `firm`."""

    def make(product: CreditProduct, name: str = "firm", **asked: Any) -> Application:
        words = {"amount": 350 * WAN, "term": 24, "purpose": "采购磨床", "note": "以三件专利质押"} | asked
        return stage.do(name, services.submit_application, product.ref, **words)

    return make
