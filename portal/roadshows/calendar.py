"""A roadshow as a calendar entry (RFC 5545): one stable UID, a sequence that rises with each change, times in the event's zone."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from icalendar import Calendar, Event, Timezone, TimezoneStandard

from portal.core.clock import CHINA, now
from portal.roadshows.models import Roadshow, RoadshowState

PRODUCT = "-//zhuanban-portal//roadshows//ZH"
STATUS = {
    RoadshowState.DRAFT: "TENTATIVE",
    RoadshowState.OPEN: "CONFIRMED",
    RoadshowState.CLOSED: "CONFIRMED",
    RoadshowState.CANCELLED: "CANCELLED",
}


def event_file(show: Roadshow, *, organiser: str, link: str, base_url: str) -> bytes:
    """The `.ics` of one roadshow: UTF-8, CRLF, lines of at most 75 octets.

    `link` is the way in for a participant and empty for everybody else; `base_url` is where this portal stands.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add_component(_china())
    calendar.add_component(_event(show, organiser, link, base_url.rstrip("/")))
    return calendar.to_ical()


def _event(show: Roadshow, organiser: str, link: str, base_url: str) -> Event:
    event = Event()
    event.add("uid", f"{show.ref}@{urlsplit(base_url).hostname or 'portal.invalid'}")
    event.add("sequence", show.sequence)
    event.add("dtstamp", now().replace(microsecond=0))
    event.add("last-modified", show.updated_at.replace(microsecond=0))
    event.add("dtstart", show.starts.astimezone(CHINA))
    event.add("dtend", show.ends.astimezone(CHINA))
    event.add("status", STATUS[RoadshowState(show.state)])
    event.add("summary", show.title)
    if show.place or link:
        event.add("location", show.place or link)
    parts = [show.description, f"组织：{organiser}", f"线上：{link}" if link else ""]
    event.add("description", "\n".join(part.replace("\r\n", "\n") for part in parts if part))
    event.add("url", f"{base_url}/roadshows/{show.slug}")
    return event


def _china() -> Timezone:
    """Asia/Shanghai as it has been since the end of its last summer time: UTC+8 all year."""
    zone, standard = Timezone(), TimezoneStandard()
    zone.add("tzid", "Asia/Shanghai")
    standard.add("dtstart", datetime(1991, 9, 15, 1))
    standard.add("tzoffsetfrom", timedelta(hours=8))
    standard.add("tzoffsetto", timedelta(hours=8))
    standard.add("tzname", "CST")
    zone.add_component(standard)
    return zone
