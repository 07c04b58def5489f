// On a narrow screen the sidebar is a drawer.

const scrim = document.querySelector("[data-scrim]");

function buttonOf() {
  return document.querySelector("[data-drawer]");
}

export function setDrawer(isOpen) {
  document.body.classList.toggle("drawer-open", isOpen);
  scrim.hidden = !isOpen;
  buttonOf()?.setAttribute("aria-expanded", String(isOpen));
}

export function setUpDrawer() {
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-drawer]")) {
      setDrawer(true);
      document.querySelector("#sidebar summary").focus();
    } else if (event.target === scrim) setDrawer(false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || scrim.hidden) return;
    setDrawer(false);
    buttonOf().focus();
  });
}
