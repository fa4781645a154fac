// The list of messages: grouping, days, what is unread, and when to scroll.

import { _, calendar, clock, exact, refusal } from "./language.js";
import { linkify } from "./linkify.js";
import { paintAvatar } from "./avatar.js";

const GROUP_WITHIN = 5 * 60_000; // messages of one author this close together share a byline
const MOST_LINES = 500;
const NEAR_BOTTOM = 60; // pixels

const $ = (id) => document.getElementById(id);
const log = $("log");
const pending = $("pending");
const scroller = $("scroller");
const template = $("message-template");

let last = null; // the last message, as long as the next one may join its group
let lastDay = new Date().toDateString();
let unread = 0;
let separator = null;
let following = true; // whether the newest message is in view, and should stay so

// --- adding lines ---

export function addMessage(message, { mine, fresh }) {
  if (fresh && !mine && isAway()) countUnread();
  const day = new Date(message.time).toDateString();
  if (day !== lastDay) {
    lastDay = day;
    addLine("day", calendar.format(message.time));
  }
  const follows = last?.author === message.author && last.name === message.name &&
    message.time - last.time < GROUP_WITHIN;
  append(log, build(message, { mine, follows }));
  last = { ...message, mine };
  if (mine && fresh) read();
}

/** A line of small print: who came and went. Neighbouring lines become one. */
export function addNotice(text) {
  const before = log.lastElementChild;
  if (before?.className === "notice") {
    before.textContent += ` · ${text}`;
    scroll();
  } else {
    addLine("notice", text);
  }
}

export function addBreak(text) {
  addLine("break", text);
}

/** Fill the list without reading a hundred old messages to people who listen to it. */
export function quietly(fill) {
  log.setAttribute("aria-live", "off");
  fill();
  requestAnimationFrame(() => log.setAttribute("aria-live", "polite"));
}

export function clear() {
  log.replaceChildren();
  pending.replaceChildren();
  last = separator = null;
  lastDay = new Date().toDateString();
  following = true;
  read();
}

export function isEmpty() {
  return !log.querySelector(".message") && !pending.firstElementChild;
}

// --- messages on their way ---

export function addPending(entry, { onRetry, onDiscard }) {
  const follows = Boolean(pending.lastElementChild || last?.mine);
  const item = build({ ...entry, author: "", name: "" }, { mine: true, follows });
  item.classList.add("pending");
  item.querySelector(".retry").onclick = onRetry;
  item.querySelector(".discard").onclick = onDiscard;
  append(pending, item);
  setFailed(entry.id, entry.failed);
  follow();
}

export function removePending(id) {
  find(id)?.remove();
}

/** Say why a message was not taken; without a reason it is on its way (again). */
export function setFailed(id, error) {
  const item = find(id);
  if (!item) return;
  item.classList.toggle("failed", Boolean(error));
  item.querySelector(".status").hidden = !error;
  item.querySelector(".status span").textContent =
    error ? _("Not sent: {reason}", { reason: refusal(error) }) : "";
  scroll();
}

const find = (id) => Array.from(pending.children).find((item) => item.dataset.id === id);

// --- one line ---

function build(message, { mine, follows }) {
  const item = template.content.firstElementChild.cloneNode(true);
  item.dataset.id = message.id;
  item.classList.toggle("mine", mine);
  item.classList.toggle("follows", follows);
  paintAvatar(item.querySelector(".avatar"), message.name);
  const author = item.querySelector(".author");
  author.textContent = mine ? _("You") : message.name;
  author.style.setProperty("--hue", item.querySelector(".avatar").style.getPropertyValue("--hue"));
  for (const time of item.querySelectorAll("time")) {
    const date = new Date(message.time);
    time.dateTime = date.toISOString();
    time.textContent = clock.format(date);
    time.title = exact.format(date);
  }
  item.querySelector(".text").append(linkify(message.text));
  return item;
}

function addLine(kind, text) {
  const item = document.createElement("li");
  item.className = kind;
  item.textContent = text;
  append(log, item);
  last = null;
  return item;
}

function append(list, item) {
  list.append(item);
  while (log.childElementCount > MOST_LINES) log.firstElementChild.remove();
  scroll();
}

// --- unread and scrolling ---

/** Told what is unread each time that changes. */
export const unreadChanged = { listener: () => {} };

const isAway = () => document.hidden || !following;

function countUnread() {
  if (unread === 0) {
    separator?.remove();
    separator = addLine("unread", _("New messages"));
  }
  unread += 1;
  unreadChanged.listener(unread, following);
}

function read() {
  unread = 0;
  unreadChanged.listener(0, following);
}

/** Show the newest message and keep doing so. */
export function follow() {
  following = true;
  scroll();
  if (!document.hidden) read();
}

/** Keep the newest message in view, unless the reader went up to see older ones. */
function scroll() {
  if (following) scroller.scrollTop = scroller.scrollHeight;
}

scroller.addEventListener("scroll", () => {
  const below = scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop;
  following = below < NEAR_BOTTOM;
  if (following && unread && !document.hidden) read();
}, { passive: true });

document.addEventListener("visibilitychange", () => {
  if (!document.hidden && following && unread) read();
});

// A keyboard that slides in, a rotated phone: the newest message stays in view.
new ResizeObserver(scroll).observe(scroller);
