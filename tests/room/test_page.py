"""What people are shown, and who may ask what."""

from __future__ import annotations

import html
import re

import httpx
import pytest

from app.room import LocalRoom
from app.room.page import listed
from tests.room.tab import App, Browser

NASTY = "<script>alert('\"&')</script>"


def test_everything_that_people_type_is_escaped(api: httpx.Client, ada: Browser, grace: Browser) -> None:
    created = api.post("/meetings", json={"key": "k", "title": NASTY}).json()["id"]
    ada.join(created, NASTY)
    pages = [grace.visit(created).text, grace.http.get(f"/r/{created}/left", headers={"Accept": "text/html"}).text]
    api.post(f"/meetings/{created}/end")
    pages.append(grace.visit(created).text)
    for page in pages:
        assert "<script>alert" not in page
        assert "alert(&#39;" in page


def test_a_page_runs_only_what_the_room_serves(room: LocalRoom, meeting_id: str, ada: Browser) -> None:
    page = ada.visit(meeting_id)
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["Cache-Control"] == "no-store"
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=", page.text)
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
    assert len(files) >= 5
    assert all(httpx.get(room.url + file, verify=False).status_code == 200 for file in files)


def test_no_file_names_another_host(meeting_id: str, ada: Browser) -> None:
    page = ada.visit(meeting_id).text
    assert re.findall(r"https?://[^\"'\s]+", page) == []


def test_it_says_who_is_in(meeting_id: str, ada: Browser, grace: Browser) -> None:
    assert "Be the first" in grace.visit(meeting_id).text
    tab = ada.join(meeting_id, "Ada Lovelace")
    assert "Ada Lovelace" in grace.visit(meeting_id).text
    left = grace.http.get(f"/r/{meeting_id}/left").text
    assert "Ada Lovelace is still in it" in left
    assert f'href="/r/{meeting_id}"' in left
    tab.say("leave")
    assert "Nobody is in it now" in grace.http.get(f"/r/{meeting_id}/left").text


def test_no_secret_is_on_the_page(api: httpx.Client, ada: Browser, grace: Browser) -> None:
    created = api.post("/meetings", json={"key": "the-key-of-the-app"}).json()
    ada.join(created["id"])
    page = grace.visit(created["id"]).text
    assert "the-key-of-the-app" not in page
    assert httpx.URL(created["host_url"]).params["host"] not in page


@pytest.mark.parametrize("path", ["/r/none", "/r/none/left", "/elsewhere"])
def test_what_is_not_there_is_said_in_words(ada: Browser, path: str) -> None:
    page = ada.http.get(path, headers={"Accept": "text/html,*/*;q=0.8"})
    assert page.headers["Content-Type"].startswith("text/html")
    assert "<h1>" in page.text


def test_the_entrance(ada: Browser) -> None:
    assert "Start a call in Slack" in ada.http.get("/").text


def test_the_ended_page(api: httpx.Client, meeting_id: str, ada: Browser) -> None:
    api.post(f"/meetings/{meeting_id}/end")
    for path in (f"/r/{meeting_id}", f"/r/{meeting_id}/left"):
        page = html.unescape(ada.http.get(path).text)
        assert "The call has ended" in page
        assert "<form" not in page


def test_a_browser_is_the_same_person_for_good(meeting_id: str, ada: Browser) -> None:
    first = ada.visit(meeting_id)
    assert "HttpOnly" in first.headers["Set-Cookie"]
    assert "SameSite=Lax" in first.headers["Set-Cookie"]
    assert "Set-Cookie" not in ada.visit(meeting_id).headers


def test_a_person_cannot_be_taken_for_somebody_else(
    meeting_id: str, ada: Browser, grace: Browser, app: App, room: LocalRoom
) -> None:
    """The id that everybody sees does not open anything."""
    seen = ada.join(meeting_id).wait_for_kind("welcome")["you"]["participant_id"]
    grace.http.cookies.set("local_room_person", seen.ljust(24, "x"))
    grace.join(meeting_id)
    assert room.wait_until_told()
    ids = {told["data"]["participant"]["id"] for told in app.told()[1:]}
    assert len(ids) == 2


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", "http://127.0.0.1:1", None])
def test_pages_of_others_may_ask_nothing(meeting_id: str, ada: Browser, origin: str | None) -> None:
    tab = ada.join(meeting_id)
    if origin is None:
        del ada.http.headers["Origin"]
    else:
        ada.http.headers["Origin"] = origin
    for answer in (tab.say("end"), ada.http.post(f"/r/{meeting_id}/join", json={"name": "x"})):
        assert answer.status_code == 403


@pytest.mark.parametrize("host", ["elsewhere.example", "127.0.0.1.elsewhere.example", "[::", ""])
def test_under_another_name_it_does_not_answer(room: LocalRoom, meeting_id: str, host: str) -> None:
    assert httpx.get(f"{room.url}/r/{meeting_id}", headers={"Host": host}, verify=False).status_code == 400


def test_localhost_is_a_name_of_ours(room: LocalRoom, meeting_id: str) -> None:
    port = room.url.rpartition(":")[2]
    assert (
        httpx.get(f"{room.url}/r/{meeting_id}", headers={"Host": f"localhost:{port}"}, verify=False).status_code == 200
    )


@pytest.mark.parametrize("name", ["", "   ", "\u202e", "n" * 61, 7, None])
def test_a_name_is_needed(meeting_id: str, ada: Browser, name: object) -> None:
    ada.visit(meeting_id)
    assert ada.http.post(f"/r/{meeting_id}/join", json={"name": name}).status_code == 400


def test_without_the_page_there_is_no_joining(meeting_id: str, ada: Browser) -> None:
    assert ada.http.post(f"/r/{meeting_id}/join", json={"name": "Ada"}).status_code == 403


def test_a_ticket_is_good_in_its_own_meeting_only(api: httpx.Client, meeting_id: str, ada: Browser) -> None:
    tab = ada.join(meeting_id)
    other = api.post("/meetings", json={"key": "other"}).json()["id"]
    tab._address = tab._address.replace(meeting_id, other)
    assert tab.say("end").status_code == 410


def test_there_are_no_other_actions(meeting_id: str, ada: Browser) -> None:
    assert ada.join(meeting_id).say("dance").status_code == 404


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["Ada"], "Ada"),
        (["Ada", "Grace"], "Ada and Grace"),
        (["Ada", "Grace", "Alan"], "Ada, Grace and Alan"),
        (["Ada", "Grace", "Alan", "Zoë", "Bo"], "Ada, Grace and 3 others"),
    ],
)
def test_names_in_a_sentence(names: list[str], words: str) -> None:
    assert listed(names) == words


def test_the_camera_is_for_the_room_alone(meeting_id: str, ada: Browser) -> None:
    headers = ada.visit(meeting_id).headers
    assert headers["Permissions-Policy"] == "camera=(self), microphone=(self)"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer"
