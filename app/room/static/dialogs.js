/** Questions that hold everything else up until they are answered. */

const questions = new WeakMap();

/** Show a dialog; resolves to its form's fields when the answer is yes, to null otherwise. */
export function ask(dialog) {
  const question = {};
  questions.set(dialog, question);
  dialog.returnValue = "";
  dialog.querySelector("[data-cancel]").onclick = () => dialog.close("");
  dialog.showModal();
  return new Promise((resolve) => {
    const closed = () => {
      const isCurrent = questions.get(dialog) === question;
      // The event comes a moment after the closing: by then the same question may have been asked again.
      if (isCurrent && dialog.open) return;
      dialog.removeEventListener("close", closed);
      resolve(isCurrent ? answer(dialog) : null);
    };
    dialog.addEventListener("close", closed);
  });
}

function answer(dialog) {
  return dialog.returnValue === "yes" ? new FormData(dialog.querySelector("form")) : null;
}
