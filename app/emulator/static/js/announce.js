// Tells who cannot see it what changed: new messages, and calls that people join, leave and end.

const announcer = document.getElementById("announcer");

export function announce(text) {
  announcer.textContent = text;
}

export function notice(root) {
  const messages = new Map();
  for (const message of root.querySelectorAll(".messages [data-ts]")) {
    messages.set(message.dataset.key, `${message.dataset.author}: ${message.dataset.words}`);
  }
  const cards = new Map();
  for (const card of root.querySelectorAll("[data-summary]")) cards.set(card.dataset.key, card.dataset.summary);
  return { messages, cards };
}

export function announceChanges(before, after) {
  const added = [...after.messages].filter(([key]) => !before.messages.has(key));
  const changed = [...after.cards].filter(([key, summary]) => before.cards.get(key) !== summary);
  const news = [...added, ...changed].map(([, words]) => words);
  if (news.length > 0) announce(news.slice(-3).join(". "));
}
