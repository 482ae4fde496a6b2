"""Figures of the machine are for the machine."""

import pytest
from flask import Flask


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
def test_whoever_comes_through_a_proxy_on_this_machine_is_not_on_it(portal_app: Flask, header: str) -> None:
    browser = portal_app.test_client()
    assert browser.get("/metrics").status_code == 200
    assert browser.get("/metrics", headers={header: "192.0.2.7"}).status_code == 404
    assert browser.get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 404
