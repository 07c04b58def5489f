/** The line to the room's server: a stream of events from it, and small requests to it. */

const AGAIN_MS = 1000;
const REQUEST_MS = 5000;
const SILENT_PINGS = 3;
const NO_ANSWER = 0;
const IS_OVER = 205;

/** Ask to be let in. Resolves to the answer; throws an error with words for the person, and `isOver`. */
export async function join(address, body) {
  const answer = await post(`${address}/join`, body);
  if (answer?.ok) return answer.json();
  const told = await answer?.json().catch(() => null);
  const error = new Error(told?.error.message ?? "The room does not answer. Is it still running?");
  error.isOver = answer?.status === 404 || answer?.status === 410;
  throw error;
}

/**
 * `onMessage` gets what the server tells, `onState` one of "open", "broken" (it tries again by itself), "lost" (the
 * server has put us out: join again) and "over" (there is nothing left to join).
 */
export class Link {
  #seen = 0;
  #signals = 0;
  #heardAt = Date.now();
  #queue = Promise.resolve();
  #state = "open";
  #isClosed = false;
  #stream = null;
  #watch = null;

  constructor(address, ticket, pingSeconds, { onMessage, onState }) {
    this.address = `${address}/as/${ticket}`;
    this.silenceMs = pingSeconds * SILENT_PINGS * 1000;
    this.onMessage = onMessage;
    this.onState = onState;
  }

  open() {
    this.#listen();
    this.#watch = setInterval(() => this.#lookForSilence(), AGAIN_MS);
  }

  close() {
    this.#isClosed = true;
    this.#stream?.close();
    clearInterval(this.#watch);
  }

  /** Say that we leave, in a way that works while the page is being closed. */
  leave() {
    if (this.#isClosed) return;
    this.close();
    navigator.sendBeacon(`${this.address}/leave`);
  }

  /** Ask for something, after everything asked before, and as often as it takes. Resolves to whether it was done. */
  say(action, body = {}) {
    this.#queue = this.#queue.then(() => this.#deliver(action, body));
    return this.#queue;
  }

  /** Pass something on to another browser. Numbered, so that a repetition does not count twice. */
  signal(to, content) {
    this.#signals += 1;
    return this.say("signal", { to, number: this.#signals, ...content });
  }

  #listen() {
    this.#stream?.close();
    this.#stream = new EventSource(`${this.address}/events?seen=${this.#seen}`);
    this.#stream.addEventListener("message", (event) => this.#receive(event));
    this.#stream.addEventListener("error", () => this.#streamFailed());
  }

  #receive(event) {
    this.#heardAt = Date.now();
    const message = JSON.parse(event.data);
    if (message.kind === "ping") this.#answerPing();
    else {
      this.#seen = Number(event.lastEventId);
      this.onMessage(message);
    }
  }

  async #answerPing() {
    const status = await this.#post("alive", { seen: this.#seen });
    this.#judge(status);
  }

  /** The browser opens a stream again that broke off, but not one that was refused. */
  async #streamFailed() {
    if (this.#isClosed) return;
    this.#setState("broken");
    if (this.#stream.readyState !== EventSource.CLOSED) return;
    await pause(AGAIN_MS);
    this.#judge(await this.#post("alive", { seen: this.#seen }));
    if (!this.#isClosed && this.#stream.readyState === EventSource.CLOSED) this.#listen();
  }

  /** A dead network does not always say so. */
  #lookForSilence() {
    if (Date.now() - this.#heardAt < this.silenceMs) return;
    this.#setState("broken");
    this.#heardAt = Date.now();
    this.#listen();
  }

  async #deliver(action, body) {
    while (!this.#isClosed) {
      const status = await this.#post(action, body);
      this.#judge(status);
      if (!isNoAnswer(status)) return status < 300;
      await pause(AGAIN_MS);
    }
    return false;
  }

  async #post(action, body) {
    const answer = await post(`${this.address}/${action}`, body);
    return answer?.status ?? NO_ANSWER;
  }

  #judge(status) {
    if (this.#isClosed) return;
    if (isNoAnswer(status)) this.#setState("broken");
    else if (status === IS_OVER) this.#stop("over");
    else if (status === 404 || status === 410) this.#stop("lost");
    else this.#setState("open");
  }

  #stop(state) {
    this.close();
    this.#setState(state);
  }

  #setState(state) {
    if (state === this.#state) return;
    this.#state = state;
    this.onState(state);
  }
}

function isNoAnswer(status) {
  return status === NO_ANSWER || status >= 500;
}

/** The answer, whatever it is; null when there is none. */
async function post(address, body) {
  try {
    const signal = AbortSignal.timeout(REQUEST_MS);
    const headers = { "Content-Type": "application/json" };
    return await fetch(address, { method: "POST", headers, body: JSON.stringify(body), signal });
  } catch {
    return null;
  }
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
