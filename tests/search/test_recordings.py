"""The strict local server against what a real Meilisearch 1.50 answered: same status, same error codes, same fields.

The recorded requests are sent in their order to one server; keys, tokens and task numbers are put in place of the placeholders.
What the local server does not play is listed by name, so that the list cannot grow unseen.
"""

import base64
import hashlib
import hmac
import json
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.search.meili_server import MASTER_KEY, Server, running

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "meilisearch"
FILES = ["01-server", "02-index", "03-settings", "04-documents", "05-search", "06-search-refused", "07-keys-and-tenant-tokens",
         "08-swap-and-rebuild", "09-tasks"]
NOT_PLAYED = {
    "05-search": ["distinct", "attributesToCrop", "attributesToCrop", "federation"],
    "09-tasks": ["GET /batches?limit=1", "POST /tasks/cancel?statuses=enqueued%2Cprocessing", "GET /tasks/45",
                 "DELETE /tasks?statuses=succeeded", "GET /tasks/46", "GET /tasks/46"],
}
# Under these names the keys are data, not fields.
DATA = {"indexes", "fieldDistribution", "facetDistribution", "synonyms", "details", "error", "sortFacetValuesBy"}
TOKEN_RULES = {
    "TENANT_TOKEN_public_and_qualified": {"enterprises": {"filter": 'readers IN ["public", "qualified"]'}},
    "TENANT_TOKEN_org_2": {"enterprises": {"filter": 'readers = "org:2"'}},
    "TENANT_TOKEN_other_index": {"other": {}},
    "TENANT_TOKEN_bad_filter": {"enterprises": {"filter": "secret = 1"}},
    "TENANT_TOKEN_tampered": {"enterprises": {}},
    "TENANT_TOKEN_expired": {"enterprises": {}},
}


def fields(value: Any, name: str = "") -> Any:
    """The shape of an answer: names of fields down to the leaves, the first member of a list for all."""
    if isinstance(value, dict):
        return {k: fields(v, k) for k, v in sorted(value.items())} if name not in DATA else "data"
    if isinstance(value, list):
        return [fields(value[0])] if value and isinstance(value[0], dict) and name != "hits" else "list"
    return "data" if name in DATA else "value"


def _encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(value if isinstance(value, bytes) else json.dumps(value).encode()).decode().rstrip("=")


class Replay:
    """Sends recorded requests and notes where the answers part."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.tasks: dict[int, int] = {}
        self.keys: dict[str, dict[str, Any]] = {}
        self.sent = 0
        self.wrong: dict[str, list[str]] = defaultdict(list)
        self.not_played: dict[str, list[str]] = defaultdict(list)

    def file(self, name: str) -> None:
        for line in (FOLDER / f"{name}.jsonl").read_text().splitlines():
            exchange = json.loads(line)
            self.exchange(name, exchange["request"], exchange["answer"])

    def authorization(self, recorded: str | None) -> str | None:
        if recorded is None:
            return None
        word = recorded.removeprefix("Bearer ").strip("<>")
        key = next(iter(self.keys.values()), {"key": "none", "uid": "none"})
        if word in TOKEN_RULES:
            expiry = time.time() + (-1 if word.endswith("expired") else 60)
            payload = {"searchRules": TOKEN_RULES[word], "apiKeyUid": key["uid"], "exp": int(expiry)}
            signed = f"{_encoded({'typ': 'JWT', 'alg': 'HS256'})}.{_encoded(payload)}"
            secret = "another" if word.endswith("tampered") else key["key"]
            return f"Bearer {signed}.{_encoded(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())}"
        return "Bearer " + {"MASTER_KEY": MASTER_KEY, "SEARCH_KEY": key["key"]}.get(word, word)

    def send(self, request: dict[str, Any]) -> requests.Response:
        path, body = request["path"], request["body"]
        start, _, last = path.rpartition("/")
        if start == "/tasks" and last.isdigit():
            path = f"/tasks/{self.tasks.get(int(last), 999_999)}"
        elif last in self.keys:
            path = f"{start}/{self.keys[last]['uid']}"
        headers = {"Authorization": self.authorization(request["authorization"]), "Content-Type": request["content_type"]}
        if isinstance(body, list):
            body = [item for item in body if not isinstance(item, str)]
        data = body if isinstance(body, str) else json.dumps(body)
        return requests.request(request["method"], self.server.url + path, data=data.encode(),
                                headers={k: v for k, v in headers.items() if v}, timeout=10)

    def exchange(self, name: str, request: dict[str, Any], recorded: dict[str, Any]) -> None:
        self.sent += 1
        got, body = self.send(request), recorded["body"]
        if request["path"].startswith("/tasks/") and body.get("status") in ("succeeded", "failed"):
            # The recording keeps the first and the last poll; the local server is done at the second look at the latest.
            for _ in range(2):
                if got.ok and got.json()["status"] in ("enqueued", "processing"):
                    got = self.send(request)
        what = f"{request['method']} {request['path']}"
        mine = got.json() if got.content else None
        if got.status_code == 501:
            self.not_played[name].append(mine["message"])
            return
        if got.status_code == 404 and recorded["status"] == 200:
            self.not_played[name].append(what)
            return
        self.compare(name, what, got, mine, recorded)
        if isinstance(body, dict) and "taskUid" in body and mine:
            self.tasks[body["taskUid"]] = mine["taskUid"]
        if request["method"] == "POST" and request["path"] == "/keys" and recorded["status"] == 201:
            self.keys[body["uid"]] = mine

    def compare(self, name: str, what: str, got: requests.Response, mine: Any, recorded: dict[str, Any]) -> None:
        theirs = recorded["body"]
        if got.status_code != recorded["status"]:
            self.wrong[name].append(f"{what}: {got.status_code} is not {recorded['status']} ({mine})")
        elif fields(mine) != fields(theirs):
            self.wrong[name].append(f"{what}: fields {fields(mine)} are not {fields(theirs)}")
        elif isinstance(mine, dict):
            for field in ("code", "type", "status"):
                if mine.get(field) != theirs.get(field):
                    self.wrong[name].append(f"{what}: {field} {mine.get(field)} is not {theirs.get(field)}")
            mine_error, their_error = mine.get("error") or {}, theirs.get("error") or {}
            if mine_error.get("code") != their_error.get("code") or set(mine_error) != set(their_error):
                self.wrong[name].append(f"{what}: error {mine_error} is not {their_error}")
            if "uid" in mine and "type" in mine and set(mine["details"] or {}) != set(theirs["details"] or {}):
                self.wrong[name].append(f"{what}: details {mine['details']} are not {theirs['details']}")
        if recorded["content_type"] and not got.headers.get("Content-Type", "").startswith(recorded["content_type"]):
            self.wrong[name].append(f"{what}: content type {got.headers.get('Content-Type')}")


pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the recordings are not at {FOLDER.name} beside the repository")


@pytest.fixture(scope="module")
def replay() -> Iterator[Replay]:
    with running() as server:
        replay = Replay(server)
        for name in FILES:
            replay.file(name)
        yield replay


@pytest.mark.parametrize("name", FILES)
def test_the_local_server_answers_as_the_real_one(replay: Replay, name: str) -> None:
    assert replay.wrong[name] == []
    assert replay.not_played[name] == NOT_PLAYED.get(name, [])


def test_the_comparison_can_fail(replay: Replay) -> None:
    line = (FOLDER / "06-search-refused.jsonl").read_text().splitlines()[0]
    exchange = json.loads(line)
    for change in ({"status": 200}, {"body": exchange["answer"]["body"] | {"code": "another"}}, {"body": {"message": ""}},
                   {"content_type": "text/html"}):
        before = len(replay.wrong["planted"])
        replay.exchange("planted", exchange["request"], exchange["answer"] | change)
        assert len(replay.wrong["planted"]) > before, change


def test_every_recording_is_replayed(replay: Replay) -> None:
    assert sorted(p.stem for p in FOLDER.glob("*.jsonl")) == FILES
    assert replay.sent >= sum(len(p.read_text().splitlines()) for p in FOLDER.glob("*.jsonl")) > 140
