// Changes a piece of the page into a fresh one, touching only what differs: focus, scrolling and typing survive.
//
// `data-key` says which children are the same thing before and after. `data-keep` marks what belongs to the
// browser (a field that is being filled in, a list that is open): it is left as it is.

const OWN_STATE = new Set(["open", "hidden", "aria-expanded", "aria-activedescendant"]);

export function morph(current, fresh) {
  if (current.isEqualNode(fresh)) return;
  if (current.nodeType !== Node.ELEMENT_NODE) {
    if (current.nodeValue !== fresh.nodeValue) current.nodeValue = fresh.nodeValue;
    return;
  }
  morphAttributes(current, fresh);
  if (!current.hasAttribute("data-keep")) morphChildren(current, fresh);
}

function morphAttributes(current, fresh) {
  for (const { name, value } of fresh.attributes) {
    if (current.getAttribute(name) !== value && !isOwn(current, name)) current.setAttribute(name, value);
  }
  for (const { name } of [...current.attributes]) {
    if (!fresh.hasAttribute(name) && !isOwn(current, name)) current.removeAttribute(name);
  }
}

function isOwn(element, name) {
  if (name === "open") return element.matches("details, dialog");
  return OWN_STATE.has(name) && (element.hasAttribute("data-keep") || element.hasAttribute("data-drawer"));
}

function morphChildren(current, fresh) {
  // Those that go leave first, so that those that stay need not be moved, which would cost them the focus.
  const staying = keyed(fresh);
  for (const [key, child] of keyed(current)) if (!staying.has(key)) child.remove();
  const known = keyed(current);
  let place = current.firstChild;
  for (const child of [...fresh.childNodes]) {
    const match = counterpart(child, place, known);
    if (match === null) {
      current.insertBefore(document.importNode(child, true), place);
      continue;
    }
    if (match === place) place = place.nextSibling;
    else current.insertBefore(match, place);
    morph(match, child);
  }
  while (place !== null) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

function keyed(parent) {
  const found = new Map();
  for (const child of parent.children) if (child.dataset.key) found.set(child.dataset.key, child);
  return found;
}

function counterpart(child, place, known) {
  const key = child.dataset?.key;
  if (key) {
    const match = known.get(key) ?? null;
    return match !== null && match.nodeName === child.nodeName ? match : null;
  }
  // Children without a key are matched by their place, never with one that has a key of its own.
  const fits = place !== null && place.nodeName === child.nodeName && !place.dataset?.key;
  return fits ? place : null;
}
