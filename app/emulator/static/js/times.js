// Turns the server's UTC into the reader's own time zone and way of writing times.

const SHAPES = {
  clock: { hour: "2-digit", minute: "2-digit" },
  seconds: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
  day: { weekday: "long", day: "numeric", month: "long" },
  time: { hour: "numeric", minute: "2-digit" },
  time_secs: { hour: "numeric", minute: "2-digit", second: "2-digit" },
  date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
  date: { year: "numeric", month: "long", day: "numeric" },
  date_short: { year: "numeric", month: "short", day: "numeric" },
  date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
};
const UNITS = [["day", 86_400], ["hour", 3600], ["minute", 60]];
const WRITERS = new Map();

function writer(shape) {
  if (!WRITERS.has(shape)) WRITERS.set(shape, new Intl.DateTimeFormat(undefined, SHAPES[shape]));
  return WRITERS.get(shape);
}

export function localise(root) {
  for (const time of root.querySelectorAll("time[data-date]")) {
    const at = new Date(time.dateTime);
    time.textContent = time.dataset.date.replace(/\{(\w+)\}/g, (token, name) => part(name, at) ?? token);
    time.title = at.toLocaleString();
  }
  for (const time of root.querySelectorAll("time[data-show]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    time.textContent = writer(time.dataset.show).format(at);
    time.title = at.toLocaleString();
  }
  for (const field of root.querySelectorAll("input[data-seconds]")) field.setAttribute("value", localTime(field.dataset.seconds));
}

// A part of a date as an app asks for it: https://docs.slack.dev/messaging/formatting-message-text#date-formatting
function part(name, at) {
  if (name === "ago") return ago(at);
  const plain = name.replace(/_pretty$/, "");
  if (!SHAPES[plain]) return null;
  return (plain === name ? null : nearDay(at)) ?? writer(plain).format(at);
}

function nearDay(at) {
  const midnight = (date) => new Date(date).setHours(0, 0, 0, 0);
  const days = Math.round((midnight(at) - midnight(Date.now())) / 86_400_000);
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days];
}

function ago(at) {
  const seconds = Math.round((at - Date.now()) / 1000);
  const [unit, length] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(Math.trunc(seconds / length), unit);
}

// As a field for date and time wants it: the reader's own time, without saying so.
function localTime(seconds) {
  const at = new Date(seconds * 1000);
  return new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
