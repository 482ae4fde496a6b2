"""What the strict local server keeps: indexes, keys, and a queue of tasks that change nothing until someone waits for them.

A task is `enqueued` when the call answers, `processing` at the first look, done at the second. So an engine that does not wait
for its tasks finds nothing of what it wrote.
"""

import base64
import copy
import hashlib
import hmac
import json
import re
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from tests.search.meili_filter import FilterRefused, read_any
from tests.search.meili_index import Index

LINK = "https://docs.meilisearch.com/errors#"
DEFAULTS: dict[str, Any] = {
    "displayedAttributes": ["*"], "searchableAttributes": ["*"], "filterableAttributes": [], "sortableAttributes": [],
    "rankingRules": ["words", "typo", "proximity", "attributeRank", "sort", "wordPosition", "exactness"], "stopWords": [],
    "nonSeparatorTokens": [], "separatorTokens": [], "dictionary": [], "synonyms": {}, "distinctAttribute": None,
    "proximityPrecision": "byWord",
    "typoTolerance": {"enabled": True, "minWordSizeForTypos": {"oneTypo": 5, "twoTypos": 9}, "disableOnWords": [],
                      "disableOnAttributes": [], "disableOnNumbers": False},
    "faceting": {"maxValuesPerFacet": 100, "sortFacetValuesBy": {"*": "alpha"}}, "pagination": {"maxTotalHits": 1000},
    "embedders": {}, "searchCutoffMs": None, "localizedAttributes": None, "facetSearch": True, "prefixSearch": "indexingTime",
}
RESET_DETAILS = ["filterableAttributes", "sortableAttributes", "foreignKeys", "rankingRules", "stopWords", "nonSeparatorTokens",
                 "separatorTokens", "dictionary", "synonyms", "distinctAttribute", "proximityPrecision", "typoTolerance",
                 "faceting", "pagination", "embedders", "searchCutoffMs", "localizedAttributes", "facetSearch", "prefixSearch",
                 "chat"]
ACTIONS = {"*", "search", "documents.add", "documents.get", "documents.delete", "documents.*", "indexes.create", "indexes.get",
           "indexes.delete", "indexes.swap", "indexes.*", "tasks.get", "tasks.*", "settings.get", "settings.update",
           "settings.*", "stats.get", "version", "keys.create", "keys.get", "keys.update", "keys.delete"}


class Refused(Exception):
    """An answer with an error status."""

    def __init__(self, status: int, code: str, message: str, kind: str = "invalid_request") -> None:
        super().__init__(message)
        self.status = status
        self.body = error_body(code, message, kind)


def error_body(code: str, message: str, kind: str = "invalid_request") -> dict[str, str]:
    return {"message": message, "code": code, "type": kind, "link": LINK + code}


def invalid_key(message: str = "The provided API key is invalid.") -> Refused:
    return Refused(403, "invalid_api_key", message, "auth")


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class State:
    def __init__(self, master_key: str) -> None:
        self.master_key = master_key
        self.indexes: dict[str, Index] = {}
        self.tasks: dict[int, dict[str, Any]] = {}
        self.work: dict[int, Callable[[dict[str, Any]], None]] = {}
        self.next_task = 0
        self.fail_next: dict[str, str] = {}
        self.stuck = False
        self.lose_last = False
        self.keys: dict[str, dict[str, Any]] = {}
        self.new_key({"name": "Default Search API Key", "description": "Use it to search from the frontend",
                      "actions": ["search"], "indexes": ["*"], "expiresAt": None})

    # tasks

    def enqueue(self, kind: str, uid: str | None, details: dict[str, Any] | None, work: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        number, self.next_task = self.next_task, self.next_task + 1
        self.tasks[number] = {"uid": number, "batchUid": None, "indexUid": uid, "status": "enqueued", "type": kind, "canceledBy": None,
                              "details": details, "error": None, "duration": None, "enqueuedAt": now(), "startedAt": None,
                              "finishedAt": None}
        self.work[number] = work
        task = self.tasks[number]
        return {"taskUid": number, "indexUid": uid, "status": "enqueued", "type": kind, "enqueuedAt": task["enqueuedAt"]}

    def look(self, number: int) -> dict[str, Any]:
        """A task as it stands; looking moves it on, and the ones before it are done first."""
        if number not in self.tasks:
            raise Refused(404, "task_not_found", f"Task `{number}` not found.")
        if self.stuck:
            return self.tasks[number]
        for earlier in sorted(self.work):
            if earlier < number:
                self._run(earlier)
        task = self.tasks[number]
        if task["status"] == "enqueued":
            task |= {"status": "processing", "startedAt": now(), "batchUid": number}
        elif task["status"] == "processing":
            self._run(number)
        return task

    def settle(self) -> None:
        for number in sorted(self.work):
            self._run(number)

    def _run(self, number: int) -> None:
        task, work = self.tasks[number], self.work.pop(number, None)
        if work is None:
            return
        task |= {"startedAt": task["startedAt"] or now(), "batchUid": number}
        try:
            if (code := self.fail_next.pop(task["type"], None)) is not None:
                raise Refused(400, code, "Failed on purpose.")
            work(task)
            task["status"] = "succeeded"
        except Refused as refused:
            task |= {"status": "failed", "error": refused.body}
        task |= {"finishedAt": now(), "duration": "PT0.001S"}

    # indexes

    def index(self, uid: str) -> Index:
        if uid not in self.indexes:
            raise Refused(404, "index_not_found", f"Index `{uid}` not found.")
        return self.indexes[uid]

    def make(self, uid: str, primary_key: str | None) -> Index:
        self.indexes[uid] = Index(primary_key, copy.deepcopy(DEFAULTS), now())
        return self.indexes[uid]

    def create(self, uid: str, primary_key: str | None) -> dict[str, Any]:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,512}", uid):
            raise Refused(400, "invalid_index_uid", f"Invalid value at `.uid`: `{uid}` is not a valid index uid.")

        def work(task: dict[str, Any]) -> None:
            if uid in self.indexes:
                raise Refused(409, "index_already_exists", f"Index `{uid}` already exists.")
            self.make(uid, primary_key)
        return self.enqueue("indexCreation", uid, {"primaryKey": primary_key}, work)

    def drop(self, uid: str) -> dict[str, Any]:
        def work(task: dict[str, Any]) -> None:
            task["details"] = {"deletedDocuments": len(self.index(uid).documents)}
            del self.indexes[uid]
        return self.enqueue("indexDeletion", uid, {"deletedDocuments": 0}, work)

    def swap(self, pairs: list[list[str]]) -> dict[str, Any]:
        def work(task: dict[str, Any]) -> None:
            for uid in (u for pair in pairs for u in pair):
                self.index(uid)
            for one, other in pairs:
                self.indexes[one], self.indexes[other] = self.indexes[other], self.indexes[one]
        return self.enqueue("indexSwap", None, {"swaps": [{"indexes": p, "rename": False} for p in pairs]}, work)

    def set_settings(self, uid: str, body: dict[str, Any]) -> dict[str, Any]:
        def work(task: dict[str, Any]) -> None:
            index = self.indexes.get(uid) or self.make(uid, None)
            for name, value in body.items():
                old = index.settings[name]
                index.settings[name] = old | value if isinstance(old, dict) and name != "synonyms" else value
            index.changed()
        return self.enqueue("settingsUpdate", uid, body, work)

    def reset_settings(self, uid: str) -> dict[str, Any]:
        def work(task: dict[str, Any]) -> None:
            self.index(uid).settings = copy.deepcopy(DEFAULTS)
            self.index(uid).changed()
        details = {"displayedAttributes": ["*"], "searchableAttributes": ["*"]} | dict.fromkeys(RESET_DETAILS)
        return self.enqueue("settingsUpdate", uid, details, work)

    # documents

    def add(self, uid: str, documents: list[dict[str, Any]], merge: bool) -> dict[str, Any]:
        def work(task: dict[str, Any]) -> None:
            task["details"] = {"receivedDocuments": len(documents), "indexedDocuments": 0}
            # As the real server does: a write to an unknown index makes one, without any settings.
            index = self.indexes.get(uid) or self.make(uid, "id")
            primary = index.primary_key or "id"
            for document in documents:
                _check_id(document, primary)
            for document in documents[:-1] if self.lose_last and len(documents) > 1 else documents:
                id = str(document[primary])
                index.documents[id] = (index.documents.get(id, {}) | document) if merge else document
            index.changed()
            task["details"] = {"receivedDocuments": len(documents), "indexedDocuments": len(documents)}
        details = {"receivedDocuments": len(documents), "indexedDocuments": None}
        return self.enqueue("documentAdditionOrUpdate", uid, details, work)

    def delete_one(self, uid: str, id: str) -> dict[str, Any]:
        def work(task: dict[str, Any]) -> None:
            gone = self.index(uid).documents.pop(id, None) is not None
            self.index(uid).changed()
            task["details"] = {"providedIds": 1, "deletedDocuments": int(gone), "originalFilter": None}
        return self.enqueue("documentDeletion", uid, {"providedIds": 1, "deletedDocuments": None, "originalFilter": None}, work)

    def delete_by(self, uid: str, given: Any) -> dict[str, Any]:
        original = json.dumps(given, ensure_ascii=False)
        try:
            tree = read_any(given)
        except FilterRefused as refused:
            raise Refused(400, "invalid_document_filter", str(refused)) from refused

        def work(task: dict[str, Any]) -> None:
            task["details"] = {"providedIds": 0, "deletedDocuments": 0, "originalFilter": original}
            index = self.index(uid)
            try:
                gone = index.page(index.matching(tree), (), 0, len(index.documents))
            except FilterRefused as refused:
                raise Refused(400, "invalid_document_filter", f"Index `{uid}`: {refused}") from refused
            for document in gone:
                del index.documents[str(document[index.primary_key or "id"])]
            index.changed()
            task["details"]["deletedDocuments"] = len(gone)
        details = {"providedIds": 0, "deletedDocuments": None, "originalFilter": original}
        return self.enqueue("documentDeletion", uid, details, work)

    # keys and tokens

    def new_key(self, body: dict[str, Any]) -> dict[str, Any]:
        uid = str(uuid.uuid4())
        secret = hmac.new(self.master_key.encode(), uid.encode(), hashlib.sha256).hexdigest()
        key = {"name": body.get("name"), "description": body.get("description"), "key": secret, "uid": uid,
               "actions": body["actions"], "indexes": body["indexes"], "expiresAt": body["expiresAt"], "createdAt": now(),
               "updatedAt": now()}
        self.keys = {uid: key} | self.keys
        return key

    def may(self, header: str | None, action: str, uid: str | None) -> dict[str, Any]:
        """The search rules that go with this header for this action and index. Raises Refused."""
        if header is None:
            raise Refused(401, "missing_authorization_header",
                          "The Authorization header is missing. It must use the bearer authorization method.", "auth")
        scheme, _, secret = header.partition(" ")
        if scheme != "Bearer":
            raise invalid_key()
        if hmac.compare_digest(secret.encode(), self.master_key.encode()):
            return {}
        for key in self.keys.values():
            if key["key"] == secret:
                if not _allows(key, action, uid):
                    raise invalid_key()
                return {}
        return self._token_rules(secret, action, uid)

    def _token_rules(self, token: str, action: str, uid: str | None) -> dict[str, Any]:
        parts = token.split(".")
        if len(parts) != 3 or action != "search":
            raise invalid_key()
        try:
            header, payload = json.loads(unpadded(parts[0])), json.loads(unpadded(parts[1]))
        except ValueError as error:
            raise invalid_key() from error
        key = self.keys.get(payload.get("apiKeyUid"))
        if key is None or header.get("alg") != "HS256":
            raise invalid_key()
        signed = hmac.new(key["key"].encode(), f"{parts[0]}.{parts[1]}".encode(), hashlib.sha256).digest()
        if not hmac.compare_digest(signed, unpadded(parts[2])):
            raise invalid_key("Could not decode tenant token, InvalidSignature.")
        if payload.get("exp") is not None and payload["exp"] < time.time():
            raise invalid_key(f"Tenant token expired. Was valid up to `{payload['exp']}` and we're now `{int(time.time())}`.")
        rules = payload.get("searchRules")
        rules = dict.fromkeys(rules, {}) if isinstance(rules, list) else rules
        if not _allows(key, action, uid):
            raise invalid_key()
        for pattern, rule in rules.items():
            if uid is not None and fnmatchcase(uid, pattern):
                return rule or {}
        raise invalid_key(f"The provided tenant token cannot acces the index `{uid}`, allowed indexes are {json.dumps(list(rules))}.")


def _allows(key: dict[str, Any], action: str, uid: str | None) -> bool:
    acts = {"*", action, action.split(".")[0] + ".*"} & set(key["actions"])
    return bool(acts) and (uid is None or any(fnmatchcase(uid, p) for p in key["indexes"]))


def _check_id(document: dict[str, Any], primary: str) -> None:
    if primary not in document:
        raise Refused(400, "missing_document_id", f"Document doesn't have a `{primary}` attribute.")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,511}", str(document[primary])):
        raise Refused(400, "invalid_document_id", f"Document identifier `{document[primary]!r}` is invalid.")
