"""The machinery finds what it is there for: each leak planted here makes it fail."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from sqlalchemy import ColumnElement, func, select, true

from portal.disclosures import policy as disclosures
from portal.disclosures import queries as items
from portal.enterprises.models import Enterprise
from portal.screening import queries as screening
from portal.web.guards import public
from tests.surfaces.conftest import Stage
from tests.surfaces.draw import draw
from tests.surfaces.reference import reader
from tests.surfaces.stage import Ask, Unequal
from tests.surfaces.table import ABSENT, SURFACES
from tests.surfaces.test_walls import expected, wall
from tests.surfaces.world import World


@pytest.fixture
def world(stage: Stage) -> World:
    """A world in which the qualified fund cannot see everything."""
    made = draw(Random(5), stage.now, crowded=True)
    made.organisation("fund").update(qualified_from="2020-01-01", qualified_until="2099-12-31")
    fund = made.organisation("fund")
    made["exclusion"].clear()
    for row in made["enterprise"][3:]:
        made.add("exclusion", enterprise_id=row["id"], owner=row["owner"], organisation_id=fund["id"], principal=fund["principal"],
                 made_at=made.now, ended_at=None)  # fmt: skip
    return made


def _hold(stage: Stage, world: World, endpoint: str) -> None:
    stage.set(world, "fund")
    stage.hold("fund", [Ask(endpoint, path) for path in SURFACES[endpoint](world)])


@contextmanager
def _wall_down(stage: Stage, table: str) -> Iterator[None]:
    """The row-level policy of one table lets everything through."""
    ((was,),) = stage.whole.execute(
        "select pg_get_expr(polqual, polrelid) from pg_policy where polname = 'seen' and polrelid = %s::regclass", [f"portal.{table}"]
    )
    stage.whole.execute(f"alter policy seen on portal.{table} using (true)")
    try:
        yield
    finally:
        stage.whole.execute(f"alter policy seen on portal.{table} using ({was})")


def test_a_view_that_counts_everything(stage: Stage, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    @public
    def leaking() -> str:
        with stage.whole.context.database.system_session() as db:
            return f"{db.scalar(select(func.count()).select_from(Enterprise))}"

    _hold(stage, world, "home.index")
    monkeypatch.setitem(stage.whole.app.view_functions, "home.index", leaking)
    monkeypatch.setitem(stage.part.app.view_functions, "home.index", lambda: str(len(world["enterprise"]) - 1))
    with pytest.raises(Unequal):
        _hold(stage, world, "home.index")


def test_counts_that_keep_the_hidden(stage: Stage, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index is no part of the wall: what the engine counts is shown as it is."""
    asked: Callable[..., Any] = screening._query
    monkeypatch.setattr(screening, "_query", lambda *given: replace(asked(*given), exclude_ids=()))
    with pytest.raises(Unequal):
        _hold(stage, world, "screening.index")


def _everything(_actor: object) -> ColumnElement[bool]:
    return true()


def test_one_wall_down_is_held_by_the_other_and_both_are_noticed(stage: Stage, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disclosures, "readable", _everything)
    _hold(stage, world, "disclosures.show")
    with _wall_down(stage, "disclosure"), pytest.raises(Unequal):
        _hold(stage, world, "disclosures.show")


def test_the_wall_down_is_noticed_by_itself(stage: Stage, world: World) -> None:
    stage.set(world, "fund")
    principals = reader(world, "fund").principals
    assert wall(stage, principals, "disclosure") == expected(world, "fund", "disclosure")
    with _wall_down(stage, "disclosure"):
        assert wall(stage, principals, "disclosure") > expected(world, "fund", "disclosure")


def test_one_statement_more_for_what_exists(stage: Stage, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    left = stage.set(world, "fund")
    hidden = {row["ref"] for row in world["disclosure"]} - {row["ref"] for row in left["disclosure"]}
    ask: Callable[..., Any] = items.get_readable

    def leaking(db: Any, actor: Any, ref: str) -> Any:
        if ref in hidden and db.get_bind() is stage.whole.context.database.app:
            db.execute(select(func.now()))
        return ask(db, actor, ref)

    asked = [Ask("disclosures.show", f"/disclosures/{ref}") for ref in (*sorted(hidden), ABSENT)]
    stage.hold("fund", asked)
    monkeypatch.setattr(items, "get_readable", leaking)
    with pytest.raises(Unequal):
        stage.hold("fund", asked)
