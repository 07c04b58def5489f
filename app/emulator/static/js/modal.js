// Modals: shown as the browser's own dialogs, which keep the focus inside and close on Escape.

import { stateOf } from "./interactions.js";
import { here } from "./place.js";
import { send } from "./send.js";

export function setUpModals() {
  document.addEventListener("submit", onSubmit);
  document.addEventListener("click", onClick);
  // `cancel` does not bubble.
  document.addEventListener("cancel", onCancel, true);
}

export function showModal() {
  const dialog = document.querySelector("dialog.modal");
  if (!dialog || dialog.open) return;
  dialog.showModal();
  dialog.querySelector(".modal-body .field, .modal-body input")?.focus();
}

function onCancel(event) {
  if (!event.target.matches("dialog.modal")) return;
  event.preventDefault();
  close(event.target);
}

function onClick(event) {
  const button = event.target.closest("[data-close]");
  if (button) close(button.closest("dialog"));
}

async function close(dialog) {
  const answer = await tell(dialog, "/emulator/close", {});
  if (answer) dialog.close();
}

async function onSubmit(event) {
  const form = event.target.closest("[data-submit]");
  if (!form) return;
  event.preventDefault();
  const dialog = form.closest("dialog");
  const button = form.querySelector(".primary");
  button.disabled = true;
  const answer = await tell(dialog, "/emulator/submit", { state: stateOf(dialog) });
  button.disabled = false;
  showErrors(form, answer?.errors ?? {});
  if (answer?.error) say(dialog, `We had some trouble connecting: ${answer.error}`);
}

async function tell(dialog, path, body) {
  say(dialog, "");
  try {
    return await send("POST", path, { ...here(), view: dialog.dataset.view, ...body });
  } catch (refusal) {
    say(dialog, refusal.message);
    return null;
  }
}

function say(dialog, words) {
  dialog.querySelector("[data-notice]").textContent = words;
}

function showErrors(form, errors) {
  for (const place of form.querySelectorAll("[data-error]")) {
    const words = errors[place.dataset.error] ?? "";
    place.textContent = words;
    place.closest(".block-input").classList.toggle("wrong", Boolean(words));
    place.closest(".block-input").querySelector(".field")?.toggleAttribute("aria-invalid", Boolean(words));
  }
  form.querySelector(".wrong .field")?.focus();
}
