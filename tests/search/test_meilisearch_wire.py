"""What goes over the wire to a Meilisearch server, and what becomes of its faults."""

import base64
import json
import threading
import time
from collections.abc import Callable

import pytest
from meilisearch import Client

from search.errors import EngineRefused, EngineUnavailable, IndexMissing, IndexOutdated, TaskFailed
from search.meilisearch_engine import MeilisearchEngine
from search.meilisearch_query import quoted
from search.protocol import Query
from tests.search.board import BOARD, PUBLIC, company
from tests.search.meili_server import Fault, Server

ASK = Query(readers=PUBLIC, text="轴承")


@pytest.fixture
def engine(server: Server) -> MeilisearchEngine:
    engine = MeilisearchEngine(server.url, server.key, search_seconds=0.5, write_seconds=2.0, task_seconds=2.0)
    engine.rebuild(BOARD)
    engine.search(ASK)
    server.requests.clear()
    return engine


def claims(header: str) -> dict[str, object]:
    payload = header.removeprefix("Bearer ").split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


class TestRequests:
    def test_settings(self, engine: MeilisearchEngine, server: Server) -> None:
        engine.rebuild(BOARD[:1])
        sent = next(b for m, p, _, b in server.requests if m == "PATCH" and p.endswith("/settings"))
        assert sent["searchableAttributes"] == ["text"]
        assert sent["displayedAttributes"] == ["id"]
        assert sent["typoTolerance"] == {"enabled": False}
        assert sent["rankingRules"] == ["words", "sort"]
        assert sent["pagination"]["maxTotalHits"] >= 1_000_000 and sent["faceting"]["maxValuesPerFacet"] >= 10_000
        readers = next(f for f in sent["filterableAttributes"] if "readers" in f["attributePatterns"])
        assert readers["features"] == {"facetSearch": False, "filter": {"equality": True, "comparison": False}}
        assert server.state.indexes["enterprises"].settings["sortableAttributes"] == sent["sortableAttributes"]

    def test_characters_are_written_apart_and_asked_as_phrases(self, engine: MeilisearchEngine, server: Server) -> None:
        engine.upsert([company("e50", "上海五荣（ABC）公司", "装饰，材料")])
        document = next(b for m, p, _, b in server.requests if m == "POST" and p.endswith("/documents"))[0]
        assert document["text"] == "上 海 五 荣 . 公 司 . 装 饰 . 材 料"
        engine.search(Query(readers=PUBLIC, text="五荣装饰 -热能 abc"))
        first = server.requests[-1][3]["queries"][0]
        assert first["q"] == '-"热 能" "五 荣" "装 饰"'
        assert first["matchingStrategy"] == "all"
        assert 'grams = "l:abc"' in first["filter"][0]

    def test_the_first_page_is_one_request_of_the_reader(self, engine: MeilisearchEngine, server: Server) -> None:
        engine.search(Query(readers=["org:1", "qualified"], text="轴承", facets=["tier", "city"], filters={"tier": ["培育层"]}))
        assert [(m, p) for m, p, _, _ in server.requests] == [("POST", "/multi-search")]
        _, _, headers, body = server.requests[0]
        token = claims(headers["authorization"])
        assert token["searchRules"] == {"enterprises": {"filter": 'readers IN ["org:1", "qualified"]'}}
        assert 0 < token["exp"] - time.time() <= 601
        assert server.key not in headers["authorization"]
        assert "readers" not in json.dumps(body)
        assert all(q["attributesToRetrieve"] == ["id"] for q in body["queries"])

    def test_a_principal_cannot_break_out_of_the_token(self, engine: MeilisearchEngine, server: Server) -> None:
        engine.search(Query(readers=['x"] OR readers IN ["public'], text="轴承"))
        rule = claims(server.requests[-1][2]["authorization"])["searchRules"]["enterprises"]["filter"]
        assert rule == 'readers IN ["x\\"] OR readers IN [\\"public"]'
        assert quoted('a\\"b') == '"a\\\\\\"b"'

    def test_ten_words_and_no_more(self, engine: MeilisearchEngine, server: Server) -> None:
        engine.search(Query(readers=PUBLIC, text=" ".join("甲乙丙丁戊己庚辛壬癸子丑") + " -寅"))
        line = server.requests[-1][3]["queries"][0]["q"]
        assert line.count('"') == 2 * 11 and line.startswith('-"寅"')

    def test_many_documents_go_in_batches_with_few_under_way(self, engine: MeilisearchEngine, server: Server) -> None:
        progress: list[int] = []
        assert engine.rebuild((company(f"n{n}", "甲") for n in range(13_000)), progress.append) == 13_000
        sizes = [len(b) for m, p, _, b in server.requests if m == "POST" and p.endswith("/documents")]
        assert sizes == [1, 2_000, 2_000, 2_000, 2_000, 2_000, 2_000, 1_000]
        assert progress[-1] == 13_000
        assert len(list(engine.ids())) == 13_000
        assert list(server.state.indexes) == ["enterprises"]

    def test_threads_do_not_mix_their_headers(self, engine: MeilisearchEngine, server: Server) -> None:
        wrong: list[object] = []

        def ask(number: int) -> None:
            for _ in range(8):
                answer = engine.search(Query(readers=["org:7"] if number % 2 else ["org:8"]))
                if answer.ids != (("e07",) if number % 2 else ("e08",)) or not engine.health().ok:
                    wrong.append(answer)
        threads = [threading.Thread(target=ask, args=(n,)) for n in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []


class TestKeys:
    def test_the_signing_key_may_only_search_its_own_index(self, engine: MeilisearchEngine, server: Server) -> None:
        made = [k for k in server.state.keys.values() if k["name"] == "portal search enterprises"]
        assert [(k["actions"], k["indexes"]) for k in made] == [(["search"], ["enterprises"])]
        MeilisearchEngine(server.url, server.key).search(ASK)
        assert len([k for k in server.state.keys.values() if k["name"] == "portal search enterprises"]) == 1

    def test_a_deleted_signing_key_is_made_anew(self, engine: MeilisearchEngine, server: Server) -> None:
        before = engine.search(ASK)
        server.state.keys.clear()
        assert engine.search(ASK) == before

    def test_a_wrong_key(self, server: Server) -> None:
        engine = MeilisearchEngine(server.url, "wrong")
        for call in (lambda: engine.search(ASK), lambda: engine.upsert(BOARD), lambda: engine.rebuild(BOARD), lambda: engine.delete(["a"])):
            with pytest.raises(EngineRefused) as caught:
                call()
            assert "provided API key" not in str(caught.value)
        assert engine.health().problem == "refused"

    @pytest.mark.parametrize("key", ["", "  "])
    def test_no_key(self, server: Server, key: str) -> None:
        with pytest.raises(EngineRefused):
            MeilisearchEngine(server.url, key)

    def test_a_key_that_may_search_but_not_write(self, server: Server, engine: MeilisearchEngine) -> None:
        search_only = next(k["key"] for k in server.state.keys.values() if k["actions"] == ["search"])
        with pytest.raises(EngineRefused):
            MeilisearchEngine(server.url, search_only).upsert(BOARD)


class TestFaults:
    @pytest.mark.parametrize("fault", [
        Fault("status", status=500, times=9), Fault("status", status=503, times=9), Fault("status", status=429, times=9), Fault("drop", times=9),
        Fault("cut", times=9), Fault("garbage", times=9), Fault("slow", seconds=1.0, times=9),
    ], ids=lambda f: f"{f.kind}-{f.status}")
    def test_an_answer_that_is_none(self, engine: MeilisearchEngine, server: Server, fault: Fault) -> None:
        server.faults.append(fault)
        start = time.monotonic()
        with pytest.raises(EngineUnavailable) as caught:
            engine.search(ASK)
        assert time.monotonic() - start < 0.9
        assert str(caught.value) == "搜索暂时不可用"
        server.faults.clear()
        assert engine.search(ASK).total == 2

    def test_no_server(self) -> None:
        engine = MeilisearchEngine("http://127.0.0.1:9", "key")
        for call in (lambda: engine.search(ASK), lambda: engine.upsert(BOARD), lambda: engine.rebuild(BOARD), lambda: list(engine.ids())):
            with pytest.raises(EngineUnavailable):
                call()
        assert engine.health().problem == "unavailable"

    @pytest.mark.parametrize("url", ["", "no-scheme:7700", "ftp://127.0.0.1", "http://"])
    def test_an_address_that_is_none(self, url: str) -> None:
        with pytest.raises(EngineUnavailable):
            MeilisearchEngine(url, "key").search(ASK)

    def test_a_failed_task_is_an_error(self, engine: MeilisearchEngine, server: Server) -> None:
        server.state.fail_next["documentAdditionOrUpdate"] = "no_space_left_on_device"
        with pytest.raises(TaskFailed) as caught:
            engine.upsert([company("e60", "新公司")])
        assert caught.value.code == "no_space_left_on_device"
        assert engine.health().documents == len(BOARD)

    @pytest.mark.parametrize("kind", ["indexCreation", "settingsUpdate", "documentAdditionOrUpdate", "indexSwap"])
    def test_a_rebuild_that_fails_anywhere_changes_nothing(self, engine: MeilisearchEngine, server: Server, kind: str) -> None:
        server.state.fail_next[kind] = "internal"
        with pytest.raises(TaskFailed):
            engine.rebuild(BOARD[:2])
        assert engine.search(ASK).total == 2
        assert list(server.state.indexes) == ["enterprises"]

    def test_a_rebuild_that_lost_documents_is_not_put_in_place(self, engine: MeilisearchEngine, server: Server) -> None:
        server.state.lose_last = True
        with pytest.raises(TaskFailed) as caught:
            engine.rebuild(BOARD)
        assert caught.value.code == "incomplete"
        assert engine.search(ASK).total == 2

    def test_a_task_that_never_ends(self, engine: MeilisearchEngine, server: Server) -> None:
        engine.wire.task_seconds = 0.2
        server.state.stuck = True
        with pytest.raises(EngineUnavailable):
            engine.upsert([company("e60", "新公司")])

    def test_the_server_shows_nothing_to_one_that_does_not_wait(self, engine: MeilisearchEngine, server: Server) -> None:
        index = Client(server.url, server.key).index("enterprises")
        index.add_documents([{"id": "e60", "text": "泵", "readers": PUBLIC}])
        assert index.search("泵")["hits"] == []
        engine.delete(["absent"])
        assert index.search("泵")["hits"] == [{"id": "e60"}]

    def test_leftovers_of_interrupted_rebuilds_go(self, engine: MeilisearchEngine, server: Server) -> None:
        for uid, made in (("enterprises_build_old", "2020-01-01T00:00:00.123456789Z"), ("enterprises_build_new", None), ("others", "2020-01-01T00:00:00Z")):
            index = server.state.make(uid, "id")
            index.created = made or index.created
        engine.rebuild(BOARD)
        assert sorted(server.state.indexes) == ["enterprises", "enterprises_build_new", "others"]


class TestVersions:
    @pytest.mark.parametrize("spoil", [
        lambda index: index.documents.pop("__schema__"),
        lambda index: index.documents.update({"__schema__": {"id": "__schema__", "version": "older", "readers": []}}),
    ])
    def test_an_index_of_another_version(self, engine: MeilisearchEngine, server: Server, spoil: Callable[[object], object]) -> None:
        spoil(server.state.indexes["enterprises"])
        with pytest.raises(IndexOutdated):
            engine.upsert(BOARD)
        assert engine.health().problem == "rebuild"
        engine.rebuild(BOARD)
        assert engine.health().ok

    def test_an_index_with_other_settings(self, engine: MeilisearchEngine, server: Server) -> None:
        server.state.indexes["enterprises"].settings["filterableAttributes"] = ["readers"]
        with pytest.raises(IndexOutdated):
            engine.search(Query(readers=PUBLIC, filters={"tier": ["培育层"]}))

    def test_an_index_taken_away(self, engine: MeilisearchEngine, server: Server) -> None:
        server.state.indexes.clear()
        for call in (lambda: engine.search(ASK), lambda: engine.delete(["e01"]), lambda: engine.upsert(BOARD)):
            with pytest.raises(IndexMissing):
                call()
        assert server.state.indexes == {}
