// Faults, rate limits and switches of the inspector.

import { morph } from "./morph.js";
import { send } from "./send.js";

const controls = document.getElementById("controls");
const NUMBERS = ["times", "skip", "status", "retry_after", "seconds"];

export async function refreshControls() {
  const text = await (await fetch("/inspector/controls")).text();
  const fresh = new DOMParser().parseFromString(`<aside>${text}</aside>`, "text/html").querySelector("aside");
  for (const { name, value } of controls.attributes) fresh.setAttribute(name, value);
  morph(controls, fresh);
  settle();
}

// A field that somebody has used no longer follows its attributes by itself; one that is being used is left alone.
function settle() {
  for (const select of controls.querySelectorAll("select[data-switch]")) {
    if (select !== document.activeElement) select.value = select.querySelector("option[selected]").value;
  }
  for (const input of controls.querySelectorAll("input[data-switch]")) {
    if (input !== document.activeElement) input.value = input.getAttribute("value");
  }
  const limits = controls.querySelector("[data-limits]");
  limits.checked = limits.hasAttribute("checked");
}

export function setUpControls({ say, onReset }) {
  const doing = (work) => work.then(() => say(""), (refusal) => say(refusal.message)).then(refreshControls);

  controls.addEventListener("click", (event) => {
    const chosen = (name) => event.target.closest(`[data-${name}]`);
    if (chosen("preset")) doing(addPreset(JSON.parse(chosen("preset").dataset.preset)));
    else if (chosen("remove-fault")) doing(send("DELETE", `/emulator/faults/${chosen("remove-fault").dataset.removeFault}`));
    else if (chosen("clear-faults")) doing(send("DELETE", "/emulator/faults"));
    else if (chosen("reset") && confirm("Forget all messages, calls, faults and requests?")) {
      doing(send("POST", "/emulator/reset", {}).then(onReset));
    }
  });
  controls.addEventListener("submit", (event) => {
    event.preventDefault();
    if (event.target.matches("[data-fault]")) doing(addFault(event.target));
    if (event.target.matches("[data-limit]")) doing(setLimit(event.target));
    if (event.target.matches("[data-happen]")) doing(happen(event.target));
  });
  controls.addEventListener("change", (event) => {
    const { target } = event;
    if (target.matches("[data-switch]")) doing(send("PATCH", "/emulator/switches", { [target.dataset.switch]: position(target) }));
    else if (target.matches("[data-limits]")) doing(send("PATCH", "/emulator/limits", { on: target.checked }));
    else if (target.name === "kind") showFields(target);
    else if (target.closest("[data-limit]") && target.name === "method") {
      target.form.elements.per_minute.value = target.selectedOptions[0].dataset.limit;
    }
  });
}

function addPreset(preset) {
  return send("POST", "/emulator/faults", { method: controls.querySelector("[data-fault] [name=method]").value, ...preset });
}

function addFault(form) {
  const fault = {};
  for (const field of form.elements) {
    if (!field.name || !field.value || field.closest("[hidden]")) continue;
    fault[field.name] = NUMBERS.includes(field.name) ? Number(field.value) : field.value;
  }
  return send("POST", "/emulator/faults", fault);
}

function showFields(kind) {
  for (const label of kind.form.querySelectorAll("[data-for]")) label.hidden = !label.dataset.for.split(" ").includes(kind.value);
}

function setLimit(form) {
  const { method, per_minute: limit } = form.elements;
  return send("PATCH", "/emulator/limits", { per_minute: { [method.value]: Number(limit.value) } });
}

// What is written as JSON is sent as JSON.
async function happen(form) {
  if (form.dataset.question && !confirm(form.dataset.question)) return;
  const fields = [...form.elements].filter((field) => field.name);
  const read = (field) => (field.matches("textarea") ? JSON.parse(field.value) : field.value);
  await send("POST", `/emulator/${form.dataset.happen}`, Object.fromEntries(fields.map((field) => [field.name, read(field)])));
}

function position(field) {
  if (field.matches("select")) return JSON.parse(field.value);
  return field.value ? Number(field.value) : null;
}
