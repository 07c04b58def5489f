/** The list of who is in: people, each once, whatever they have brought along. */

import { showFace } from "./names.js";

export class PeopleList {
  #panel = document.getElementById("people");
  #button = document.getElementById("show-people");

  constructor() {
    this.#button.addEventListener("click", () => this.#toggle(this.#panel.hidden));
    this.#panel.querySelector("[data-close]").addEventListener("click", () => this.#close());
    this.#panel.addEventListener("keydown", (event) => event.key === "Escape" && this.#close());
  }

  /** `connections` are all that are in, `selfId` is one's own. */
  show(connections, selfId) {
    const people = byPerson(connections);
    const lines = [...people.values()].map((devices) => line(devices, selfId));
    this.#panel.querySelector("ul").replaceChildren(...lines);
    this.#button.querySelector(".count").textContent = people.size;
    this.#button.setAttribute("aria-label", people.size === 1 ? "People: only you" : `People: ${people.size}`);
  }

  #close() {
    this.#toggle(false);
    this.#button.focus();
  }

  #toggle(isOpen) {
    this.#panel.hidden = !isOpen;
    this.#button.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) this.#panel.querySelector("[data-close]").focus();
  }
}

function byPerson(connections) {
  const people = new Map();
  for (const connection of connections) {
    const devices = people.get(connection.participant_id) ?? [];
    people.set(connection.participant_id, [...devices, connection]);
  }
  return people;
}

function line(devices, selfId) {
  const [person] = devices;
  const item = document.getElementById("person").content.firstElementChild.cloneNode(true);
  showFace(item.querySelector(".face"), person.name, person.participant_id);
  item.querySelector(".name").textContent = person.name;
  item.querySelector(".note").textContent = notes(devices, selfId).join(" · ");
  item.classList.toggle("is-muted", devices.every((device) => !device.audio));
  return item;
}

function notes(devices, selfId) {
  return [
    devices.some((device) => device.connection_id === selfId) && "you",
    devices.some((device) => device.is_host) && "host",
    devices.length > 1 && `${devices.length} tabs`,
    devices.every((device) => device.is_away) && "reconnecting…",
    devices.every((device) => !device.audio) && "muted",
  ].filter(Boolean);
}
