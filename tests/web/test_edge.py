"""The edge: headers, errors as pages and as problem+json, CSRF, health, the database down, no traceback and no secret anywhere."""

import json
import re
from collections.abc import Iterator

import pytest
import structlog
from flask import Flask
from sqlalchemy import create_engine, text
from structlog.testing import capture_logs

from portal.config import MissingSetting, Settings, load_settings
from portal.core.connect import Urls
from portal.core.context import Context
from portal.core.db import Database, UnsafeRole
from portal.core.errors import Conflict, Expired, Invalid, NotAllowed, NotFound
from portal.web.guards import public
from portal.web.logs import configure_logs
from portal.wiring import NAVIGATION, create_app
from tests.pages import InspectingClient, client, inspect


@pytest.fixture
def app(context: Context) -> Flask:
    """A portal with views that go wrong in every way."""
    app = create_app(context)
    errors = {"absent": NotFound, "forbidden": NotAllowed, "moved": Conflict, "over": Expired, "bad": Invalid}
    for name, error in errors.items():

        @public
        def fail(error: type = error) -> str:
            raise error("第 3 行的密码是 hunter2hunter2。")

        app.add_url_rule(f"/fail/{name}", f"fail_{name}", fail)

    @public
    def accident() -> str:
        secret = "content-of-a-document"
        raise RuntimeError("boom " + str(len(secret)))

    app.add_url_rule("/fail/accident", "fail_accident", accident)
    return app


@pytest.fixture
def browser_client(app: Flask) -> InspectingClient:
    return client(app)


@pytest.mark.parametrize(("name", "status"), [("absent", 404), ("forbidden", 403), ("moved", 409), ("over", 410), ("bad", 400), ("accident", 500)])
def test_each_error_is_a_page_with_a_way_back_and_a_reference(browser_client: InspectingClient, name: str, status: int) -> None:
    answer = browser_client.get(f"/fail/{name}")
    assert answer.status_code == status
    page = inspect(answer.text)
    assert page.xpath("//main//a[@href]"), "a way back"
    assert answer.headers["X-Request-Id"] in answer.text
    assert "Traceback" not in answer.text
    assert "RuntimeError" not in answer.text


@pytest.mark.parametrize(("name", "status"), [("absent", 404), ("bad", 400), ("accident", 500)])
def test_each_error_is_problem_json_for_programs(app: Flask, name: str, status: int) -> None:
    answer = app.test_client().get(f"/fail/{name}", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert {"type", "title", "status", "detail", "instance"} <= set(answer.json)


def test_absent_says_one_sentence_whatever_the_service_said(browser_client: InspectingClient) -> None:
    def bare(address: str) -> str:
        return re.sub(r"[0-9a-z]{16}", "", browser_client.get(address).text)

    assert bare("/fail/absent") == bare("/no/such/address")
    assert "hunter2" not in bare("/fail/absent")


def test_logs_hold_the_request_and_no_content(app: Flask) -> None:
    with capture_logs() as lines:
        app.test_client().get("/fail/accident?token=s3cret-in-address", headers={"Cookie": "portal=s3cret-cookie"})
        app.test_client().post("/sign-in", data={"username": "x", "password": "s3cret-password"})
    text_of_logs = json.dumps(lines, default=str, ensure_ascii=False)
    assert "request.failed" in text_of_logs
    assert "s3cret" not in text_of_logs


def test_an_exception_is_logged_by_kind_and_place_without_its_message(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    try:
        raise ValueError("第三季度营业收入 11,240 万元")
    except ValueError:
        structlog.get_logger().error("request.failed", exc_info=True)
    finally:
        structlog.reset_defaults()
    line = json.loads(capsys.readouterr().err.strip().splitlines()[-1])
    assert line["exception"][0]["kind"] == "ValueError"
    assert "test_edge.py" in line["exception"][0]["at"][-1]
    assert "11,240" not in json.dumps(line, ensure_ascii=False)


def test_security_headers_on_every_answer(app: Flask) -> None:
    for address in ("/sign-in", "/healthz", "/fail/absent", "/static/css/tokens.css"):
        headers = app.test_client().get(address).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
    assert app.test_client().get("/sign-in").headers["Cache-Control"] == "no-store"


def test_static_texts_are_packed_and_kept(app: Flask) -> None:
    browser = app.test_client()
    packed = browser.get("/static/css/components.css?v=1", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "immutable" in packed.headers["Cache-Control"]
    assert "Content-Encoding" not in browser.get("/static/css/components.css", headers={"Accept-Encoding": "identity"}).headers
    assert browser.get("/static/../wsgi.py").status_code == 404


def test_a_form_without_csrf_is_refused_with_a_sentence(app: Flask) -> None:
    answer = app.test_client().post("/sign-in", data={"username": "a", "password": "b"})
    assert answer.status_code == 400
    assert "表单没有提交" in answer.text


def test_health_names_each_part(app: Flask, context: Context) -> None:
    browser = app.test_client()
    assert browser.get("/healthz").json == {"status": "ok"}
    ready = browser.get("/readyz")
    assert set(ready.json["parts"]) == {"database", "search", "jobs", "files"}
    assert ready.json["parts"]["database"] == "ok"
    assert ready.json["parts"]["files"] == "ok"
    assert ready.json["parts"]["jobs"] == "no worker"
    assert ready.status_code == 503


def test_metrics_are_for_this_machine_and_name_no_address(app: Flask) -> None:
    browser = app.test_client()
    browser.get("/fail/absent")
    here = browser.get("/metrics")
    assert "portal_requests_total" in here.text
    assert "/fail/absent" not in here.text
    assert browser.get("/metrics", environ_overrides={"REMOTE_ADDR": "203.0.113.9"}).status_code == 404


@pytest.fixture
def broken(context: Context) -> Iterator[Flask]:
    """A portal whose database goes away after the start."""
    database = Database(app=create_engine(context.urls.app), system=create_engine(context.urls.system))
    app = create_app(Context(settings=context.settings, urls=context.urls, database=database, parts=context.parts))
    gone = create_engine("postgresql+psycopg://portal_app@/portal?host=/nonexistent")
    object.__setattr__(database, "app", gone)
    yield app
    database.dispose()


def test_the_database_down_is_a_page_that_depends_on_nothing(broken: Flask) -> None:
    answer = broken.test_client().get("/sign-in")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"
    assert "<h1" in answer.text
    assert "Traceback" not in answer.text
    assert broken.test_client().get("/readyz").json["parts"]["database"].startswith("unavailable")
    assert broken.test_client().get("/healthz").status_code == 200


def test_the_start_is_refused_for_a_role_that_could_pass_the_policies(context: Context, urls: Urls) -> None:
    for url in (urls.admin, urls.owner):
        engine = create_engine(url or "")
        unsafe = Context(settings=context.settings, urls=urls, database=Database(app=engine, system=engine), parts=context.parts)
        with pytest.raises(UnsafeRole, match="portal_app"):
            create_app(unsafe)
        engine.dispose()


def test_the_app_role_can_neither_bypass_nor_change_the_schema(database: Database) -> None:
    with database.app.connect() as connection, pytest.raises(Exception, match="permission denied|must be owner"):
        connection.execute(text("alter table portal.access_grant disable row level security"))


def test_a_missing_setting_is_named(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PORTAL_SECRET_KEY", "PORTAL_PASSWORD_SALT", "PORTAL_MASTER_KEY", "PORTAL_SEAL_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(MissingSetting, match="PORTAL_SECRET_KEY"):
        load_settings(tmp_path / "absent.env")  # type: ignore[operator]


def test_no_secret_is_built_in() -> None:
    fields = Settings.model_fields
    for name in ("portal_secret_key", "portal_password_salt", "portal_master_key", "portal_seal_key"):
        assert fields[name].is_required()
    assert fields["portal_demo_password"].default is None


def test_navigation_leads_to_pages_that_exist(portal_app: Flask) -> None:
    endpoints = {rule.endpoint for rule in portal_app.url_map.iter_rules()}
    assert {item.endpoint for item in NAVIGATION} <= endpoints


