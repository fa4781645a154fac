// Web addresses in a message become links. Everything else stays the text it is.

const ADDRESS = /\bhttps?:\/\/[^\s<>"]+/gi;

/** The text as a fragment of text nodes and <a> elements. Made through the DOM, so nothing in
 * the text can become markup, and only http and https can become a link. */
export function linkify(text) {
  const fragment = document.createDocumentFragment();
  let end = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = withoutSentence(match[0]);
    if (!isWebAddress(address)) continue;
    fragment.append(text.slice(end, match.index), link(address));
    end = match.index + address.length;
  }
  fragment.append(text.slice(end));
  return fragment;
}

function link(address) {
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.textContent = address;
  anchor.target = "_blank";
  anchor.rel = "noopener noreferrer";
  return anchor;
}

/** "(see https://example.org/a_(b))." ends with a bracket and a stop that are not the address. */
function withoutSentence(address) {
  let text = address.replace(/[.,;:!?'’”»…]+$/u, "");
  while (/[)\]}]$/.test(text)) {
    const close = text.at(-1);
    const open = { ")": "(", "]": "[", "}": "{" }[close];
    if (text.split(open).length >= text.split(close).length) break;
    text = text.slice(0, -1).replace(/[.,;:!?'’”»…]+$/u, "");
  }
  return text;
}

function isWebAddress(address) {
  try {
    return /^https?:$/.test(new URL(address).protocol);
  } catch {
    return false;
  }
}
