"""The calendar file: read back by a calendar library, and looked at octet by octet."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO

import pytest
from icalendar import Calendar

from portal.core.clock import local
from portal.roadshows import services
from portal.roadshows.calendar import event_file
from portal.roadshows.models import Roadshow, RoadshowState
from portal.roadshows.participants import harmless, participants_file
from tests.financing.stage import Stage

Hold = Callable[..., Roadshow]
BASE = "https://board.example:8443/"
HARD = "高端装备，专场; 第 1 场\\终, “路演”" + "很长的名称" * 12


def entry(data: bytes) -> dict:
    calendar = Calendar.from_ical(data)
    assert calendar["method"] == "PUBLISH" and calendar["version"] == "2.0" and calendar["prodid"]
    [event] = calendar.walk("VEVENT")
    return event


def lines(data: bytes) -> list[bytes]:
    """Unfolded content lines; every physical line checked on the way."""
    assert data.endswith(b"\r\n")
    physical = data.removesuffix(b"\r\n").split(b"\r\n")
    for line in physical:
        assert b"\r" not in line and b"\n" not in line and len(line) <= 75
        line.decode()  # no character is cut in two
    return b"\r\n".join(physical).replace(b"\r\n ", b"").split(b"\r\n")


def test_it_opens_in_a_calendar(hold: Hold) -> None:
    event = hold(title=HARD, description="第一行\r\n第二行，分号;", place="乌鲁木齐, 三楼")
    data = event_file(event, organiser="北庭", link="", base_url=BASE)
    read = entry(data)
    assert read["uid"] == f"{event.ref}@board.example"
    assert str(read["summary"]) == HARD and str(read["location"]) == "乌鲁木齐, 三楼"
    assert str(read["description"]) == "第一行\n第二行，分号;\n组织：北庭"
    assert (read["dtstart"].dt, read["dtend"].dt) == (event.starts, event.ends)
    assert read["dtstart"].params["TZID"] == "Asia/Shanghai"
    assert read["status"] == "CONFIRMED" and read["url"] == f"https://board.example:8443/roadshows/{event.slug}"
    assert abs((read["dtstamp"].dt - datetime.now(UTC)).total_seconds()) < 60


def test_its_octets_are_as_the_standard_says(hold: Hold) -> None:
    event = hold(title=HARD)
    said = lines(event_file(event, organiser="北庭", link="", base_url=BASE))
    assert said[0] == b"BEGIN:VCALENDAR" and said[-1] == b"END:VCALENDAR"
    assert b"TZID:Asia/Shanghai" in said and said.count(b"TZOFFSETTO:+0800") == 1
    assert f"DTSTART;TZID=Asia/Shanghai:{local(event.starts):%Y%m%dT%H%M%S}".encode() in said
    escaped = HARD.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    assert f"SUMMARY:{escaped}".encode() in said
    assert sum(line.startswith(b"DTSTAMP:") and line.endswith(b"Z") for line in said) == 1


def test_the_sequence_rises_and_the_uid_stays(stage: Stage, hold: Hold, terms: Callable) -> None:
    event = hold()
    first = entry(event_file(event, organiser="", link="", base_url=BASE))
    changed = stage.do("operator", services.change_roadshow, event.slug, terms(title="改期"), event.version)
    second = entry(event_file(changed, organiser="", link="", base_url=BASE))
    gone = stage.do("operator", services.move_roadshow, event.slug, RoadshowState.CANCELLED)
    third = entry(event_file(gone, organiser="", link="", base_url=BASE))
    assert first["sequence"] < second["sequence"] < third["sequence"]
    assert first["uid"] == second["uid"] == third["uid"]
    assert third["status"] == "CANCELLED"


def test_the_way_in_is_for_those_who_take_part(stage: Stage, hold: Hold) -> None:
    event = hold()
    at = f"/roadshows/{event.slug}/event.ics"
    answer = stage.browser("fund").get(at)
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8; method=PUBLISH"
    assert "meet.example" not in answer.text
    stage.do("fund", services.register, event.slug)
    assert "https://meet.example/8f2c" in str(entry(stage.browser("fund").get(at).data)["description"])
    for name in ("fund2", "firm", "operator"):
        assert "meet.example" not in stage.browser(name).get(at).text
    assert stage.browser("other").get(at).status_code == 404


@pytest.mark.parametrize("text", ["=1+1", "+86 991", "-3", "@sum", "\t=1", " =1", "＝1", "\r\n=1"])
def test_no_cell_is_a_formula(text: str) -> None:
    assert harmless(text) == "'" + text
    assert harmless("岳明") == "岳明" and harmless("a=b") == "a=b"


def test_the_list_of_participants_is_a_table(stage: Stage, hold: Hold) -> None:
    event = hold()
    stage.organisation("=cmd|'/c calc'!A0,\"x\"", next(iter([stage.actors["fund"].kind])))
    stage.do("=cmd|'/c calc'!A0,\"x\"", services.register, event.slug)
    _show, rows = stage.do("operator", services.read_participants, event.slug)
    data = participants_file(rows)
    assert data.startswith(b"\xef\xbb\xbf") and b"\r\n" in data
    head, line = csv.reader(StringIO(data.decode("utf-8-sig"), newline=""))
    assert head[:2] == ["姓名", "机构"]
    assert line[0].startswith("'=cmd") and line[1].startswith("'=cmd") and line[2:4] == ["私募基金管理人", "已报名"]
