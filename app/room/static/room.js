/** Where the page begins. */

import { Call } from "./call.js";
import { connectDeviceButtons } from "./devices.js";
import { openLobby } from "./lobby.js";
import { LocalMedia } from "./media.js";

const { room, settings } = document.body.dataset;
const link = new URLSearchParams(location.search);
const media = new LocalMedia();
const call = new Call({
  address: room,
  settings: JSON.parse(settings),
  media,
  hostKey: link.get("host") ?? "",
  invitation: link.get("as") ?? "",
});

connectDeviceButtons(media);
openLobby(media, (name) => call.enter(name));
media.start();
