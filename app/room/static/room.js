/** Where the page begins. */

import { Call } from "./call.js";
import { connectDeviceButtons } from "./devices.js";
import { openLobby } from "./lobby.js";
import { LocalMedia } from "./media.js";

const { room, settings } = document.body.dataset;
const media = new LocalMedia();
const call = new Call({
  address: room,
  settings: JSON.parse(settings),
  media,
  hostKey: new URLSearchParams(location.search).get("host") ?? "",
});

connectDeviceButtons(media);
openLobby(media, (name) => call.enter(name));
media.start();
