"""A strict Meilisearch on 127.0.0.1 for the tests: it refuses what the real one refuses and answers as the recordings say.

`with running() as server:` gives `server.url`, `server.key`, `server.state`, `server.requests` (method, path, headers, body of
every call) and `server.faults`, a list of faults that the next matching requests meet.
"""

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.search.meili_search import check_fields, facet_search, multi_search, search
from tests.search.meili_state import ACTIONS, DEFAULTS, Refused, State

MASTER_KEY = "master-key-of-the-local-server"
RULES = ["words", "typo", "sort", "proximity", "attribute", "attributeRank", "wordPosition", "exactness"]
SETTING_TYPES: dict[str, type] = {"displayedAttributes": list, "searchableAttributes": list, "filterableAttributes": list,
                                  "sortableAttributes": list, "rankingRules": list, "stopWords": list, "synonyms": dict,
                                  "typoTolerance": dict, "faceting": dict, "pagination": dict, "localizedAttributes": list}


@dataclass
class Fault:
    """`kind`: slow (seconds), status (that status, empty body), drop (closed at once), cut (closed in the body), garbage."""

    kind: str
    path: str = ""
    seconds: float = 0.0
    status: int = 500
    times: int = 1


@dataclass
class Server:
    url: str
    state: State
    key: str = MASTER_KEY
    requests: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)


@dataclass
class Call:
    """One request, read and parsed."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    raw: bytes

    def body(self, accepted: tuple[str, ...] = ("application/json",)) -> Any:
        kind = self.headers.get("content-type")
        if kind is None or kind.split(";")[0] not in accepted:
            listed = ", ".join(f"`{a}`" for a in accepted)
            raise Refused(415, "invalid_content_type" if kind else "missing_content_type",
                          f"The Content-Type `{kind}` is invalid. Accepted values for the Content-Type header are: {listed}")
        try:
            if kind.startswith("application/x-ndjson"):
                return [json.loads(line) for line in self.raw.decode().splitlines() if line.strip()]
            return json.loads(self.raw)
        except ValueError as error:
            raise Refused(400, "malformed_payload", f"The json payload provided is malformed. `{error}`.") from error


def _documents(call: Call) -> list[dict[str, Any]]:
    body = call.body(("application/json", "application/x-ndjson", "text/csv"))
    body = [body] if isinstance(body, dict) else body
    if not isinstance(body, list) or not all(isinstance(d, dict) for d in body):
        raise Refused(400, "malformed_payload", "The `json` payload provided is malformed.")
    return body


def _settings(call: Call) -> dict[str, Any]:
    body = check_fields(call.body(), [*DEFAULTS, "foreignKeys", "chat"])
    for name, value in body.items():
        code = "invalid_settings_" + re.sub(r"([A-Z])", r"_\1", name).lower()
        if name in SETTING_TYPES and not isinstance(value, SETTING_TYPES[name]):
            raise Refused(400, code, f"Invalid value type at `.{name}`")
    for place, rule in enumerate(body.get("rankingRules", [])):
        if rule not in RULES and not re.fullmatch(r"[\w.-]+:(asc|desc)", rule):
            raise Refused(400, "invalid_settings_ranking_rules", f"Invalid value at `.rankingRules[{place}]`: `{rule}`")
    return body


def _new_key(call: Call) -> dict[str, Any]:
    body = check_fields(call.body(), ["name", "description", "uid", "actions", "indexes", "expiresAt"])
    for name in ("actions", "indexes", "expiresAt"):
        if name not in body:
            code = "expires_at" if name == "expiresAt" else name
            raise Refused(400, f"missing_api_key_{code}", f"Missing field `{name}`")
    if not set(body["actions"]) <= ACTIONS:
        raise Refused(400, "invalid_api_key_actions", "Unknown value at `.actions[0]`")
    return body


class Routes:
    """Method and path to an answer; each route names the right it needs before it reads the body."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.state = server.state

    def answer(self, call: Call) -> tuple[int, Any]:
        parts = call.path.strip("/").split("/")
        match (call.method, *parts):
            case ("GET", "health"):
                return 200, {"status": "available"}
            case ("GET", "version"):
                self.may(call, "version")
                return 200, {"commitSha": "unknown", "commitDate": "unknown", "pkgVersion": "1.50.0"}
            case ("GET", "stats"):
                self.may(call, "stats.get")
                indexes = {uid: self.stats(uid) for uid in self.state.indexes}
                return 200, {"databaseSize": 1, "usedDatabaseSize": 1, "lastUpdate": None, "indexes": indexes}
            case ("POST", "multi-search"):
                body = call.body()
                queries = body.get("queries", []) if isinstance(body, dict) else []
                return 200, multi_search(self.state, body, {q["indexUid"]: self.may(call, "search", q["indexUid"]) for q in queries})
            case ("POST", "swap-indexes"):
                self.may(call, "indexes.swap")
                return 202, self.state.swap([check_fields(s, ["indexes", "rename"])["indexes"] for s in call.body()])
            case (_, "indexes", *rest):
                return self.indexes(call, rest)
            case (_, "keys", *rest):
                return self.keys(call, rest)
            case (_, "tasks", *rest):
                return self.tasks(call, rest)
        return 404, None

    def may(self, call: Call, action: str, uid: str | None = None) -> dict[str, Any]:
        return self.state.may(call.headers.get("authorization"), action, uid)

    def stats(self, uid: str) -> dict[str, Any]:
        documents = self.state.index(uid).documents.values()
        names = {n for d in documents for n in d}
        return {"numberOfDocuments": len(documents), "rawDocumentDbSize": 1, "avgDocumentSize": 1, "isIndexing": False,
                "numberOfEmbeddings": 0, "numberOfEmbeddedDocuments": 0,
                "fieldDistribution": {n: sum(n in d for d in documents) for n in sorted(names)}}

    def shown(self, uid: str) -> dict[str, Any]:
        index = self.state.index(uid)
        return {"uid": uid, "createdAt": index.created, "updatedAt": index.updated, "primaryKey": index.primary_key}

    def indexes(self, call: Call, rest: list[str]) -> tuple[int, Any]:
        state = self.state
        match (call.method, *rest):
            case ("GET",):
                self.may(call, "indexes.get")
                limit = int(call.query.get("limit", 20))
                found = [self.shown(uid) for uid in sorted(state.indexes)]
                return 200, {"results": found[:limit], "offset": 0, "limit": limit, "total": len(found)}
            case ("POST",):
                self.may(call, "indexes.create")
                body = check_fields(call.body(), ["uid", "primaryKey"])
                return 202, state.create(body["uid"], body.get("primaryKey"))
            case ("GET", uid):
                self.may(call, "indexes.get", uid)
                return 200, self.shown(uid)
            case ("DELETE", uid):
                self.may(call, "indexes.delete", uid)
                return 202, state.drop(uid)
            case ("GET", uid, "stats"):
                self.may(call, "stats.get", uid)
                return 200, self.stats(uid)
            case (method, uid, "settings"):
                self.may(call, "settings.get" if method == "GET" else "settings.update", uid)
                if method == "GET":
                    return 200, state.index(uid).settings
                return 202, state.reset_settings(uid) if method == "DELETE" else state.set_settings(uid, _settings(call))
            case ("POST", uid, "search"):
                rule = self.may(call, "search", uid)
                return 200, search(state, uid, call.body(), rule)
            case ("POST", uid, "facet-search"):
                rule = self.may(call, "search", uid)
                return 200, facet_search(state, uid, call.body(), rule)
            case (_, uid, "documents", *more):
                return self.documents(call, uid, more)
        return 404, None

    def documents(self, call: Call, uid: str, more: list[str]) -> tuple[int, Any]:
        state = self.state
        match (call.method, *more):
            case ("POST" | "PUT",):
                self.may(call, "documents.add", uid)
                return 202, state.add(uid, _documents(call), merge=call.method == "PUT")
            case ("POST", "fetch"):
                self.may(call, "documents.get", uid)
                body = check_fields(call.body(), ["offset", "limit", "fields", "filter", "retrieveVectors", "ids", "sort"])
                offset, limit = body.get("offset", 0), body.get("limit", 20)
                all_of_them = list(state.index(uid).documents.values())
                fields = body.get("fields")
                page = [{k: v for k, v in d.items() if not fields or k in fields} for d in all_of_them[offset:offset + limit]]
                return 200, {"results": page, "offset": offset, "limit": limit, "total": len(all_of_them)}
            case ("POST", "delete"):
                self.may(call, "documents.delete", uid)
                return 202, state.delete_by(uid, check_fields(call.body(), ["filter"])["filter"])
            case ("GET", id):
                self.may(call, "documents.get", uid)
                if id not in state.index(uid).documents:
                    raise Refused(404, "document_not_found", f"Document `{id}` not found.")
                return 200, state.index(uid).documents[id]
            case ("DELETE", id):
                self.may(call, "documents.delete", uid)
                return 202, state.delete_one(uid, id)
        return 404, None

    def keys(self, call: Call, rest: list[str]) -> tuple[int, Any]:
        keys = self.state.keys
        match (call.method, *rest):
            case ("POST",):
                self.may(call, "keys.create")
                return 201, self.state.new_key(_new_key(call))
            case ("GET",):
                self.may(call, "keys.get")
                limit = int(call.query.get("limit", 20))
                return 200, {"results": list(keys.values())[:limit], "offset": 0, "limit": limit, "total": len(keys)}
            case (method, uid):
                self.may(call, {"GET": "keys.get", "PATCH": "keys.update"}.get(method, "keys.delete"))
                if uid not in keys:
                    raise Refused(404, "api_key_not_found", f"API key `{uid}` not found.")
                if method == "DELETE":
                    del keys[uid]
                    return 204, None
                if method == "PATCH":
                    keys[uid] |= check_fields(call.body(), ["name", "description"])
                return 200, keys[uid]
        return 404, None

    def tasks(self, call: Call, rest: list[str]) -> tuple[int, Any]:
        if call.method != "GET":
            return 404, None
        self.may(call, "tasks.get")
        if rest:
            return 200, self.state.look(int(rest[0]))
        self.state.settle()
        statuses = call.query.get("statuses", "").split(",") if "statuses" in call.query else None
        found = [t for t in reversed(self.state.tasks.values()) if not statuses or t["status"] in statuses]
        limit = int(call.query.get("limit", 20))
        after = found[limit]["uid"] if len(found) > limit else None
        return 200, {"results": found[:limit], "total": len(found), "limit": limit,
                     "from": found[0]["uid"] if found else None, "next": after}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    played: Server

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def _serve(self) -> None:
        server = self.played
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        split = urlsplit(self.path)
        headers = {k.lower(): v for k, v in self.headers.items()}
        call = Call(self.command, split.path, {k: v[0] for k, v in parse_qs(split.query).items()}, headers, raw)
        with server.lock:
            server.requests.append((call.method, self.path, headers, _quietly(raw)))
            fault = next((f for f in server.faults if self.path.startswith(f.path)), None)
            if fault:
                fault.times -= 1
                if not fault.times:
                    server.faults.remove(fault)
        if fault and self._fault(fault):
            return
        try:
            with server.lock:
                status, body = Routes(server).answer(call)
                text = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        except Refused as refused:
            status, text = refused.status, json.dumps(refused.body).encode()
        self._send(status, text)

    def _send(self, status: int, text: bytes, promised: int | None = None) -> None:
        self.send_response(status)
        if text:
            self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(promised or len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _fault(self, fault: Fault) -> bool:
        """Play a fault; False when the answer follows after all."""
        if fault.kind == "slow":
            time.sleep(fault.seconds)
            return False
        if fault.kind == "status":
            self._send(fault.status, b"")
        elif fault.kind == "garbage":
            self._send(200, b"<html>a proxy was here</html>")
        else:
            if fault.kind == "cut":
                self._send(200, b'{"results": [', promised=4_000)
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        return True

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve


def _quietly(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is what the fault tests want."""


@contextmanager
def running() -> Iterator[Server]:
    """A server on a free port for as long as the block runs."""
    handler = type("Handler", (_Handler,), {})
    http = _Http(("127.0.0.1", 0), handler)
    server = Server(f"http://127.0.0.1:{http.server_port}", State(MASTER_KEY))
    handler.played = server
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join(5)
