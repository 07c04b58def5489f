/** The buttons of microphone and camera, which are there twice: in the lobby and in the call. */

const DOES = {
  audio: { on: "Mute the microphone", off: "Unmute the microphone" },
  video: { on: "Turn the camera off", off: "Turn the camera on" },
};

/** Keep all device buttons in step with the devices. */
export function connectDeviceButtons(media) {
  const buttons = [...document.querySelectorAll("button[data-device]")];
  for (const button of buttons) button.addEventListener("click", () => media.toggle(button.dataset.device));
  const show = () => buttons.forEach((button) => showState(button, media.isOn(button.dataset.device)));
  media.addEventListener("change", show);
  show();
}

function showState(button, isOn) {
  button.setAttribute("aria-pressed", String(isOn));
  button.title = DOES[button.dataset.device][isOn ? "on" : "off"];
}
