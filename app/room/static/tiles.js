/** The pictures of all who are in. */

import { tileSize } from "./layout.js";
import { showFace } from "./names.js";

export class Tiles {
  #list = document.getElementById("tiles");
  #tiles = new Map();

  constructor() {
    new ResizeObserver(() => this.#arrange()).observe(this.#list.parentElement);
  }

  /** `stream` is what is played in the tile; one's own without sound, and as in a mirror. */
  add(person, stream, isSelf = false) {
    const tile = document.getElementById("tile").content.firstElementChild.cloneNode(true);
    tile.dataset.connection = person.connection_id;
    tile.classList.toggle("self", isSelf);
    const video = tile.querySelector("video");
    video.muted = isSelf;
    video.srcObject = stream;
    this.#tiles.set(person.connection_id, tile);
    this.#list.append(tile);
    this.show(person, isSelf);
    this.#arrange();
  }

  /** Show how somebody is now. */
  show(person, isSelf = false) {
    const tile = this.#tiles.get(person.connection_id);
    if (!tile) return;
    tile.classList.toggle("has-video", person.video);
    tile.classList.toggle("is-muted", !person.audio);
    tile.classList.toggle("is-away", person.is_away);
    tile.querySelector(".name").textContent = isSelf ? `${person.name} (you)` : person.name;
    showFace(tile.querySelector(".avatar"), person.name, person.participant_id);
  }

  /** Words over the picture about its connection; none when all is well. */
  showState(id, words) {
    const place = this.#tiles.get(id)?.querySelector(".state");
    if (!place) return;
    place.textContent = words;
    place.hidden = !words;
  }

  showSpeaking(ids) {
    for (const [id, tile] of this.#tiles) tile.classList.toggle("is-speaking", ids.has(id));
  }

  remove(id) {
    this.#tiles.get(id)?.remove();
    this.#tiles.delete(id);
    this.#arrange();
  }

  clear() {
    for (const id of [...this.#tiles.keys()]) this.remove(id);
  }

  #arrange() {
    const place = this.#list.parentElement.getBoundingClientRect();
    const { width, height } = tileSize(this.#tiles.size, place);
    this.#list.style.setProperty("--tile-width", `${width}px`);
    this.#list.style.setProperty("--tile-height", `${height}px`);
  }
}
