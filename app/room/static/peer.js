/** Picture and sound between this browser and one other. */

const KINDS = ["audio", "video"];

/**
 * Whoever came later makes the first offer. After that both may, to mend a connection that broke; when both do at
 * once, the polite one gives way ("perfect negotiation").
 *
 * `send` passes a description or a candidate on to the other side; `onState` is told when the connection's state
 * changes. What comes from the other side is in `stream`.
 */
export class Peer {
  stream = new MediaStream();
  #pc;
  #isOffering = false;
  #ignoresOffer = false;
  #isAnswerComing = false;
  #hasLines = false;
  #queue = Promise.resolve();

  constructor({ isPolite, iceServers, media, send, onState }) {
    this.isPolite = isPolite;
    this.media = media;
    this.send = send;
    this.#pc = new RTCPeerConnection({ iceServers });
    this.#pc.addEventListener("negotiationneeded", () => this.#offer());
    this.#pc.addEventListener("icecandidate", (event) => this.#sendCandidate(event.candidate));
    this.#pc.addEventListener("track", (event) => this.stream.addTrack(event.track));
    this.#pc.addEventListener("iceconnectionstatechange", () => this.#mendIfFailed());
    this.#pc.addEventListener("connectionstatechange", () => onState(this.#pc.connectionState));
  }

  /** Begin: a line for sound and one for the picture, whether or not there is something to send yet. */
  call() {
    this.#hasLines = true;
    for (const kind of KINDS) {
      const options = { direction: "sendrecv", streams: [this.media.stream] };
      this.#pc.addTransceiver(this.media.track(kind) ?? kind, options);
    }
  }

  /** Take in what the other side sent, one after the other. */
  receive(content) {
    this.#queue = this.#queue.then(() => this.#take(content)).catch((error) => console.warn("a signal failed", error));
  }

  /** Send what the devices give now. */
  sendTracks() {
    for (const transceiver of this.#pc.getTransceivers()) this.#sendTrack(transceiver);
  }

  /** Look for a new way to the other side. */
  mend() {
    if (this.#hasLines && this.#pc.connectionState !== "connected") this.#pc.restartIce();
  }

  /** How loud the other side is now, from 0 to 1. */
  loudness() {
    const receiver = this.#pc.getReceivers().find((each) => each.track.kind === "audio");
    return receiver?.getSynchronizationSources()[0]?.audioLevel ?? 0;
  }

  close() {
    this.#pc.close();
  }

  async #offer() {
    this.#isOffering = true;
    try {
      await this.#pc.setLocalDescription();
      this.send({ description: this.#pc.localDescription });
    } catch (error) {
      console.warn("an offer failed", error);
    } finally {
      this.#isOffering = false;
    }
  }

  async #take({ description, candidate }) {
    if (description) await this.#takeDescription(description);
    else if (candidate) await this.#takeCandidate(candidate);
  }

  async #takeDescription(description) {
    this.#ignoresOffer = !this.isPolite && description.type === "offer" && this.#wouldCollide();
    if (this.#ignoresOffer) return;
    this.#isAnswerComing = description.type === "answer";
    await this.#pc.setRemoteDescription(description).finally(() => (this.#isAnswerComing = false));
    if (description.type === "offer") await this.#answer();
  }

  #wouldCollide() {
    const isReady = !this.#isOffering && (this.#pc.signalingState === "stable" || this.#isAnswerComing);
    return !isReady;
  }

  async #answer() {
    if (!this.#hasLines) this.#adoptLines();
    await this.#pc.setLocalDescription();
    this.send({ description: this.#pc.localDescription });
  }

  /** The first offer brought the lines with it; we send on the same ones. */
  #adoptLines() {
    this.#hasLines = true;
    for (const transceiver of this.#pc.getTransceivers()) {
      transceiver.direction = "sendrecv";
      transceiver.sender.setStreams?.(this.media.stream);
    }
    this.sendTracks();
  }

  #sendTrack(transceiver) {
    const track = this.media.track(transceiver.receiver.track.kind);
    transceiver.sender.replaceTrack(track).catch((error) => console.warn("a track cannot be sent", error));
  }

  async #takeCandidate(candidate) {
    try {
      await this.#pc.addIceCandidate(candidate);
    } catch (error) {
      if (!this.#ignoresOffer) throw error;
    }
  }

  #sendCandidate(candidate) {
    if (candidate) this.send({ candidate });
  }

  #mendIfFailed() {
    if (this.#pc.iceConnectionState === "failed") this.#pc.restartIce();
  }
}
