// The workspace page: what the server renders, kept up to date.

import { announceChanges, notice } from "./announce.js";
import { restoreDrafts, setUpComposers } from "./composer.js";
import { setDrawer, setUpDrawer } from "./drawer.js";
import { setUpInteractions } from "./interactions.js";
import { listen, oneAtATime } from "./live.js";
import { setUpMenus } from "./menus.js";
import { setUpModals, showModal } from "./modal.js";
import { morph } from "./morph.js";
import { app, here } from "./place.js";
import { send } from "./send.js";
import { localise } from "./times.js";

const NEAR = 80;
const lost = document.getElementById("lost");

const refresh = oneAtATime(async () => {
  try {
    const address = location.href;
    const text = await (await fetch(address)).text();
    // Somebody may have gone elsewhere meanwhile; that has asked for its own page.
    if (address === location.href) show(text);
  } catch {
    lost.hidden = false;
  }
});

function show(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const fresh = page.getElementById("app");
  localise(fresh);
  const before = notice(app);
  const isSamePlace = fresh.dataset.channel === app.dataset.channel && fresh.dataset.user === app.dataset.user;
  const scroll = app.querySelector("[data-scroll]");
  const follows = !isSamePlace || !scroll || scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR;
  morph(app, fresh);
  document.title = page.title;
  lost.hidden = true;
  if (follows) scrollDown();
  if (isSamePlace) announceChanges(before, notice(app));
  else restoreDrafts();
  showModal();
}

function scrollDown() {
  for (const scroll of app.querySelectorAll("[data-scroll]")) scroll.scrollTop = scroll.scrollHeight;
}

async function go(address, { push = true } = {}) {
  if (push) history.pushState(null, "", address);
  setDrawer(false);
  await refresh();
  const thread = app.querySelector(".thread textarea");
  (thread ?? document.getElementById("here")).focus();
  greetHome();
}

// The app hears when somebody looks at its Home.
function greetHome() {
  if (app.hasAttribute("data-greets")) send("POST", "/emulator/home", here()).catch(() => {});
}

function onClick(event) {
  const link = event.target.closest("a[data-go]");
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
  if (!link || !isPlain) return;
  event.preventDefault();
  go(link.href);
}

function onEscape(event) {
  const closer = event.key === "Escape" ? document.querySelector("[data-escape]") : null;
  if (closer?.closest(".thread").contains(event.target)) closer.click();
}

setUpMenus();
setUpDrawer();
setUpComposers();
setUpInteractions();
setUpModals();
document.addEventListener("click", onClick);
document.addEventListener("keydown", onEscape);
addEventListener("popstate", () => go(location.href, { push: false }));
localise(app);
scrollDown();
showModal();
greetHome();
listen({
  onNews: (revision) => revision !== Number(app.dataset.revision) && refresh(),
  onLost: () => (lost.hidden = false),
  onBack: () => (lost.hidden = true),
});
