"""Every surface stands in the table: a new one is added in the commit that makes it, or the tests fail."""

from flask import Flask

from portal.web.guards import public
from tests.surfaces.conftest import Stage
from tests.surfaces.table import EXEMPT, POSTS, SURFACES


def missing(app: Flask) -> set[str]:
    """Endpoints that answer GET and are neither asked for nor exempt, and those that are and do not exist."""
    served = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    return served ^ (set(SURFACES) | set(EXEMPT))


def test_every_address_that_can_be_read_is_a_surface_or_exempt(stage: Stage) -> None:
    assert not missing(stage.whole.app)
    assert not set(SURFACES) & set(EXEMPT)
    assert all(EXEMPT.values())


def test_every_act_on_something_named_is_posted_to(stage: Stage) -> None:
    """`security.reset_password` names a secret letter, not a thing."""
    acting = {rule.endpoint for rule in stage.whole.app.url_map.iter_rules() if "POST" in (rule.methods or ()) and rule.arguments}
    assert acting - {"security.reset_password"} == set(POSTS)


def test_a_new_surface_is_noticed() -> None:
    app = Flask("other")
    app.add_url_rule("/new-list", "feature.new_list", public(lambda: ""))
    assert "feature.new_list" in missing(app)
