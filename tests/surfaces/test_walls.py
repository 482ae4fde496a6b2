"""The second wall alone: as portal_app with a reader's principals each table gives exactly the rows the reference allows."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from portal.accounts.queries import load_actor
from tests.surfaces.conftest import Stage
from tests.surfaces.draw import draw
from tests.surfaces.extent import seeds, worlds
from tests.surfaces.reference import DECIDED, Reference, reader
from tests.surfaces.world import ACTORS, WITHOUT_ID, Row, World, token_of

KEYS = {"record": ("ref",), "checkpoint": ("size",), "search_dirty": ("enterprise_id",), "roadshow_link": ("roadshow_id",),
        "roadshow_reader": ("roadshow_id", "principal"), "roadshow_enterprise": ("roadshow_id", "enterprise_id")}  # fmt: skip
# Row-level security on what no world holds: other tests have them.
ELSEWHERE = {
    "mail": "written by the web role, read by none: tests/notices",
    "erasure": "follows its record: tests/evidence",
    "unsealed": "the sequencer's queue: tests/evidence",
    "leaf": "digests, public with the checkpoint: tests/evidence",
    "node": "digests, public with the checkpoint: tests/evidence",
}


def allowed(decide: Reference, table: str, row: Row) -> bool:
    """The reference's word, and three rows a session may see although no surface shows them."""
    if table == "access_grant":  # an addressee may know of a tie that has ended or is outranked
        return decide.own(row) or row["principal"] in decide.mine
    if table == "search_dirty":  # numbers of rows, which every question leaves out of what the index answers
        return True
    return getattr(decide, table)(row)


def wall(stage: Stage, principals: frozenset[int], table: str) -> set[tuple[object, ...]]:
    """Keys of the rows that portal_app is given with these principals and no condition of its own."""
    keys = ", ".join(KEYS.get(table, ("id",)))
    with stage.whole.context.database.session(tuple(principals)) as db:
        return {tuple(row) for row in db.execute(text(f"select {keys} from portal.{table}"))}


def expected(world: World, username: str, table: str) -> set[tuple[object, ...]]:
    decide = Reference(world, reader(world, username))
    return {tuple(row[key] for key in KEYS.get(table, ("id",))) for row in world[table] if allowed(decide, table, row)}


@given(seed=seeds, crowded=st.booleans())
@worlds(40)
def test_the_wall_gives_what_the_reference_allows(stage: Stage, seed: int, crowded: bool) -> None:
    world = draw(Random(seed), stage.now, crowded=crowded)
    stage.equip(world)
    stage.whole.write(world, index=False)
    for username in ACTORS:
        who = reader(world, username)
        with stage.whole.context.database.session() as db:
            assert set(load_actor(db, token=token_of(username)).principals) == who.principals, username
        for table in DECIDED:
            assert wall(stage, who.principals, table) == expected(world, username, table), (username, table)


def test_every_table_behind_the_wall_is_in_some_test(stage: Stage) -> None:
    secured = {name for (name,) in stage.whole.execute(
        "select relname from pg_class where relnamespace = 'portal'::regnamespace and relkind = 'r' and relrowsecurity")}  # fmt: skip
    assert secured == DECIDED | set(ELSEWHERE)
    assert set(KEYS) <= WITHOUT_ID
