// Completes slash commands while one types, with the app's own hints of what may follow.

export function completions(text, commands) {
  if (!text.startsWith("/") || text.includes("\n")) return [];
  const [name, ...rest] = text.split(" ");
  if (rest.length === 0) return commands.filter((each) => each.name.startsWith(name)).map(asCommand);
  const command = commands.find((each) => each.name === name);
  if (!command || rest.length > 1) return [];
  const begun = command.subcommands.filter(([word]) => word.startsWith(rest[0]) && word !== rest[0]);
  return begun.map(([word, hint]) => ({ insert: `${name} ${word}${hint ? " " : ""}`, label: `${name} ${word}`, hint, about: "" }));
}

function asCommand(command) {
  return { insert: `${command.name} `, label: command.name, hint: command.usage_hint, about: command.description };
}

export class Completion {
  constructor(field, list) {
    this.field = field;
    this.list = list;
    this.found = [];
    this.chosen = -1;
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => this.clicked(event));
    field.addEventListener("blur", () => this.close());
  }

  get isOpen() {
    return !this.list.hidden;
  }

  update() {
    this.found = completions(this.field.value, JSON.parse(this.field.dataset.commands));
    this.list.replaceChildren(...this.found.map(drawn));
    this.list.hidden = this.found.length === 0;
    this.field.setAttribute("aria-expanded", String(this.isOpen));
    this.choose(this.field.value.includes(" ") ? -1 : 0);
  }

  choose(index) {
    this.chosen = index;
    [...this.list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === index)));
    const option = this.list.children[index];
    if (option) this.field.setAttribute("aria-activedescendant", option.id);
    else this.field.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }

  close() {
    this.list.hidden = true;
    this.field.setAttribute("aria-expanded", "false");
    this.field.removeAttribute("aria-activedescendant");
  }

  // Whether the key was for the list.
  handle(event) {
    if (!this.isOpen) return false;
    const count = this.found.length;
    if (event.key === "ArrowDown") this.choose((this.chosen + 1) % count);
    else if (event.key === "ArrowUp") this.choose((Math.max(this.chosen, 0) - 1 + count) % count);
    else if (event.key === "Escape") this.close();
    else if (event.key === "Tab" && !event.shiftKey) this.take(Math.max(this.chosen, 0));
    else if (event.key === "Enter" && this.chosen >= 0 && !this.isComplete()) this.take(this.chosen);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  isComplete() {
    return this.field.value.trim() === this.found[this.chosen].insert.trim();
  }

  take(index) {
    this.field.value = this.found[index].insert;
    this.field.dispatchEvent(new Event("input", { bubbles: true }));
    this.field.focus();
  }

  clicked(event) {
    const option = event.target.closest("[role=option]");
    if (option) this.take([...this.list.children].indexOf(option));
  }
}

function drawn(completion, index) {
  const option = document.createElement("li");
  option.id = `completion-${index}`;
  option.setAttribute("role", "option");
  for (const [name, text] of [["code", completion.label], ["span", completion.hint], ["small", completion.about]]) {
    if (!text) continue;
    const part = document.createElement(name);
    part.textContent = text;
    option.append(part);
  }
  return option;
}
