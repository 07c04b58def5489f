// Listens for news. A page that nobody looks at does not listen: browsers allow only six connections to one server.

export function listen({ onNews, onLost, onBack }) {
  let source = null;

  function open() {
    if (source !== null || document.hidden) return;
    source = new EventSource("/stream");
    source.addEventListener("news", (event) => onNews(Number(event.data)));
    source.addEventListener("open", onBack);
    source.addEventListener("error", onLost);
  }

  function close() {
    source?.close();
    source = null;
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  addEventListener("pageshow", open);
  open();
}

// Runs a task again and again without ever running it twice at once; a wish that comes meanwhile is granted after.
export function oneAtATime(task) {
  let running = null;
  let wanted = false;

  async function run() {
    try {
      do {
        wanted = false;
        await task();
      } while (wanted);
    } finally {
      running = null;
    }
  }

  return () => {
    wanted = true;
    // A task that fails at once has been forgotten by the time it is returned.
    return (running ??= Promise.resolve().then(run));
  };
}
