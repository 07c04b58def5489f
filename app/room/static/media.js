/** The person's own microphone and camera. */

const WANTED = {
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  video: { width: { ideal: 960 }, height: { ideal: 540 }, frameRate: { ideal: 24, max: 30 } },
};
const NAMES = { audio: "microphone", video: "camera" };

/**
 * Sends "change" whenever a track comes, goes, or falls silent. `stream` is the same for as long as the page lives;
 * `problems` has words for each kind that could not be had.
 */
export class LocalMedia extends EventTarget {
  stream = new MediaStream();
  problems = new Map();

  /** Ask for both. One question to the person where that works, one for each where something is missing. */
  async start() {
    const both = await this.#ask({ audio: WANTED.audio, video: WANTED.video });
    if (both) this.#take(both);
    else for (const kind of ["audio", "video"]) await this.#turnOn(kind);
  }

  track(kind) {
    return this.stream.getTracks().find((track) => track.kind === kind) ?? null;
  }

  isOn(kind) {
    return this.track(kind)?.enabled ?? false;
  }

  devices() {
    return { audio: this.isOn("audio"), video: this.isOn("video") };
  }

  async toggle(kind) {
    if (this.isOn(kind)) this.#turnOff(kind);
    else await this.#turnOn(kind);
  }

  /** Let go of the devices. */
  stop() {
    for (const track of this.stream.getTracks()) this.#drop(track);
  }

  async #turnOn(kind) {
    const track = this.track(kind);
    if (track) track.enabled = true;
    else this.#take(await this.#ask({ [kind]: WANTED[kind] }, kind));
    this.#changed();
  }

  /** A muted microphone is kept, to be back at once; a camera is let go, so that its light goes out. */
  #turnOff(kind) {
    const track = this.track(kind);
    if (kind === "audio") track.enabled = false;
    else this.#drop(track);
    this.#changed();
  }

  async #ask(wanted, kind = null) {
    try {
      const stream = await navigator.mediaDevices.getUserMedia(wanted);
      for (const each of Object.keys(wanted)) this.problems.delete(each);
      return stream;
    } catch (error) {
      if (kind) this.problems.set(kind, inWords(error, NAMES[kind]));
      return null;
    }
  }

  #take(stream) {
    for (const track of stream?.getTracks() ?? []) {
      track.addEventListener("ended", () => this.#lost(track));
      this.stream.addTrack(track);
    }
    this.#changed();
  }

  #lost(track) {
    this.problems.set(track.kind, `The ${NAMES[track.kind]} was switched off or unplugged.`);
    this.stream.removeTrack(track);
    this.#changed();
  }

  #drop(track) {
    track.stop();
    this.stream.removeTrack(track);
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

function inWords(error, device) {
  const words = {
    NotAllowedError: `This page may not use the ${device}. Allow it in the address bar, or join without it.`,
    NotFoundError: `No ${device} was found. You can join without it.`,
    NotReadableError: `The ${device} is in use by something else. You can join without it.`,
  };
  return words[error.name] ?? `The ${device} cannot be used here. You can join without it.`;
}
