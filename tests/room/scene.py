"""A picture for screenshots: somebody who moves a little, instead of a browser's test pattern.

``scene(looks)`` is a script for a page, run before its own; the camera then gives what it paints.
"""

from __future__ import annotations

import json

Looks = tuple[str | int, ...]
ADA: Looks = ("#f2c8a0", "#3d2b1f", "#7a4b8c", "#dfe7f5", "#b7c8e8", 96)
GRACE: Looks = ("#e8b894", "#8d8f96", "#1f4e79", "#f6ead8", "#e3c9a0", 96)
ALAN: Looks = ("#f0c9a8", "#4a3527", "#5d6b4a", "#e2efe6", "#a9cdb6", 60)

_SCRIPT = """
(() => {
  const [skin, hair, shirt, wall, light, length] = LOOKS;
  const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 360 });
  const pen = canvas.getContext("2d");
  const round = (x, y, width, height, fill) => {
    pen.fillStyle = fill;
    pen.beginPath();
    pen.ellipse(x, y, width, height, 0, 0, Math.PI * 2);
    pen.fill();
  };
  const paint = () => {
    const sway = Math.sin(performance.now() / 700) * 8;
    const back = pen.createLinearGradient(0, 0, 640, 360);
    back.addColorStop(0, wall);
    back.addColorStop(1, light);
    pen.fillStyle = back;
    pen.fillRect(0, 0, 640, 360);
    pen.fillStyle = "rgb(255 255 255 / 55%)";
    pen.fillRect(430, 30, 150, 170);
    pen.fillStyle = "rgb(255 255 255 / 75%)";
    pen.fillRect(440, 40, 62, 72);
    pen.fillRect(508, 40, 62, 72);
    pen.fillRect(440, 118, 62, 72);
    pen.fillRect(508, 118, 62, 72);
    round(320 + sway, 54 + length, length < 80 ? 70 : 84, length, hair);
    round(320 + sway / 2, 380, 165, 130, shirt);
    pen.fillStyle = skin;
    pen.fillRect(294 + sway, 200, 52, 66);
    round(320 + sway, 162, 64, 78, skin);
    round(320 + sway, 96, 66, 32, hair);
    round(297 + sway, 158, 5.5, 6.5, "#2a2522");
    round(343 + sway, 158, 5.5, 6.5, "#2a2522");
    pen.strokeStyle = "#a5533f";
    pen.lineWidth = 5;
    pen.lineCap = "round";
    pen.beginPath();
    pen.arc(320 + sway, 182, 24, 0.25 * Math.PI, 0.75 * Math.PI);
    pen.stroke();
  };
  setInterval(paint, 60);
  paint();
  const devices = navigator.mediaDevices;
  const ask = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (wanted) => {
    const stream = wanted.audio ? await ask({ audio: wanted.audio }) : new MediaStream();
    if (wanted.video) stream.addTrack(canvas.captureStream(15).getVideoTracks()[0]);
    return stream;
  };
})();
"""


def scene(looks: Looks) -> str:
    return _SCRIPT.replace("LOOKS", json.dumps(looks))
