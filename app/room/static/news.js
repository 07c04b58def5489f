/** Short notes about what happens, to be seen for some seconds and to be read by a screen reader. */

const SECONDS = 5;
const MOST = 4;

export function announce(words) {
  const list = document.getElementById("news");
  const note = document.createElement("p");
  note.textContent = words;
  list.append(note);
  while (list.children.length > MOST) list.firstElementChild.remove();
  setTimeout(() => note.remove(), SECONDS * 1000);
}
