"""Documents that a reader may not find move nothing of what the reader finds: no order, no count, no suggestion, no page."""

from random import Random
from urllib.parse import quote

import pytest

from tests.surfaces.conftest import Stage
from tests.surfaces.draw import draw
from tests.surfaces.stage import Ask
from tests.surfaces.world import World

TEXTS = ("轴承", "轴承 昌吉", "天工轴承", "工业软件", "昌吉北辰风电主轴", "zhou", "没有这家")
SORTS = ("relevance", "name", "founded", "oldest", "capital")


def _hide(world: World, chance: Random) -> int:
    """Let two thirds of the register hide from the fund, many with the words that are searched for; returns how many."""
    fund = world.organisation("fund")
    fund.update(qualified_from="2020-01-01", qualified_until="2099-12-31")
    known = {(row["enterprise_id"], row["principal"]) for row in world["exclusion"]}
    hidden = [row for row in world["enterprise"] if chance.random() < 0.66 and (row["id"], fund["principal"]) not in known]
    for row in hidden:
        row["name"] = f"昌吉天工轴承{chance.choice(['轴承轴承', '风电主轴', '制造'])}有限公司"
        world.add("exclusion", enterprise_id=row["id"], owner=row["owner"], organisation_id=fund["id"], principal=fund["principal"],
                  made_at=world.now, ended_at=None)  # fmt: skip
    return len(hidden)


@pytest.mark.parametrize("seed", range(2))
def test_hidden_documents_move_nothing(stage: Stage, seed: int) -> None:
    chance = Random(seed)
    world = draw(chance, stage.now, crowded=True)
    assert _hide(world, chance) > 10
    stage.set(world, "fund")
    lists = [f"/enterprises?scope={scope}&sort={sort}&q={quote(text)}" for text in TEXTS for sort in SORTS for scope in ("", "all")]
    found = chance.sample(lists, 16) + [f"/enterprises/suggest?q={quote(text)}" for text in TEXTS]
    stage.hold("fund", [Ask("search", path) for path in found])
