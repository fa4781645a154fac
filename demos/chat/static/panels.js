// Everything around the messages: rooms, people, the connection badge, dialogs and toasts.

import { paintAvatar } from "./avatar.js";
import { _, collator, formatNumber, ngettext, setDirection } from "./language.js";
import { typedName } from "./store.js";

const $ = (id) => document.getElementById(id);
const TOAST_SECONDS = 6;

// --- rooms and people ---

export function showRooms(rooms, current) {
  fill($("rooms"), "room-template", withCurrent(rooms, current), (item, room) => {
    const link = item.querySelector("a");
    link.href = `#${encodeURIComponent(room.name)}`;
    item.querySelector("bdi").textContent = room.name;
    if (room.name === current) link.setAttribute("aria-current", "page");
    const count = item.querySelector(".count");
    count.textContent = room.people ? formatNumber(room.people) : "";
    count.setAttribute("aria-label", people(room.people));
  });
}

/** The list names the busiest rooms; ours is shown in any case. */
function withCurrent(rooms, current) {
  if (!current || rooms.some((room) => room.name === current)) return rooms;
  return [{ name: current, people: 1 }, ...rooms];
}

export function showPeople(members, myId) {
  const sorted = [...members].sort(
    (a, b) => (b.id === myId) - (a.id === myId) || collator.compare(a.name, b.name),
  );
  fill($("people"), "person-template", sorted, (item, member) => {
    paintAvatar(item.querySelector(".avatar"), member.name);
    item.querySelector("bdi").textContent = member.name;
    item.querySelector(".you").textContent = member.id === myId ? _("you") : "";
  });
  $("people-title").textContent = _("Here now · {count}", { count: members.length });
  $("room-people").textContent =
    ngettext("{count} person here", "{count} people here", members.length);
}

const people = (count) => ngettext("{count} person", "{count} people", count);

export function showRoom(room) {
  $("room-name").textContent = room;
  $("empty-room").textContent = _("It is quiet in {room}", { room: `#${room}` });
  // Translators: what stands in the empty box for a message to that room.
  $("composer-text").placeholder = _("Message {room}", { room: `#${room}` });
  // The page comes anew in another language, and stays in its room.
  for (const link of document.querySelectorAll("a[hreflang]")) {
    link.hash = encodeURIComponent(room);
  }
}

export function showMe(name) {
  $("change-name").hidden = false;
  $("my-name").textContent = name;
  paintAvatar($("my-avatar"), name);
}

function fill(list, template, things, paint) {
  const blank = $(template).content.firstElementChild;
  const focused = list.contains(document.activeElement) && document.activeElement.href;
  list.replaceChildren(...things.map((thing) => {
    const item = blank.cloneNode(true);
    paint(item, thing);
    return item;
  }));
  // Whoever goes through the list by keyboard must not lose the place because the list is new.
  if (focused) Array.from(list.querySelectorAll("a")).find((link) => link.href === focused)?.focus();
}

// --- the connection ---

const STATES = { live: _("Live"), connecting: _("Connecting"), waiting: _("Offline") };
const KINDS = { websocket: "WebSocket", polling: _("Long-polling") };
let countdown = 0;

export function showConnection({ state, kind, mode, retryAt }) {
  const badge = $("badge");
  badge.hidden = false;
  badge.dataset.state = state;
  badge.dataset.transport = kind;
  $("badge-state").textContent = STATES[state];
  $("badge-transport").textContent = state === "waiting" ? "" : KINDS[kind];
  document.querySelector(`input[name=mode][value=${mode}]`).checked = true;

  clearInterval(countdown);
  const tell = () => {
    const seconds = Math.max(1, Math.ceil((retryAt - Date.now()) / 1000));
    $("banner-text").textContent = ngettext(
      "Trying again in {count} second. What you write is kept until then.",
      "Trying again in {count} seconds. What you write is kept until then.",
      seconds,
    );
  };
  if (state === "waiting") {
    tell();
    countdown = setInterval(tell, 1000);
  }
  // While an attempt runs the banner stays as it was: it should not blink at every try.
  if (state !== "connecting") $("banner").hidden = state === "live";
}

export function onConnectionChoice({ choose, retry }) {
  for (const radio of document.querySelectorAll("input[name=mode]")) {
    radio.onchange = () => choose(radio.value);
  }
  $("retry-now").onclick = retry;
}

// --- unread ---

export function showUnread(count, following) {
  $("pill").hidden = count === 0 || following;
  $("pill-text").textContent = ngettext("{count} new message", "{count} new messages", count);
}

// --- toasts ---

export function toast(text) {
  const toasts = $("toasts");
  for (const same of toasts.children) if (same.textContent === text) same.remove();
  const item = document.createElement("p");
  item.textContent = text;
  toasts.append(item);
  setTimeout(() => item.remove(), TOAST_SECONDS * 1000);
}

// --- the name dialog ---

/** Ask for a name; `accept` gets it. Who has none yet cannot cancel. */
export function askName(current, suggestion, accept) {
  const [dialog, input] = [$("name-dialog"), $("name-input")];
  const preview = () => {
    setDirection(input);
    paintAvatar($("name-preview"), input.value.trim() || "?");
  };
  input.value = current || typedName.get() || suggestion;
  input.oninput = () => {
    typedName.set(input.value);
    preview();
  };
  preview();
  $("name-cancel").hidden = !current;
  $("name-cancel").onclick = () => dialog.close();
  $("name-save").textContent = current ? _("Save") : _("Start chatting");
  dialog.oncancel = (event) => {
    if (!current) event.preventDefault();
  };
  $("name-form").onsubmit = (event) => {
    event.preventDefault();
    const name = input.value.trim();
    if (!name) return;
    dialog.close();
    accept(name);
  };
  if (!dialog.open) dialog.showModal();
  input.select();
}

/** One of a few, for who has none yet. */
export function suggestName() {
  // Translators: names that people may take, as many as you like. They need not be these animals.
  const names = _("Quiet Otter/Merry Heron/Brisk Swift/Gentle Lynx/Bright Robin/Curious Badger/Bold Wren/Calm Fox").split("/");
  return names[Math.floor(Math.random() * names.length)];
}

// --- the drawer that holds rooms and people on a small screen ---

const small = matchMedia("(max-width: 52rem)");

export function openDrawer() {
  document.body.classList.add("drawer-open");
  $("main").inert = true;
  $("open-drawer").setAttribute("aria-expanded", "true");
  $("close-drawer").focus();
}

export function closeDrawer() {
  if (!document.body.classList.contains("drawer-open")) return;
  document.body.classList.remove("drawer-open");
  $("main").inert = false;
  $("open-drawer").setAttribute("aria-expanded", "false");
  if (small.matches) $("open-drawer").focus();
}

$("open-drawer").onclick = openDrawer;
$("close-drawer").onclick = closeDrawer;
$("backdrop").onclick = closeDrawer;
small.addEventListener("change", closeDrawer);
document.addEventListener("keydown", (event) => {
  // The menu in the drawer closes by itself, and alone.
  if (event.key === "Escape" && !document.querySelector(":popover-open")) closeDrawer();
});
