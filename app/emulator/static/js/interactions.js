// Buttons, menus and fields of the app, in messages, modals and its Home.

import { announce } from "./announce.js";
import { oneAtATime } from "./live.js";
import { here } from "./place.js";
import { send } from "./send.js";

const FIELDS = "input.field, select.field, textarea.field, [data-several]";

export function setUpInteractions() {
  document.addEventListener("click", onClick);
  document.addEventListener("change", onChange);
  document.addEventListener("keydown", onKey);
  document.addEventListener("input", onInput);
}

// The values of all fields of a view or message, by block and action.
export function stateOf(root) {
  const state = {};
  for (const element of root.querySelectorAll("[data-block]")) {
    if (!element.matches(FIELDS)) continue;
    (state[element.dataset.block] ??= {})[element.dataset.action] = valuesOf(element);
  }
  return state;
}

function valuesOf(element) {
  if (element.hasAttribute("data-several")) {
    return [...element.querySelectorAll("input:checked")].map((input) => input.value);
  }
  if (element.multiple) return [...element.selectedOptions].map((option) => option.value);
  if (element.type === "datetime-local") return element.value ? [String(Math.floor(new Date(element.value) / 1000))] : [];
  return element.value ? [element.value] : [];
}

function onClick(event) {
  const button = event.target.closest("button[data-block], a[data-block]");
  if (button) use(button, button.value ? [button.value] : []);
  const shortcut = event.target.closest("[data-shortcut]");
  if (shortcut) useShortcut(shortcut);
  const decline = event.target.closest("[data-decline]");
  if (decline) report(decline, send("POST", "/emulator/decline", { ...here(), call: decline.dataset.decline }));
}

function onChange(event) {
  const element = event.target.closest("[data-at-once]");
  if (element?.matches(FIELDS) && !isWritten(element)) use(element, valuesOf(element));
}

// Fields that are written in are sent with Enter.
function onKey(event) {
  const element = event.target.closest?.("input[data-at-once]");
  if (event.key === "Enter" && element && isWritten(element)) {
    event.preventDefault();
    use(element, valuesOf(element));
  }
}

// Menus whose options the app gives while one types.
function onInput(event) {
  if (event.target.matches("[data-remote]")) suggestionsFor(event.target)();
}

const suggestions = new WeakMap();

function suggestionsFor(field) {
  if (!suggestions.has(field)) suggestions.set(field, oneAtATime(() => suggest(field)));
  return suggestions.get(field);
}

async function suggest(field) {
  const asked = { ...here(), ...placeOf(field), action: field.dataset.action, text: field.value };
  const { options } = await send("POST", "/emulator/suggest", asked).catch(() => ({ options: [] }));
  field.list.replaceChildren(...options.map((option) => new Option(option.text.text, option.value)));
}

function placeOf(element) {
  const view = element.closest("[data-view]");
  return view ? { view: view.dataset.view } : { ts: element.closest("[data-ts]").dataset.ts };
}

function isWritten(element) {
  return element.matches("textarea, input:not([type=date], [type=time], [type=datetime-local], [data-remote])");
}

function use(element, values) {
  if (element.dataset.question && !confirm(element.dataset.question)) return;
  const root = element.closest("[data-view], [data-ts]");
  const { block, action } = element.dataset;
  report(element, send("POST", "/emulator/act", { ...here(), ...placeOf(element), block, action, values, state: stateOf(root) }));
}

function useShortcut(item) {
  const { shortcut, ts } = item.dataset;
  report(item, send("POST", "/emulator/shortcut", { ...here(), shortcut, ts: ts ?? "" }));
}

// Slack shows a small warning sign where an app did not answer; here it says what happened.
async function report(element, answered) {
  element.setAttribute("aria-busy", "true");
  const failure = await answered.then((answer) => answer.error, (refusal) => refusal.message);
  element.removeAttribute("aria-busy");
  element.classList.toggle("failed", Boolean(failure));
  element.title = failure ? `The app did not take it: ${failure}` : "";
  if (failure) announce(element.title);
}
