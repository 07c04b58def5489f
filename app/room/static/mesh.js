/** All the others: each browser is connected with each. */

import { Peer } from "./peer.js";

export class Mesh {
  #peers = new Map();

  /** `send(to, content)` passes a signal on; `onPeerState(id, state)` is told how each connection is. */
  constructor({ media, iceServers, send, onPeerState }) {
    this.media = media;
    this.iceServers = iceServers;
    this.send = send;
    this.onPeerState = onPeerState;
    media.addEventListener("change", this.#sendTracks);
  }

  /** Somebody is there. We call those who were here before us, and are called by those who come after. */
  meet(id, { wasHereFirst }) {
    const peer = new Peer({
      isPolite: !wasHereFirst,
      iceServers: this.iceServers,
      media: this.media,
      send: (content) => this.send(id, content),
      onState: (state) => this.onPeerState(id, state),
    });
    this.#peers.set(id, peer);
    if (wasHereFirst) peer.call();
    return peer.stream;
  }

  part(id) {
    this.#peers.get(id)?.close();
    this.#peers.delete(id);
  }

  receive(from, content) {
    this.#peers.get(from)?.receive(content);
  }

  /** After a break of the network. */
  mend() {
    for (const peer of this.#peers.values()) peer.mend();
  }

  /** The ids of those who can be heard now. */
  speaking(threshold) {
    return new Set([...this.#peers].filter(([, peer]) => peer.loudness() > threshold).map(([id]) => id));
  }

  close() {
    this.media.removeEventListener("change", this.#sendTracks);
    for (const id of [...this.#peers.keys()]) this.part(id);
  }

  #sendTracks = () => {
    for (const peer of this.#peers.values()) peer.sendTracks();
  };
}
