// A coloured disc with initials, the same for the same name on every screen.

import { language } from "./language.js";

const segmenter = new Intl.Segmenter(language, { granularity: "grapheme" });
const HUES = 12;

export function paintAvatar(element, name) {
  element.textContent = initials(name);
  element.style.setProperty("--hue", hue(name));
}

function initials(name) {
  const words = name.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const chosen = words.length > 1 ? [words[0], words.at(-1)] : [words[0] ?? name];
  // Two Arabic letters would join to a syllable: they are kept apart by a sign of no width.
  return chosen.map(firstCharacter).join("\u200c").toLocaleUpperCase(language);
}

/** The first character as people count: an accent or an emoji's skin tone belongs to it. */
function firstCharacter(word) {
  for (const { segment } of segmenter.segment(word)) return segment;
  return "";
}

function hue(name) {
  let hash = 0x811c9dc5; // FNV-1a
  for (const char of name.toLowerCase()) hash = Math.imul(hash ^ char.codePointAt(0), 0x01000193);
  return ((hash >>> 16) % HUES) * (360 / HUES);
}
