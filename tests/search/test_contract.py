"""What every engine owes, held against each: permission, matching, order, counts, changes, and hostile input."""

import string
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search.errors import IndexMissing, InvalidDocument, InvalidQuery, SearchError
from search.protocol import Answer, Document, Engine, Query
from tests.search.board import BOARD, PUBLIC, company
from tests.search.conftest import KINDS

EVERYONE = ["public", "qualified", "org:7", "org:8"]


@pytest.fixture(scope="module", params=KINDS)
def board(request: pytest.FixtureRequest, make_engine: Callable[[str], Engine]) -> Engine:
    """An engine that holds the board; tests that change something use `engine`."""
    engine = make_engine(request.param)
    assert engine.rebuild(BOARD) == len(BOARD)
    return engine


def ids(engine: Engine, text: str = "", readers: list[str] | None = None, **more: object) -> list[str]:
    answer = engine.search(Query(readers=EVERYONE if readers is None else readers, text=text, **more))
    assert answer.total >= len(answer.ids)
    return list(answer.ids)


class TestPermission:
    def test_only_documents_with_one_of_the_readers(self, board: Engine) -> None:
        assert ids(board, readers=["org:8"]) == ["e08"]
        assert sorted(ids(board, readers=["org:7", "org:8"])) == ["e07", "e08"]
        assert sorted(ids(board, readers=["qualified"])) == ["e07", "e09"]
        assert len(ids(board, readers=["public"])) == 7

    def test_nobody_finds_nothing(self, board: Engine) -> None:
        query = Query(readers=[], text="轴承", facets=["province"], filters={"tier": ["培育层"]})
        assert board.search(query) == Answer(facets={"province": {}})
        assert board.search(Query(readers=["", " "])).total == 0
        assert board.suggest("轴承", []) == ()

    def test_counts_and_suggestions_hold_the_same_wall(self, board: Engine) -> None:
        answer = board.search(Query(readers=["public"], facets=["province", "tier"], filters={"province": ["浙江"]}))
        assert answer.ids == ("e04",)
        assert answer.facets["province"] == {"江苏": 2, "上海": 1, "浙江": 1, "重庆": 1, "陕西": 1, "山东": 1}
        assert board.suggest("杭州", ["public"]) == ()
        assert board.suggest("杭州", ["org:8"]) == ("e08",)

    def test_readers_are_no_facet_and_no_filter(self, board: Engine) -> None:
        with pytest.raises(InvalidQuery):
            board.search(Query(readers=PUBLIC, facets=["readers"]))
        with pytest.raises(InvalidQuery):
            board.search(Query(readers=PUBLIC, filters={"readers": ["org:8"]}))

    @pytest.mark.parametrize("reader", ['public"] OR readers IN ["org:8', "org:8' OR '1'='1", "*", "org:", "org:8\\", "public]"])
    def test_a_principal_is_one_value_whatever_it_holds(self, board: Engine, reader: str) -> None:
        assert board.search(Query(readers=[reader])) == Answer()


class TestMatching:
    @pytest.mark.parametrize(("text", "found"), [
        ("轴承", ["e01", "e04"]), ("精密", ["e01", "e02", "e04"]), ("装饰", ["e10", "e07"]), ("荣装", ["e10"]), ("密轴", ["e01", "e04"]),
        ("热", ["e07", "e08"]), ("精密 齿轮", ["e01", "e04"]), ("软件精密", ["e02"]), ("不存在的词", []),
    ])
    def test_inner_words(self, board: Engine, text: str, found: list[str]) -> None:
        assert ids(board, text) == found

    def test_a_phrase_stands_as_it_is(self, board: Engine) -> None:
        assert ids(board, '"热能设备"') == ["e07"]
        assert ids(board, "“精密轴承”") == ["e01", "e04"]
        assert ids(board, '"轴承精密"') == []

    def test_a_phrase_crosses_neither_punctuation_nor_fields(self, board: Engine) -> None:
        assert ids(board, '"轴承齿轮"') == []
        assert ids(board, '"公司轴承"') == []

    def test_exclusion(self, board: Engine) -> None:
        assert ids(board, "轴承 -齿轮") == []
        assert ids(board, "精密 -轴承") == ["e02"]
        assert ids(board, '精密 -"精密轴承"') == ["e02"]
        assert ids(board, "设备 -热能") == ["e06"]
        assert "e05" not in ids(board, "-电子") and len(ids(board, "-电子")) == len(BOARD) - 1
        assert ids(board, "精密 -led -3d") == ids(board, "精密")

    @pytest.mark.parametrize(("text", "found"), [
        ("wrzs", ["e10"]), ("hczl", []), ("hcclz", ["e04"]), ("mzkj", ["e02"]), ("MZKJ", ["e02"]), ("qdwrzs", ["e10"]),
    ])
    def test_initials(self, board: Engine, text: str, found: list[str]) -> None:
        assert ids(board, text) == found

    @pytest.mark.parametrize(("text", "found"), [
        ("mingze", ["e03", "e02", "e01"]), ("wurong", ["e10"]), ("wu rong", ["e10"]), ("chongqing", ["e05"]), ("changcheng", ["e05"]),
        ("yinhang", ["e06"]), ("ngpi", []),
    ])
    def test_syllables_in_the_reading_of_the_word(self, board: Engine, text: str, found: list[str]) -> None:
        assert ids(board, text) == found

    def test_a_beginning_by_sound_comes_first(self, board: Engine) -> None:
        # xian is 西安 at the beginning of one name and the 限 of 有限公司 in all the others.
        assert ids(board, "xian")[0] == "e06"
        assert ids(board, "mz") == ["e03", "e02"]

    def test_latin_words_and_numbers(self, board: Engine) -> None:
        assert ids(board, "led") == ["e05"]
        assert ids(board, "ＬＥＤ") == ["e05"]
        assert ids(board, "3d打印") == ["e06"]
        assert ids(board, "abc精工") == ["e09"]
        assert ids(board, "5G") == ["e09"]

    def test_traditional_and_full_width(self, board: Engine) -> None:
        assert ids(board, "裝飾") == ["e10", "e07"]
        assert ids(board, "蘇州明澤精密軸承有限公司") == ["e01"]
        assert ids(board, "ｍｉｎｇｚｅ　科技") == ["e02"]

    def test_credit_code_whole_or_in_part(self, board: Engine) -> None:
        code = "91320500MA1XQ7LB2K"
        pieces = [code[a:b] for a in range(len(code)) for b in range(a + 4, len(code) + 1)]
        for piece in pieces[::9]:
            assert "e01" in ids(board, piece), piece
            assert "e01" in ids(board, piece.lower()), piece
        assert ids(board, code) == ["e01"]
        assert ids(board, "9132") == ["e02", "e01"]
        assert ids(board, "91320599") == []

    def test_suggestions_are_names_only(self, board: Engine) -> None:
        assert board.suggest("明", EVERYONE) == ("e03", "e02", "e01")
        assert board.suggest("明泽", EVERYONE, 2) == ("e03", "e02")
        assert board.suggest("mz", EVERYONE) == ("e03", "e02")
        assert board.suggest("mzk", EVERYONE) == ("e02",)
        assert board.suggest("软件", EVERYONE) == ()
        assert board.suggest("  ", EVERYONE) == ()


class TestOrder:
    def test_tiers(self, board: Engine) -> None:
        # The whole name, the beginning of a name, inside a name; a shorter name first.
        assert ids(board, "明泽") == ["e03", "e02", "e01"]
        # In the name before only in the scope, though e02's name is the shorter one.
        assert ids(board, "精密") == ["e01", "e02", "e04"]

    @pytest.mark.parametrize(("sort", "descending", "found"), [
        ("founded", False, ["e05", "e10", "e06", "e01", "e02", "e03", "e04"]),
        ("founded", True, ["e03", "e02", "e01", "e06", "e10", "e05", "e04"]),
        ("capital", False, ["e05", "e06", "e02", "e10", "e01", "e04", "e03"]),
        ("capital", True, ["e04", "e01", "e10", "e02", "e05", "e06", "e03"]),
        ("name", False, ["e05", "e03", "e02", "e04", "e10", "e01", "e06"]),
        ("name", True, ["e06", "e01", "e10", "e04", "e02", "e03", "e05"]),
        ("relevance", False, ["e05", "e03", "e02", "e04", "e10", "e01", "e06"]),
    ])
    def test_sorts_with_the_unknown_last_and_the_id_at_the_end(self, board: Engine, sort: str, descending: bool, found: list[str]) -> None:
        assert ids(board, readers=PUBLIC, sort=sort, descending=descending) == found

    def test_pages_laid_end_to_end_are_the_whole(self, board: Engine) -> None:
        for text in ("", "明泽", "精密", "司", "限"):
            whole = ids(board, text)
            for size in (1, 2, 3):
                paged = [i for offset in range(0, len(whole) + size, size) for i in ids(board, text, offset=offset, limit=size)]
                assert paged == whole, (text, size)
        assert board.search(Query(readers=EVERYONE, offset=900_000)) == Answer((), len(BOARD))
        assert board.search(Query(readers=EVERYONE, limit=0)) == Answer((), len(BOARD))

    def test_hidden_documents_move_nothing(self, engine: Engine) -> None:
        hidden = [company(f"h{n:02d}", f"精密轴承明泽{n}有限公司", "精密 轴承 科技 齿轮" * 5, readers=["org:99"]) for n in range(30)]
        questions = [Query(readers=PUBLIC, text=t, facets=["tier"], sort=s, limit=5)
                     for t in ("精密轴承", "明泽", "轴承 齿轮", "mingze", "9132", "") for s in ("relevance", "name", "capital")]
        engine.rebuild(BOARD)
        before = [engine.search(q) for q in questions]
        engine.upsert(hidden)
        assert engine.search(Query(readers=["org:99"], text="精密轴承")).total == 30
        assert [engine.search(q) for q in questions] == before


class TestCounts:
    def test_counts_are_exact_and_total_too(self, board: Engine) -> None:
        answer = board.search(Query(readers=EVERYONE, text="精密", facets=["tier", "industry", "category", "member"], limit=1))
        assert (len(answer.ids), answer.total) == (1, 3)
        assert answer.facets == {
            "tier": {"培育层": 2, "规范层": 1}, "industry": {"C": 2, "34": 2, "345": 2, "3451": 1, "3453": 1, "I": 1, "65": 1},
            "category": {"专精特新": 2, "小巨人": 1}, "member": {"true": 2, "false": 1},
        }

    def test_a_field_is_counted_without_its_own_filter(self, board: Engine) -> None:
        answer = board.search(Query(readers=EVERYONE, facets=["province", "tier", "city"],
                                    filters={"province": ["浙江", "江苏"], "tier": ["培育层"]}))
        assert sorted(answer.ids) == ["e01", "e04", "e08"]
        assert answer.total == 3
        assert answer.facets["province"] == {"江苏": 1, "浙江": 2, "山东": 1}
        assert answer.facets["tier"] == {"培育层": 3, "规范层": 2}
        assert answer.facets["city"] == {"苏州": 1, "宁波": 1, "杭州": 1}

    def test_values_of_a_field_are_alternatives_and_fields_narrow(self, board: Engine) -> None:
        assert sorted(ids(board, filters={"city": ["苏州", "南京"]})) == ["e01", "e02"]
        assert ids(board, filters={"city": ["苏州", "南京"], "tier": ["规范层"]}) == ["e02"]
        assert ids(board, filters={"industry": ["345"]}, text="宁波") == ["e04"]
        assert sorted(ids(board, filters={"member": [True]})) == ["e01", "e04", "e05"]
        assert len(ids(board, filters={"city": []})) == len(BOARD)

    def test_ranges_are_inclusive_and_leave_out_the_unknown(self, board: Engine) -> None:
        assert sorted(ids(board, ranges={"founded": (20150701, 20190909)})) == ["e02", "e08", "e09"]
        assert sorted(ids(board, ranges={"capital": (None, 50_000_00)})) == ["e05", "e06", "e08"]
        assert sorted(ids(board, ranges={"capital": (500_000_00, None), "founded": (None, 20101231)})) == ["e01"]
        assert len(ids(board, ranges={"capital": (None, None)})) == len(BOARD)

    def test_stale_documents_are_left_out_of_everything(self, board: Engine) -> None:
        answer = board.search(Query(readers=EVERYONE, text="轴承", exclude_ids=["e01", "nowhere"], facets=["province"]))
        assert (answer.ids, answer.total, answer.facets) == (("e04",), 1, {"province": {"浙江": 1}})


class TestHostileInput:
    @pytest.mark.parametrize("value", [
        '上海"', "上海'", "上海\" OR province = \"江苏", "上海\\", "\\\"", "[上海]", "上海) OR (tier = 培育层", "上海, 江苏", "NOT", "EXISTS",
        "上海\x00", "\ud800", "上 海", "上海 TO 江苏", "'", '"', "\\", "%", "*", "", " ", "𠮷" * 300,
    ])
    def test_a_filter_value_is_a_value(self, engine: Engine, value: str) -> None:
        odd = company("odd", "怪名公司", province=value, readers=PUBLIC)
        engine.rebuild([odd, company("sh", "上海公司", province="上海", tier="培育层"), company("js", "江苏公司", province="江苏")])
        # What cannot be seen or stands at the border is no part of a value.
        kept = "".join(c for c in value if c != "\x00" and not "\ud800" <= c <= "\udfff").strip()
        expected = {"": [], "上海": ["odd", "sh"]}.get(kept, ["odd"])
        found = sorted(ids(engine, readers=PUBLIC, filters={"province": [value]}))
        assert found == expected
        assert sum(engine.search(Query(readers=PUBLIC, facets=["province"])).facets["province"].values()) == (3 if kept else 2)

    @pytest.mark.parametrize("text", [
        "\x00", "\u202e\x00轴", "-", "--", '"', '""', '-"', '-""', "- - -", '"""""', "AND", "OR NOT", "()[]{}", "*", "?", "~1", "^", ":", "\\",
        "name:轴承", "轴承*", "/.*/", "<script>", "'; DROP TABLE", "\ud800\udfff", "％", "　", "a" * 10_000, "轴" * 10_000, '"' * 10_000,
        "- " * 5_000, "轴承 " * 2_000, "ā" * 50, "💡💡", "\u0301" * 500, "ﷺ" * 300, "-a -b -c -d -e -f -g -h",
    ])
    def test_any_text_is_a_question(self, board: Engine, text: str) -> None:
        answer = board.search(Query(readers=EVERYONE, text=text, facets=["tier"]))
        assert answer.total >= len(answer.ids)
        assert isinstance(board.suggest(text, EVERYONE), tuple)

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from('轴承精密明泽"- 　“”mzkj913' + string.punctuation)), max_size=60))
    def test_random_text_is_a_question(self, board: Engine, text: str) -> None:
        assert set(ids(board, text, readers=["org:8"])) <= {"e08"}

    def test_operators_alone_find_what_no_text_finds(self, board: Engine) -> None:
        for text in ("-", '""', "\x00\u202e", "（）"):
            assert ids(board, text) == ids(board)

    @pytest.mark.parametrize("query", [
        {"filters": {"name": ["x"]}}, {"facets": ["grams"]}, {"sort": "nope"}, {"offset": -1}, {"limit": 5_000}, {"offset": 10**9},
        {"ranges": {"province": (1, 2)}}, {"filters": {"city": [str(n) for n in range(1_000)]}},
    ])
    def test_what_the_code_asks_wrongly_is_refused(self, board: Engine, query: dict[str, object]) -> None:
        with pytest.raises(InvalidQuery):
            board.search(Query(readers=PUBLIC, **query))


class TestChanges:
    def test_before_the_first_build(self, engine: Engine) -> None:
        assert not engine.health().ok and engine.health().problem == "rebuild"
        for call in (lambda: engine.search(Query(readers=PUBLIC)), lambda: engine.upsert(BOARD), lambda: list(engine.ids()),
                     lambda: engine.delete(["e01"])):
            with pytest.raises(IndexMissing):
                call()

    def test_an_empty_index_answers(self, engine: Engine) -> None:
        assert engine.rebuild([]) == 0
        assert engine.search(Query(readers=PUBLIC, text="轴承", facets=["tier"])) == Answer(facets={"tier": {}})
        assert (list(engine.ids()), engine.health().ok, engine.health().documents) == ([], True, 0)

    def test_a_change_is_seen_when_the_call_returns(self, engine: Engine) -> None:
        engine.rebuild(BOARD)
        changed = company("e03", "明泽改名有限公司", "水泵", version="2", readers=["org:5"])
        assert engine.upsert([changed, company("e11", "新公司"), company("e11", "新公司二")]) == 2
        assert ids(engine, "水泵", readers=["org:5"]) == ["e03"]
        assert "e03" not in ids(engine, "明泽", readers=PUBLIC)
        assert ids(engine, "新公司", readers=PUBLIC) == ["e11"]
        assert dict(engine.ids())["e03"] == "2"
        engine.delete(["e03", "absent", "e11"])
        assert ids(engine, "水泵", readers=["org:5"]) == []
        assert engine.health().documents == len(BOARD) - 1
        engine.upsert([])
        engine.delete([])

    def test_a_revoked_reader_finds_it_no_more(self, engine: Engine) -> None:
        engine.rebuild([company("a", "甲公司", readers=["org:1", "org:2"])])
        engine.upsert([company("a", "甲公司", readers=["org:2"])])
        assert (ids(engine, readers=["org:1"]), ids(engine, readers=["org:2"])) == ([], ["a"])

    def test_a_rebuild_takes_the_place_in_one_step(self, engine: Engine) -> None:
        engine.rebuild(BOARD)
        seen: list[int] = []
        progress: list[int] = []

        def slowly() -> list[Document]:
            for n in range(3):
                # Nothing of the new index shows before it is whole.
                seen.append(engine.search(Query(readers=EVERYONE)).total)
                yield company(f"n{n}", f"新{n}公司", version="7")
        assert engine.rebuild(slowly(), progress.append) == 3
        assert set(seen) == {len(BOARD)}
        assert progress[-1] == 3
        assert sorted(engine.ids()) == [("n0", "7"), ("n1", "7"), ("n2", "7")]

    def test_a_failed_rebuild_leaves_the_old_index(self, engine: Engine) -> None:
        engine.rebuild(BOARD)

        def broken() -> list[Document]:
            yield company("n1", "新公司")
            raise OverflowError("the rows ended badly")
        with pytest.raises(OverflowError):
            engine.rebuild(broken())
        with pytest.raises(InvalidDocument):
            engine.rebuild([company("bad id!", "坏")])
        assert len(ids(engine)) == len(BOARD)
        assert engine.health().ok

    @pytest.mark.parametrize("document", [
        company("", "无号"), company("有", "汉字号"), company("a b", "空格"), company("__schema__", "留用"), company("x" * 201, "过长"),
        company("a", "甲", capital=2**53), company("a", "甲", founded=-1),
    ])
    def test_a_document_no_engine_can_hold_is_refused_whole(self, engine: Engine, document: Document) -> None:
        engine.rebuild(BOARD)
        with pytest.raises(InvalidDocument):
            engine.upsert([company("fine", "好公司"), document])
        assert engine.health().documents == len(BOARD)

    def test_errors_tell_a_reader_nothing_of_the_engine(self, engine: Engine) -> None:
        with pytest.raises(SearchError) as caught:
            engine.search(Query(readers=PUBLIC, text="轴承"))
        assert str(caught.value) == "索引需要重建"
        assert caught.value.detail
