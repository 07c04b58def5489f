// The inspector: requests as they come, filters, replay, and the switches.

import { setUpControls, refreshControls } from "./controls.js";
import { listen, oneAtATime } from "./live.js";
import { send } from "./send.js";
import { localise } from "./times.js";

const MOST = 500;
const LOST = "The workspace does not answer. Trying again …";
const list = document.getElementById("entries");
const fields = Object.fromEntries(["text", "direction", "status", "method"].map((id) => [id, document.getElementById(id)]));
const pause = document.getElementById("pause");
const notice = document.getElementById("notice");
let revision = Number(list.dataset.revision);
let wasLost = false;

const refresh = oneAtATime(() => load().catch(() => (notice.textContent = LOST)));

async function load() {
  // A workspace that was started anew counts its requests from 1 again, so all of them are asked for.
  const anew = wasLost;
  const newest = anew ? 0 : list.firstElementChild?.dataset.number ?? 0;
  const answer = await fetch(`/inspector/entries?after=${newest}`);
  if (!answer.ok) throw new Error(answer.statusText);
  const text = await answer.text();
  if (anew) {
    list.replaceChildren();
    wasLost = false;
  }
  const fresh = new DOMParser().parseFromString(text, "text/html");
  localise(fresh);
  list.prepend(...fresh.querySelectorAll(".entry"));
  while (list.children.length > MOST) list.lastElementChild.remove();
  await refreshControls();
  filter();
}

function fits(entry) {
  const { direction, status, method } = entry.dataset;
  const wanted = fields.text.value.trim().toLowerCase();
  return (
    (!fields.direction.value || fields.direction.value === direction) &&
    (!fields.status.value || fields.status.value === status) &&
    (!fields.method.value || fields.method.value === method) &&
    (!wanted || entry.textContent.toLowerCase().includes(wanted))
  );
}

function filter() {
  offerMethods();
  let shown = 0;
  for (const entry of list.children) {
    entry.hidden = !fits(entry);
    shown += entry.hidden ? 0 : 1;
  }
  const all = list.children.length;
  document.getElementById("count").textContent = shown === all ? `${all} requests` : `${shown} of ${all} requests`;
  document.getElementById("nothing").hidden = all > 0;
}

function offerMethods() {
  const known = new Set([...fields.method.options].map((option) => option.value));
  const methods = new Set([...list.children].map((entry) => entry.dataset.method));
  const fresh = [...methods].filter((method) => !known.has(method)).sort();
  fields.method.append(...fresh.map((method) => new Option(method, method)));
}

function isPaused() {
  return pause.getAttribute("aria-pressed") === "true";
}

pause.addEventListener("click", () => {
  pause.setAttribute("aria-pressed", String(!isPaused()));
  pause.textContent = isPaused() ? "Go on" : "Pause";
  if (!isPaused()) refresh();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-replay]");
  if (!button) return;
  button.disabled = true;
  notice.textContent = await send("POST", `/emulator/replay/${button.dataset.replay}`, {}).then(
    (answer) => (answer.status ? `The app answered ${answer.status}.` : "The app did not answer."),
    (refusal) => refusal.message,
  );
  button.disabled = false;
});

for (const field of Object.values(fields)) field.addEventListener("input", filter);
setUpControls({
  say: (words) => (notice.textContent = words),
  onReset: () => {
    list.replaceChildren();
    filter();
  },
});
localise(list);
filter();
listen({
  onNews: (news) => {
    // Numbers that fall are those of a workspace that was started anew while nobody listened.
    if (news < revision) wasLost = true;
    if (news === revision || isPaused()) return;
    revision = news;
    refresh();
  },
  onLost: () => {
    wasLost = true;
    notice.textContent = LOST;
  },
  onBack: () => {
    notice.textContent = "";
    if (wasLost && !isPaused()) refresh();
  },
});
