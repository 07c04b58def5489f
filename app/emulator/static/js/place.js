// Who acts where: what the server wrote into the page it made.

export const app = document.getElementById("app");

export function here() {
  const { user, team, channel, thread } = app.dataset;
  return { user, team, channel, thread };
}
