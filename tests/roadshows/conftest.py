"""The stage of roadshows: presenting enterprises, readers of the board, somebody whose qualification lapsed, the operator."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from portal.access.principals import BOARD, OrgKind
from portal.config import Settings
from portal.core.clock import now, today
from portal.core.db import Database
from portal.roadshows import services
from portal.roadshows.models import Roadshow, RoadshowState
from portal.roadshows.services import RoadshowTerms
from portal.roadshows.views import bp
from tests.financing.stage import Stage, build


@pytest.fixture
def stage(database: Database, settings: Settings) -> Iterator[Stage]:
    made = Stage(database, build(database, settings, bp))
    made.enterprise("firm")
    made.enterprise("shy")
    made.enterprise("other")
    for name, kind in (("fund", OrgKind.FUND_MANAGER), ("fund2", OrgKind.FUND_MANAGER), ("bank", OrgKind.BANK),
                       ("operator", OrgKind.OPERATOR), ("bureau", OrgKind.AUTHORITY)):  # fmt: skip
        made.organisation(name, kind)
    made.organisation("lapsed", OrgKind.FUND_MANAGER, until=today() - timedelta(1))
    yield made
    # What is announced on one test's board must not stand on the next one's.
    year = timedelta(366)
    moved = {name: getattr(Roadshow, name) - year for name in ("starts", "ends", "registration_until")}
    with made.session("operator") as db:
        db.execute(update(Roadshow).values(state=RoadshowState.DRAFT.value, **moved))
        db.commit()


@pytest.fixture
def terms(stage: Stage) -> Callable[..., RoadshowTerms]:
    """What the operator would write: tomorrow in a week, two seats, for the board's readers."""

    def make(**words: Any) -> RoadshowTerms:
        starts = (now() + timedelta(7)).replace(minute=0, second=0, microsecond=0)
        usual = {"title": "高端装备专场", "starts": starts, "ends": starts + timedelta(hours=2),
                 "registration_until": starts - timedelta(1), "capacity": 2, "place": "乌鲁木齐路演厅三楼",
                 "online": "https://meet.example/8f2c", "description": "四家企业路演。", "audience": [BOARD],
                 "codes": [stage.enterprises[name].uscc for name in ("firm", "shy")]}  # fmt: skip
        return RoadshowTerms(**(usual | words))

    return make


@pytest.fixture
def hold(stage: Stage, terms: Callable[..., RoadshowTerms]) -> Callable[..., Roadshow]:
    """A roadshow that takes registrations."""

    def make(*, opened: bool = True, **words: Any) -> Roadshow:
        made = stage.do("operator", services.create_roadshow, terms(**words))
        return stage.do("operator", services.move_roadshow, made.slug, RoadshowState.OPEN) if opened else made

    return make
