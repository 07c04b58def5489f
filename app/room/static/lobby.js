/** Before the call: a name, a look at one's own picture, and the devices. */

import { showFace } from "./names.js";

/** Kept for this window alone: another one may be somebody else. */
const NAME_KEY = "local-room-name";

/** Show the lobby; `join(name)` is called when the person wants in, and may throw an error to be shown. */
export function openLobby(media, join) {
  const lobby = document.getElementById("lobby");
  const field = lobby.querySelector("#name");
  // Who comes by a link of their own is called what the link says.
  if (field.readOnly) lobby.querySelector("#join button").focus();
  else {
    field.value = sessionStorage.getItem(NAME_KEY) ?? "";
    field.focus();
  }
  const show = () => showPreview(lobby, media, field.value);
  field.addEventListener("input", show);
  media.addEventListener("change", show);
  lobby.querySelector("#join").addEventListener("submit", (event) => submit(event, lobby, field, join));
  show();
}

function showPreview(lobby, media, name) {
  const tile = lobby.querySelector("#preview-tile");
  const video = tile.querySelector("video");
  // Not before there is a picture: the page would go on loading for as long as it waits for one.
  if (media.isOn("video") && !video.srcObject) video.srcObject = media.stream;
  tile.classList.toggle("has-video", media.isOn("video"));
  showFace(tile.querySelector(".avatar"), name, name);
  lobby.querySelector(".problem").textContent = [...media.problems.values()].join(" ");
}

async function submit(event, lobby, field, join) {
  event.preventDefault();
  const button = lobby.querySelector("#join button");
  const name = field.value.trim();
  if (!name || button.disabled) return;
  if (!field.readOnly) sessionStorage.setItem(NAME_KEY, name);
  button.disabled = true;
  await join(name).catch((error) => refuse(lobby, error.message));
  button.disabled = false;
}

function refuse(lobby, words) {
  const place = lobby.querySelector(".refusal");
  place.textContent = words;
  place.hidden = false;
}
