/** How large tiles can be so that all of them fit. */

const GAP = 12;
const WIDEST = 16 / 9;

/** The best size in pixels of `count` equal tiles in a place of this size. */
export function tileSize(count, place) {
  const tallest = place.width < place.height ? 4 / 5 : 4 / 3;
  let best = { width: 0, height: 0 };
  for (let columns = 1; columns <= count; columns += 1) {
    const size = sizeIn(columns, Math.ceil(count / columns), place, tallest);
    if (size.width * size.height > best.width * best.height) best = size;
  }
  return best;
}

/** A tile of a grid, no wider than 16:9 and no taller than `tallest` (width by height). */
function sizeIn(columns, rows, place, tallest) {
  const roomWide = (place.width - GAP * (columns - 1)) / columns;
  const roomHigh = (place.height - GAP * (rows - 1)) / rows;
  const width = Math.min(roomWide, roomHigh * WIDEST);
  return { width: Math.floor(width), height: Math.floor(Math.min(roomHigh, width / tallest)) };
}
