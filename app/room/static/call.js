/** The call itself: what the server tells and the person does, put together. */

import { ask } from "./dialogs.js";
import { join, Link } from "./link.js";
import { Mesh } from "./mesh.js";
import { announce } from "./news.js";
import { PeopleList } from "./people.js";
import { Tiles } from "./tiles.js";

const REJOIN_MS = 2000;
const LOOK_MS = 250;
const SPEAKING = 0.02;
const PEER_WORDS = { new: "Connecting…", connecting: "Connecting…", disconnected: "Connection is poor…", failed: "Reconnecting…" };

const at = (id) => document.getElementById(id);

export class Call {
  #people = new Map();
  #tiles = new Tiles();
  #list = new PeopleList();
  #peerStates = new Map();
  #selfId = null;
  #link = null;
  #mesh = null;

  constructor({ address, settings, media, hostKey, invitation }) {
    this.address = address;
    this.settings = settings;
    this.media = media;
    this.hostKey = hostKey;
    this.invitation = invitation;
  }

  /** Come in for the first time. Throws an error with words when that is refused. */
  async enter(name) {
    this.name = name;
    await this.#join();
    at("lobby").hidden = true;
    at("call").hidden = false;
    at("title").focus();
    this.#connectControls();
    this.media.addEventListener("change", () => this.#devicesChanged());
    addEventListener("pagehide", () => this.#link.leave());
    addEventListener("pageshow", (event) => event.persisted && location.reload());
    setInterval(() => this.#tiles.showSpeaking(this.#mesh?.speaking(SPEAKING) ?? new Set()), LOOK_MS);
  }

  // The line to the server

  async #join() {
    const body = { name: this.name, host_key: this.hostKey, invitation: this.invitation, ...this.media.devices() };
    const { ticket } = await join(this.address, body);
    this.#link = new Link(this.address, ticket, this.settings.ping_seconds, {
      onMessage: (message) => this.#receive(message),
      onState: (state) => this.#linkChanged(state),
    });
    this.#link.open();
  }

  #linkChanged(state) {
    if (state === "over") this.#showEnd();
    else this.#showConnection(state === "open" ? "" : "Reconnecting…");
    if (state === "open") this.#mesh?.mend();
    if (state === "lost") this.#joinAgain();
  }

  /** We were away for too long and count as gone; come back as a new connection. */
  async #joinAgain() {
    try {
      await this.#join();
    } catch (error) {
      if (error.isOver) this.#showEnd();
      else setTimeout(() => this.#joinAgain(), REJOIN_MS);
    }
  }

  #showConnection(words) {
    at("connection").textContent = words && `${words} The room does not answer at the moment.`;
  }

  // What the server tells

  #receive(message) {
    const does = {
      welcome: () => this.#welcome(message),
      joined: () => this.#joined(message.person),
      left: () => this.#left(message.connection_id),
      changed: () => this.#changed(message.person),
      title: () => this.#renamed(message.title),
      signal: () => this.#mesh.receive(message.from, message),
      ended: () => this.#showEnd(),
    };
    does[message.kind]?.();
  }

  #welcome({ you, others, title }) {
    this.#forgetEverybody();
    this.#showConnection("");
    this.#selfId = you.connection_id;
    this.#mesh = new Mesh({
      media: this.media,
      iceServers: this.settings.ice_servers,
      send: (to, content) => this.#link.signal(to, content),
      onPeerState: (id, state) => this.#peerChanged(id, state),
    });
    this.#showTitle(title);
    this.#people.set(you.connection_id, you);
    this.#tiles.add(you, this.media.stream, true);
    for (const person of others) this.#meet(person, true);
    this.#devicesChanged();
    this.#show();
  }

  #joined(person) {
    this.#meet(person, false);
    this.#show();
    announce(`${person.name} joined`);
  }

  #meet(person, wasHereFirst) {
    const id = person.connection_id;
    this.#people.set(id, person);
    this.#tiles.add(person, this.#mesh.meet(id, { wasHereFirst }));
    this.#peerChanged(id, "new");
  }

  #left(id) {
    const person = this.#people.get(id);
    if (!person) return;
    this.#forget(id);
    this.#show();
    announce(`${person.name} left`);
  }

  #changed(person) {
    if (!this.#people.has(person.connection_id)) return;
    this.#people.set(person.connection_id, person);
    this.#tiles.show(person, person.connection_id === this.#selfId);
    this.#showPeerState(person.connection_id);
    this.#show();
  }

  #renamed(title) {
    this.#showTitle(title);
    announce(`The call is now called ${title}`);
  }

  #showEnd() {
    this.#link.close();
    this.#forgetEverybody();
    location.replace(this.address);
  }

  #forget(id) {
    this.#people.delete(id);
    this.#peerStates.delete(id);
    this.#mesh.part(id);
    this.#tiles.remove(id);
  }

  #forgetEverybody() {
    this.#mesh?.close();
    this.#people.clear();
    this.#peerStates.clear();
    this.#tiles.clear();
  }

  // What is seen

  #show() {
    const self = this.#people.get(this.#selfId);
    this.#list.show([...this.#people.values()], this.#selfId);
    at("alone").hidden = this.#people.size > 1;
    at("rename").hidden = at("end").hidden = !self?.is_host;
  }

  #showTitle(title) {
    at("title").textContent = title;
    document.title = title;
  }

  #peerChanged(id, state) {
    this.#peerStates.set(id, state);
    this.#showPeerState(id);
  }

  #showPeerState(id) {
    const isAway = this.#people.get(id)?.is_away;
    this.#tiles.showState(id, isAway ? "Reconnecting…" : (PEER_WORDS[this.#peerStates.get(id)] ?? ""));
  }

  // What the person does

  #connectControls() {
    at("leave").addEventListener("click", () => this.#leave());
    at("copy").addEventListener("click", () => this.#copyLink());
    at("rename").addEventListener("click", () => this.#rename());
    at("end").addEventListener("click", () => this.#endForEveryone());
  }

  #devicesChanged() {
    const self = this.#people.get(this.#selfId);
    if (!self) return;
    const devices = this.media.devices();
    this.#tiles.show({ ...self, ...devices }, true);
    if (devices.audio !== self.audio || devices.video !== self.video) this.#link.say("devices", devices);
  }

  #leave() {
    this.#link.leave();
    this.#mesh?.close();
    this.media.stop();
    location.assign(`${this.address}/left${location.search}`);
  }

  async #copyLink() {
    const link = new URL(this.address, location.href).href;
    const copied = await navigator.clipboard.writeText(link).then(() => true, () => false);
    announce(copied ? "The link is copied" : `The link is ${link}`);
  }

  async #rename() {
    at("new-title").value = at("title").textContent;
    const fields = await ask(at("rename-dialog"));
    const title = fields?.get("title").trim();
    if (title) await this.#link.say("title", { title });
  }

  async #endForEveryone() {
    if (await ask(at("end-dialog"))) await this.#link.say("end");
  }
}
