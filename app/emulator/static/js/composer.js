// Where one writes: Enter sends, Shift+Enter breaks the line, and a half-written message waits in its conversation.

import { Completion } from "./completion.js";
import { here } from "./place.js";
import { send } from "./send.js";

const drafts = new Map();
const completions = new WeakMap();

export function setUpComposers() {
  document.addEventListener("input", onInput);
  document.addEventListener("keydown", onKey);
  document.addEventListener("submit", onSubmit);
  document.addEventListener("click", onClick);
}

function fieldIn(element) {
  return element.closest?.("[data-composer]")?.querySelector("textarea") ?? null;
}

function completionOf(field) {
  if (!field.dataset.commands) return null;
  if (!completions.has(field)) completions.set(field, new Completion(field, document.getElementById("completion")));
  return completions.get(field);
}

function draftKey(form) {
  return [here().user, here().channel, form.dataset.composer === "thread" ? here().thread : ""].join(" ");
}

// After another conversation was opened: its own draft, or nothing.
export function restoreDrafts() {
  for (const form of document.querySelectorAll("[data-composer]")) {
    const field = form.querySelector("textarea");
    field.value = drafts.get(draftKey(form)) ?? "";
    form.querySelector("[data-notice]").textContent = "";
    fit(field);
  }
}

function onInput(event) {
  const field = fieldIn(event.target);
  if (field === null || field !== event.target) return;
  drafts.set(draftKey(field.form), field.value);
  fit(field);
  completionOf(field)?.update();
}

// The field grows with the text; in steps of rows, because styles may not be set from here.
function fit(field) {
  field.rows = Math.min(8, field.value.split("\n").length);
}

function onKey(event) {
  const field = fieldIn(event.target);
  if (field === null || field !== event.target || event.isComposing) return;
  if (completionOf(field)?.handle(event)) return;
  if (event.key === "Enter" && !event.shiftKey) {
    event.preventDefault();
    field.form.requestSubmit();
  }
}

async function onSubmit(event) {
  const form = event.target.closest("[data-composer]");
  if (!form) return;
  event.preventDefault();
  const field = form.querySelector("textarea");
  const text = field.value;
  if (!text.trim()) return;
  const said = form.querySelector("[data-notice]");
  said.textContent = "";
  clear(form, field);
  try {
    await send("POST", "/emulator/say", { ...here(), thread: form.dataset.composer === "thread" ? here().thread : "", text });
  } catch (refusal) {
    // What was typed is given back, unless something else was typed meanwhile.
    if (!field.value) field.value = text;
    said.textContent = refusal.message;
  }
}

function clear(form, field) {
  drafts.delete(draftKey(form));
  field.value = "";
  fit(field);
  completionOf(field)?.close();
}

function onClick(event) {
  const item = event.target.closest("[data-insert]");
  if (!item) return;
  const field = fieldIn(item);
  field.value = item.dataset.insert;
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
