/** Questions that hold everything else up until they are answered. */

/** Show a dialog; resolves to its form's fields when the answer is yes, to null otherwise. */
export function ask(dialog) {
  dialog.returnValue = "";
  dialog.querySelector("[data-cancel]").onclick = () => dialog.close("");
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(answer(dialog)), { once: true });
  });
}

function answer(dialog) {
  return dialog.returnValue === "yes" ? new FormData(dialog.querySelector("form")) : null;
}
