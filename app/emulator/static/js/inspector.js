// The inspector: requests as they come, filters, replay, and the switches.

import { setUpControls, refreshControls } from "./controls.js";
import { listen, oneAtATime } from "./live.js";
import { send } from "./send.js";
import { localise } from "./times.js";

const MOST = 500;
const list = document.getElementById("entries");
const fields = Object.fromEntries(["text", "direction", "status", "method"].map((id) => [id, document.getElementById(id)]));
const pause = document.getElementById("pause");
const notice = document.getElementById("notice");
let revision = Number(list.dataset.revision);

const refresh = oneAtATime(async () => {
  const newest = list.firstElementChild?.dataset.number ?? 0;
  const text = await (await fetch(`/inspector/entries?after=${newest}`)).text();
  const fresh = new DOMParser().parseFromString(text, "text/html");
  localise(fresh);
  list.prepend(...fresh.querySelectorAll(".entry"));
  while (list.children.length > MOST) list.lastElementChild.remove();
  await refreshControls();
  filter();
});

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
    if (news === revision || isPaused()) return;
    revision = news;
    refresh();
  },
  onLost: () => (notice.textContent = "The workspace does not answer. Trying again …"),
  onBack: () => (notice.textContent = ""),
});
