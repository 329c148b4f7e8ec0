"""From the click on "Save" in one browser to the news and the rescored index in another.

`./muster exec python -m benchmarks.click_to_score [EDITS]`: a house of its own, 40 partners, a big action.
One browser logs pledges on the action's page, the other has the overview open. Both clocks are the machine's.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import redis
from playwright.sync_api import Browser, Page, sync_playwright

from tests.stack import House, own_house

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
PATIENCE = 20_000

CLICKS = """() => addEventListener("click", (event) => {
  if (event.target.closest("form[data-edit] button[type=submit]")) window.clicked = Date.now();
}, true)"""
# Notes the first moment at which the overview shows another latest change, and a newer score.
WATCH = """() => {
  const score = () => document.getElementById("score");
  const latest = () => score()?.querySelector("ol.log li")?.textContent ?? "";
  let before = { news: latest(), revision: Number(score().dataset.revision) };
  window.next = () => {
    before = { news: latest(), revision: Number(score().dataset.revision) };
    window.seen = {};
    delete document.body.dataset.seen;
  };
  window.next();
  new MutationObserver(() => {
    if (!score()) return;
    if (latest() !== before.news) window.seen.news ??= Date.now();
    if (Number(score().dataset.revision) > before.revision) window.seen.score ??= Date.now();
    const isDone = window.seen.news && window.seen.score;
    if (isDone && !document.body.matches("[data-seen]")) document.body.dataset.seen = "";
  }).observe(document.body, { subtree: true, childList: true, attributes: true });
}"""


class Wire:
    """What is told on the live channel, and when."""

    def __init__(self, url: str) -> None:
        self.told: list[tuple[float, str]] = []
        self.pubsub = redis.Redis.from_url(url).pubsub()
        self.pubsub.psubscribe("live:*")
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(redis.ConnectionError):  # the house is gone at the end
            for message in self.pubsub.listen():
                if message["type"] == "pmessage":
                    self.told.append((1000 * time.time(), message["data"].decode().partition(" ")[2]))

    def first(self, *, after: float, score: bool) -> float:
        return next(at for at, name in list(self.told) if at >= after and (name == "score") == score)


def a_browser(chromium: Browser, house: House, names: dict[str, Any]) -> Page:
    context = chromium.new_context(base_url=house.web)
    context.add_cookies([{"name": names["cookie"], "value": names["session"], "url": house.web}])
    return context.new_page()


def open_pages(chromium: Browser, house: House, names: dict[str, Any]) -> tuple[Page, Page]:
    editing, watching = a_browser(chromium, house, names), a_browser(chromium, house, names)
    editing.goto(f"/c/{names['slug']}/actions/{names['action']}/")
    editing.evaluate(CLICKS)
    with watching.expect_response(lambda answer: "/live/" in answer.url, timeout=PATIENCE):
        watching.goto(f"/c/{names['slug']}/")
    watching.locator("#score .fresh--fresh").wait_for(timeout=PATIENCE)
    watching.evaluate(WATCH)
    return editing, watching


def one_edit(editing: Page, watching: Page, wire: Wire, row: str, people: int) -> dict[str, float]:
    editing.locator(f"#edit-{row}").click()
    form = editing.locator(f"#{row} form[data-edit]")
    for name, value in (("low", people - 5), ("likely", people), ("high", people + 5)):
        form.locator(f"input[name={name}]").fill(str(value))
    watching.evaluate("window.next()")
    form.get_by_role("button", name="Save").click()
    watching.locator("body[data-seen]").wait_for(state="attached", timeout=PATIENCE)
    seen, clicked = watching.evaluate("window.seen"), editing.evaluate("window.clicked")
    editing.locator(f"#edit-{row}").wait_for(timeout=PATIENCE)
    published = wire.first(after=clicked, score=False)
    scored = wire.first(after=published, score=True)
    return {
        "news in the other browser": seen["news"] - clicked,
        "score in the other browser": seen["score"] - clicked,
        "- click to saved and told": published - clicked,
        "- queue and worker": scored - published,
        "- score told to shown": seen["score"] - scored,
    }


def measured(house: House, edits: int) -> list[dict[str, float]]:
    names = house.rows("small")
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    wire = Wire(house.environment["REDIS_URL"])
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        editing, watching = open_pages(chromium, house, names)
        rows = editing.locator("#pledges tr[data-live]").evaluate_all("rows => rows.map((row) => row.id)")
        turns = (
            (rows[turn % len(rows)], 40 + turn % len(rows) + turn // len(rows)) for turn in range(edits + 3)
        )
        times = [one_edit(editing, watching, wire, row, people) for row, people in turns]
        chromium.close()
    return times[3:]  # the first ones fill caches


def main() -> None:
    edits = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as folder, own_house(Path(folder), durable=True) as house:
        times = measured(house, edits)
    print(f"{len(times)} edits, milliseconds after the click; load {os.getloadavg()[0]:.1f}")
    for name in times[0]:
        values = [each[name] for each in times]
        print(f"  {name:<28} median {median(values):7.0f}   p95 {quantiles(values, n=20)[-1]:7.0f}")
    share = median(each["- queue and worker"] / each["score in the other browser"] for each in times)
    print(f"  spent in queue and worker: {share:.0%} (median of the shares)")


if __name__ == "__main__":
    main()
