// Menus are <details>: they work by themselves. This closes them as one expects, and moves through them by arrows.

function close(menu) {
  menu.open = false;
}

function itemsOf(menu) {
  return [...menu.querySelectorAll(".menu-item")];
}

function step(menu, key) {
  const items = itemsOf(menu);
  const at = items.indexOf(document.activeElement);
  const next = { ArrowDown: at + 1, ArrowUp: at < 0 ? items.length - 1 : at - 1, Home: 0, End: items.length - 1 }[key];
  items[(next + items.length) % items.length]?.focus();
}

function onKey(event) {
  const menu = event.target.closest?.("details.menu");
  if (!menu) return;
  if (event.key === "Escape" && menu.open) {
    close(menu);
    menu.querySelector("summary").focus();
    event.stopPropagation();
  } else if (["ArrowDown", "ArrowUp", "Home", "End"].includes(event.key) && menu.open) {
    event.preventDefault();
    step(menu, event.key);
  }
}

function onClick(event) {
  const inside = event.target.closest("details.menu");
  const chosen = event.target.closest(".menu-item");
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== inside || chosen) close(menu);
  }
}

export function setUpMenus() {
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick);
}
