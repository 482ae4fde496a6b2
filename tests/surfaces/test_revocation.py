"""A right that ends is gone from the first request after the commit, on every surface of a portal that has been used."""

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.surfaces.conftest import Stage
from tests.surfaces.draw import draw
from tests.surfaces.extent import seeds, worlds
from tests.surfaces.reference import erased, reader
from tests.surfaces.table import asks
from tests.surfaces.world import World, at, day

Blow = Callable[[World, str], None]


def _revoke(world: World, username: str) -> None:
    """Every tie that names the reader is taken back."""
    mine = reader(world, username).principals
    for grant in world["access_grant"]:
        if grant["principal"] in mine and grant["revoked_at"] is None:
            grant["revoked_at"] = world.now


def _leave(world: World, username: str) -> None:
    """The reader's membership ends."""
    for row in world["membership"]:
        if row["person_id"] == world.person(username)["id"]:
            row["ended_at"] = world.now


def _lapse(world: World, username: str) -> None:
    """The organisation's qualification ended yesterday."""
    organisation = reader(world, username).organisation
    if organisation is not None and organisation["qualified_from"]:
        world.one("organisation", id=organisation["id"]).update(qualified_from=day(world, -20), qualified_until=day(world, -1))


def _exclude(world: World, username: str) -> None:
    """Every enterprise that can hide from the reader does."""
    organisation = reader(world, username).organisation
    gone = {row["enterprise_id"] for row in world["exclusion"] if row["principal"] == organisation["principal"] and row["ended_at"] is None}
    for enterprise in world["enterprise"]:
        if enterprise["owner"] not in (0, organisation["principal"]) and enterprise["id"] not in gone:
            world.add("exclusion", enterprise_id=enterprise["id"], owner=enterprise["owner"], organisation_id=organisation["id"],
                      principal=organisation["principal"], made_at=world.now, ended_at=None)  # fmt: skip


def _withdraw(world: World, _username: str) -> None:
    """Every published item is taken back, and with it its ties; products go from the shelf."""
    for row in world["disclosure"]:
        if row["state"] == "published":
            row.update(state="withdrawn", withdrawn_at=world.now, withdraw_reason="撤回")
    for grant in world["access_grant"]:
        if grant["object_kind"] == "disclosure" and grant["revoked_at"] is None:
            grant["revoked_at"] = world.now
    for row in world["credit_product"]:
        row["state"] = "closed"


def _end(world: World, _username: str) -> None:
    """Every period ends: ties, rings and offers."""
    for row in (*world["access_grant"], *world["ring_member"]):
        if row["ends"] > world.now:
            row.update(starts=at(world, -20), ends=at(world, -1))
    for row in world["credit_product"]:
        row["valid_until"] = day(world, -1)


@pytest.mark.clause("七")
@pytest.mark.parametrize("blow", [_revoke, _leave, _lapse, _exclude, _withdraw, _end], ids=lambda blow: blow.__name__[1:])
@given(seed=seeds, username=st.sampled_from(["fund", "fund2", "double", "bank", "ent"]))
@worlds(2)
def test_what_has_ended_is_gone_everywhere(stage: Stage, blow: Blow, seed: int, username: str) -> None:
    chance = Random(seed)
    world = draw(chance, stage.now)
    after = world.copy()
    blow(after, username)
    assume(erased(after, username).rows != erased(world, username).rows)
    stage.set(world, username)
    browsers = stage.whole.browser(username), stage.part.browser(username)
    asked = asks(world, chance, may=stage.may(username, world), most=2)
    for ask in asked:
        stage.whole.ask(browsers[0], ask)
    stage.equip(after)
    stage.whole.write(after, index=False)
    stage.part.write(erased(after, username))
    stage.hold(username, asked, browsers)
