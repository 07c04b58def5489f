// Turns the server's UTC into the reader's own time zone and way of writing times.

const SHAPES = {
  clock: { hour: "2-digit", minute: "2-digit" },
  seconds: { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" },
  day: { weekday: "long", day: "numeric", month: "long" },
};
const WRITERS = new Map();

function writer(shape) {
  if (!WRITERS.has(shape)) WRITERS.set(shape, new Intl.DateTimeFormat(undefined, SHAPES[shape]));
  return WRITERS.get(shape);
}

export function localise(root) {
  for (const time of root.querySelectorAll("time[data-show]")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    time.textContent = writer(time.dataset.show).format(at);
    time.title = at.toLocaleString();
  }
  for (const field of root.querySelectorAll("input[data-seconds]")) field.setAttribute("value", localTime(field.dataset.seconds));
}

// As a field for date and time wants it: the reader's own time, without saying so.
function localTime(seconds) {
  const at = new Date(seconds * 1000);
  return new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
