"""What no database text can hold is an answer like any other, never an accident."""

import pytest
from flask import Flask, request
from sqlalchemy import text

from portal.core.context import Context
from portal.web.edge import current_db
from portal.web.guards import public
from portal.wiring import create_app
from tests.pages import InspectingClient, client


@pytest.fixture
def browser(context: Context) -> InspectingClient:
    """A portal with a page that asks the database for what stands in its address."""
    app: Flask = create_app(context)

    @public
    def asked(name: str) -> str:
        wanted = request.values.get("q", name)
        return str(current_db().scalar(text("select cast(:wanted as text)"), {"wanted": wanted}))

    app.add_url_rule("/asked/<name>", "asked", asked)
    return client(app)


def test_an_address_with_nul_is_one_that_is_not_there(browser: InspectingClient) -> None:
    assert browser.get("/asked/a").text == "a"
    answer = browser.get("/asked/a%00b")
    assert (answer.status_code, "这里没有你能看的内容" in answer.text) == (404, True)


def test_typed_text_with_nul_is_refused_with_a_sentence(browser: InspectingClient) -> None:
    answer = browser.get("/asked/a?q=a%00b")
    assert answer.status_code == 400 and "不能保存的字符" in answer.text
