// Live pages: the stream names what went stale, and each element fetches itself anew under its own address.
// Nothing that a person is typing is ever overwritten: such an element waits until its form is closed.
(() => {
  "use strict";
  const { liveUrl, missedUrl, revision } = document.body.dataset;
  if (!liveUrl || !window.EventSource) return;

  const POLL_EVERY = 15000;      // without a stream the page looks by itself
  const PATIENCE = 4000;         // a short gap is nobody's concern
  const HIDDEN_FOR = 30000;      // a tab that nobody sees gives its stream back
  const GATHER = 120;            // several notes about one element make one fetch
  const SETTLED = 60;            // htmx needs 20 ms until a new element listens
  const LOST_AFTER = 15000;      // an answer that takes longer does not hold up the next question
  const AGAIN = 3000;            // what could not be fetched is asked for again, not by everybody at once
  let seen = Number(revision) || 0;
  let source = null, poll = null, lost = null, hidden = null, retry = null;

  const isBusy = (element) =>
    element.querySelector("form[data-edit]") !== null ||
    (element.contains(document.activeElement) && document.activeElement.matches("input, textarea, select"));

  // News that comes while an answer is under way is newer than that answer, and the element which could hear it is
  // about to be replaced: it is asked for again as soon as the new one listens.
  const asking = new Map();
  const refresh = (element) => {
    if (isBusy(element)) { element.dataset.waiting = ""; return; }
    const before = asking.get(element.id);
    if (before && performance.now() - before.at < LOST_AFTER) { before.again = true; return; }
    delete element.dataset.waiting;
    asking.set(element.id, { at: performance.now(), again: false });
    element.dispatchEvent(new Event("stale"));
  };
  document.addEventListener("htmx:afterRequest", ({ detail }) => {
    if (detail.requestConfig?.triggeringEvent?.type !== "stale") return;
    const { id } = detail.requestConfig.elt;
    setTimeout(() => {
      const isNewer = asking.get(id)?.again;
      asking.delete(id);
      if (isNewer) note(document.getElementById(id));
    }, SETTLED);
  });

  const due = new Map();
  const note = (element) => {
    if (!element || !element.matches("[data-live]") || due.has(element)) return;
    const later = performance.now() - Number(element.dataset.asked || -Infinity) < GATHER ? GATHER : 0;
    due.set(element, setTimeout(() => {
      due.delete(element);
      if (!element.isConnected) element = document.getElementById(element.id);
      if (!element) return;
      element.dataset.asked = performance.now();
      refresh(element);
    }, later));
  };

  const everything = () => document.querySelectorAll("[data-live]").forEach(note);

  const heard = (name, at) => {
    if (at > seen) seen = at;
    if (name === "resync") { everything(); return; }
    note(document.getElementById(name));
    // Lists say which kinds of news they hold: "organization" covers every row of that kind.
    document.querySelectorAll("[data-hears]").forEach((list) => {
      const kinds = list.dataset.hears.split(" ");
      if (kinds.includes("*") ? name !== "score" : kinds.includes(name.split("-")[0])) note(list);
    });
  };

  // Elements that waited for a form to close catch up as soon as it is gone.
  document.addEventListener("htmx:afterSettle", () =>
    document.querySelectorAll("[data-waiting]").forEach((element) => { if (!isBusy(element)) note(element); }));
  document.addEventListener("focusout", () => setTimeout(() =>
    document.querySelectorAll("[data-waiting]").forEach((element) => { if (!isBusy(element)) note(element); }), 0));

  // A row that is gone for everybody goes from this page too.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status === 404 && event.detail.target.matches("[data-live]") &&
        event.detail.requestConfig.triggeringEvent?.type === "stale") {
      event.detail.shouldSwap = true;
      event.detail.isError = false;
      event.detail.serverResponse = "";
    }
  });
  // Somebody may begin to type between the question and the answer: then the answer waits too.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.requestConfig.triggeringEvent?.type === "stale" && event.detail.shouldSwap &&
        isBusy(event.detail.target)) {
      event.detail.shouldSwap = false;
      event.detail.target.dataset.waiting = "";
    }
  });

  // The news of a fragment comes once: if it could not be fetched then, ask again until it can.
  const askAgain = ({ detail }) => {
    const isRefused = [403, 404].includes(detail.xhr?.status);
    if (detail.requestConfig?.triggeringEvent?.type !== "stale" || isRefused) return;
    setTimeout(() => note(document.getElementById(detail.requestConfig.elt.id)), AGAIN * (1 + Math.random()));
  };
  ["htmx:responseError", "htmx:sendError", "htmx:timeout"].forEach((name) => document.addEventListener(name, askAgain));

  const say = (key) => {
    const line = document.getElementById("sync");
    if (!line) return;
    line.hidden = !key;
    line.textContent = key ? line.dataset[key] : "";
  };

  const look = async () => {
    try {
      const answer = await fetch(missedUrl.replace(/0\/?$/, `${seen}/`), { headers: { "HX-Request": "true" }, redirect: "manual" });
      if (!answer.ok) return;
      const { revision: now, fragments } = await answer.json();
      fragments.forEach((name) => heard(name, now));
    } catch { /* still away; the next look tries again */ }
  };

  const isBack = () => {
    clearTimeout(lost); clearInterval(poll); lost = poll = null;
    say("");
  };
  const isAway = () => {
    lost ??= setTimeout(() => { say("lost"); look(); poll = setInterval(look, POLL_EVERY); }, PATIENCE);
  };

  const open = () => {
    if (source || document.hidden) return;
    const address = new URL(liveUrl, location.href);
    address.searchParams.set("since", seen);
    source = new EventSource(address, { withCredentials: true });
    source.addEventListener("open", isBack);
    source.addEventListener("stale", (event) => heard(event.data, Number(event.lastEventId) || 0));
    source.addEventListener("error", () => {
      isAway();
      if (source && source.readyState === EventSource.CLOSED) {  // refused: the browser does not come back by itself
        close();
        clearTimeout(retry);
        retry = setTimeout(open, POLL_EVERY);
      }
    });
  };
  const close = () => { source?.close(); source = null; };

  document.addEventListener("visibilitychange", () => {
    clearTimeout(hidden);
    if (document.hidden) hidden = setTimeout(close, HIDDEN_FOR);
    else open();
  });
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => { if (event.persisted) { open(); look(); } });
  open();
})();
