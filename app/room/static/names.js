/** How a person is shown where there is no picture. */

/** One or two letters: "Ada Lovelace" → "AL". */
export function initials(name) {
  const words = name.split(/\s+/u).map((word) => word.match(/[\p{L}\p{N}]/u)?.[0]).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : words;
  return letters.join("").toUpperCase() || "?";
}

/** A colour's angle on the wheel that stays the same for a person. */
export function hue(id) {
  let sum = 0;
  for (const letter of id) sum = (sum * 31 + letter.codePointAt(0)) % 360;
  return sum;
}

/** Give an element the letters and the colour of a person. */
export function showFace(element, name, id) {
  element.textContent = initials(name);
  element.style.setProperty("--hue", hue(id));
}
