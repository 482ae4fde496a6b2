"""What of Flask-Security-Too is served, and what it must not drag in."""

import subprocess
import sys
from typing import Any

import pytest
from flask import Flask

from portal.accounts import security
from portal.web.guards import UndeclaredAccess
from tests.accounts.conftest import build, statements


def test_the_librarys_endpoints_are_exactly_those_on_the_list(app: Flask) -> None:
    served = {rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint.startswith("security.")}
    assert served == set(security.ENDPOINTS)
    paths = {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("security.")}
    assert paths == {"/sign-in", "/sign-out", "/account/password", "/account/recovery", "/account/recovery/<token>"}


@pytest.mark.parametrize("name", ["SECURITY_REGISTERABLE", "SECURITY_CONFIRMABLE", "SECURITY_CHANGE_EMAIL", "SECURITY_REFRESH_TOKEN"])
def test_any_other_endpoint_stops_the_start(settings: Any, database: Any, monkeypatch: Any, name: str) -> None:
    monkeypatch.setitem(security.SETTINGS, name, True)
    with pytest.raises((UndeclaredAccess, ValueError)):
        build(settings, database)


def test_an_endpoint_that_is_gone_stops_the_start(settings: Any, database: Any, monkeypatch: Any) -> None:
    monkeypatch.setitem(security.SETTINGS, "SECURITY_CHANGEABLE", False)
    with pytest.raises(UndeclaredAccess, match="security.change_password"):
        build(settings, database)


def test_no_sms_or_phone_library_is_asked_for() -> None:
    code = (
        "import sys, portal.accounts.security;"
        "bad = {'phonenumbers', 'twilio', 'webauthn', 'zxcvbn', 'flask_mailman', 'flask_mail'} & set(sys.modules);"
        "sys.exit(', '.join(sorted(bad)) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_page_of_the_library_is_a_template_of_ours(app: Flask) -> None:
    for name in ("LOGIN_USER", "FORGOT_PASSWORD", "RESET_PASSWORD", "CHANGE_PASSWORD"):
        template = app.jinja_env.get_or_select_template(app.config[f"SECURITY_{name}_TEMPLATE"])
        assert template.filename.startswith(app.template_folder)
    for name in ("PASSWORD_RESET", "PASSWORD_RESET_NOTICE", "PASSWORD_CHANGE_NOTICE"):
        template = app.jinja_env.get_or_select_template(app.config[f"SECURITY_EMAIL_TEMPLATE_{name}"] + ".txt")
        assert template.filename.startswith(app.template_folder)


def test_static_files_and_health_touch_no_database_for_somebody_signed_in(make_user: Any, open_browser: Any, database: Any) -> None:
    here = open_browser()
    here.sign_in(make_user().username)
    assert statements(database, lambda: here.get("/static/css/tokens.css")) == 0
    assert statements(database, lambda: here.get("/healthz")) == 0


def test_a_page_loads_its_reader_with_one_statement(make_user: Any, open_browser: Any, database: Any) -> None:
    here = open_browser()
    here.sign_in(make_user().username)
    # the reader, and then the reader's principals for the transaction
    assert statements(database, here.who) == 2
