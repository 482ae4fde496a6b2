"""Rule 2: what an actor is answered equals what it would be answered had everything it may not read been deleted."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.access import released
from tests.surfaces import reference
from tests.surfaces.conftest import Stage
from tests.surfaces.draw import draw
from tests.surfaces.extent import seeds, worlds
from tests.surfaces.table import asks, posts
from tests.surfaces.world import ACTORS


@pytest.mark.clause("七")
@given(seed=seeds, username=st.sampled_from(ACTORS), crowded=st.integers(0, 4).map(lambda n: n == 4))
@worlds(44)
def test_every_surface_answers_as_if_the_unreadable_were_gone(stage: Stage, seed: int, username: str, crowded: bool) -> None:
    chance = Random(seed)
    world = draw(chance, stage.now, crowded=crowded)
    left = stage.set(world, username)
    may = stage.may(username, world)
    stage.hold(username, [*asks(world, chance, may=may), *posts(world, left, chance, may=may)])


def test_the_reference_is_given_the_released_values_and_nothing_else() -> None:
    assert {entry.name for entry in released.RELEASED} == reference.RELEASED
