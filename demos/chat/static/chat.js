// The chat in the browser: what the server says goes to the page, what people do goes to the
// server. The neighbours do the work: connection.js talks, store.js remembers, log.js and
// panels.js show.

import { Connection } from "./connection.js";
import { _, formatNumber, ngettext, refusal, setDirection } from "./language.js";
import * as log from "./log.js";
import * as panels from "./panels.js";
import * as store from "./store.js";

const $ = (id) => document.getElementById(id);
const RESEND_GRACE = 200; // milliseconds

const state = {
  me: null, // {id, name}, as the server knows us
  room: "",
  epoch: "", // which life of the room `seq` belongs to
  seq: 0, // the last message we have
  seen: new Set(), // ids of messages in the list: none is shown twice
  members: new Map(),
  rooms: [],
  limits: { message: 2000 },
  sending: "", // the id of the message that waits for its confirmation
};

// --- where we are ---

/** The room in the address. The server has the last word on how its name is spelt. */
function wantedRoom() {
  let name = location.hash.slice(1);
  try {
    name = decodeURIComponent(name);
  } catch {
    // A stray percent sign is part of the name, then.
  }
  return name.trim().toLowerCase().replace(/\s+/g, "-") || "lobby";
}

const connection = new Connection({
  client: store.client,
  mode: store.mode.get(),
  join: () => ({
    type: "join",
    room: wantedRoom(),
    name: store.name.get(),
    ...(wantedRoom() === state.room && { epoch: state.epoch, since: state.seq }),
  }),
});

// --- what the server says ---

const on = {
  welcome(event) {
    const sameRoom = event.room === state.room;
    if (!sameRoom) {
      log.clear();
      state.seen.clear();
    } else if (event.resumed && event.messages[0]?.seq > state.seq + 1) {
      log.addBreak(_("Some messages in between are no longer kept"));
    } else if (!event.resumed && !log.isEmpty()) {
      log.addBreak(_("The room started afresh; what is above is only on your screen"));
    }
    Object.assign(state, { room: event.room, epoch: event.epoch, limits: event.limits });
    state.sending = ""; // its confirmation may be among what is told here, or be lost
    state.members = new Map(event.members.map((member) => [member.id, member]));
    history.replaceState(null, "", `#${encodeURIComponent(event.room)}`);
    panels.showRoom(event.room);
    setMe(event.you);
    const add = () => event.messages.forEach((message) => addMessage(message, sameRoom));
    if (sameRoom) add();
    else log.quietly(add);
    state.seq = event.seq;
    showPeople();
    sendNext();
    if (sameRoom) return;
    store.outbox.inRoom(state.room).forEach(showPending);
    showTitle(0);
    // Not where a keyboard would slide over the page before there is anything to read.
    if (!matchMedia("(pointer: coarse)").matches) text.focus();
  },

  message(event) {
    state.seq = event.seq;
    addMessage(event, true);
  },

  accepted({ id }) {
    confirm(id);
  },

  joined({ member }) {
    state.members.set(member.id, member);
    log.addNotice(_("{name} joined", member));
    showPeople();
  },

  left({ member }) {
    state.members.delete(member.id);
    log.addNotice(_("{name} left", member));
    showPeople();
  },

  renamed({ member }) {
    const before = state.members.get(member.id);
    state.members.set(member.id, member);
    if (member.id === state.me.id) setMe(member);
    if (before && before.name !== member.name) {
      log.addNotice(_("{before} is now {name}", { before: before.name, name: member.name }));
    }
    showPeople();
  },

  rooms({ rooms }) {
    state.rooms = rooms;
    panels.showRooms(rooms, state.room);
  },

  error(event) {
    if (event.about === "say" && event.id) {
      refused(event);
      return;
    }
    panels.toast(refusal(event));
    if (event.code.endsWith("-name")) askName("");
    else if (event.about === "join") goTo(state.room || "lobby");
  },
};

connection.addEventListener("event", ({ detail }) => on[detail.type]?.(detail));
connection.addEventListener("state", () => {
  state.sending = "";
  panels.showConnection(connection);
});

function addMessage(message, fresh) {
  confirm(message.id);
  if (state.seen.has(message.id)) return;
  state.seen.add(message.id);
  log.addMessage(message, { mine: message.author === state.me.id, fresh });
  showEmpty();
}

function setMe(me) {
  const wanted = store.name.get();
  if (me.name !== wanted && me.name !== state.me?.name) {
    panels.toast(_("There is a {wanted} here already; you are {name}.", { wanted, name: me.name }));
  }
  state.me = me;
  panels.showMe(me.name);
}

function showPeople() {
  panels.showPeople([...state.members.values()], state.me.id);
  panels.showRooms(state.rooms, state.room);
  showEmpty();
}

function showEmpty() {
  $("empty").hidden = !log.isEmpty();
}

function showTitle(unread) {
  const count = unread ? `(${formatNumber(unread)}) ` : "";
  document.title = `${count}#${state.room} · ` + _("Chat");
}

log.unreadChanged.listener = (unread, following) => {
  panels.showUnread(unread, following);
  showTitle(unread);
};

// --- what we say ---

function say(text) {
  const entry = store.outbox.add(state.room || wantedRoom(), text);
  if (!entry) {
    panels.toast(_("Too many messages wait to be sent already."));
    return false;
  }
  showPending(entry);
  sendNext();
  return true;
}

function showPending(entry) {
  log.addPending(entry, {
    onRetry() {
      store.outbox.mark(entry.id, null);
      log.setFailed(entry.id, null);
      sendNext();
    },
    onDiscard: () => confirm(entry.id),
  });
  showEmpty();
}

/** Send the oldest waiting message. One at a time: they arrive in the order they were written. */
function sendNext() {
  if (connection.state !== "live" || state.sending) return;
  const entry = store.outbox.inRoom(state.room).find(({ failed }) => !failed);
  if (!entry) return;
  state.sending = entry.id;
  connection.send({ type: "say", room: entry.room, id: entry.id, text: entry.text });
}

/** That message is in the room, or given up: it need not be sent any more. */
function confirm(id) {
  if (!store.outbox.find(id)) return;
  store.outbox.remove(id);
  log.removePending(id);
  if (state.sending === id) state.sending = "";
  sendNext();
}

function refused(error) {
  const { id, retry } = error;
  if (retry) {
    // Only too fast: it stays the first in line, and nothing overtakes it.
    panels.toast(_("{reason} Your messages follow in a moment.", { reason: refusal(error) }));
    setTimeout(() => {
      if (state.sending === id) state.sending = "";
      sendNext();
    }, retry * 1000 + RESEND_GRACE);
    return;
  }
  store.outbox.mark(id, error);
  log.setFailed(id, error);
  if (state.sending === id) state.sending = "";
  sendNext();
}

// --- what people do ---

const text = $("composer-text");

function fitText() {
  store.draft.set(text.value); // the page may come anew, perhaps in another language
  setDirection(text);
  text.style.height = "auto";
  text.style.height = `${text.scrollHeight}px`;
  const left = state.limits.message - text.value.length;
  $("counter").hidden = left > state.limits.message / 10;
  $("counter").textContent =
    ngettext("{count} character left", "{count} characters left", left);
  $("send").disabled = !text.value.trim();
}

$("composer").onsubmit = (event) => {
  event.preventDefault();
  if (text.value.trim() && say(text.value.trim())) text.value = "";
  fitText();
  text.focus();
};

text.oninput = fitText;
text.onkeydown = (event) => {
  // While an input method composes a word, Enter only finishes the word.
  // (Safari has ended the composition by then, and only says 229.)
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  $("composer").requestSubmit();
};

$("pill").onclick = () => {
  log.follow();
  text.focus();
};
$("skip").onclick = () => text.focus();

$("change-name").onclick = () => {
  panels.closeDrawer();
  askName(store.name.get());
};

function askName(current) {
  panels.askName(current, panels.suggestName(), (name) => {
    store.name.set(name);
    if (connection.state === "live") connection.send({ type: "rename", name });
    else connection.open(); // joining tells the name
  });
}

$("new-room").onsubmit = (event) => {
  event.preventDefault();
  const name = $("new-room-name").value.trim().replace(/^#/, "");
  if (!name) return;
  $("new-room-name").value = "";
  goTo(name);
};

$("rooms").onclick = (event) => {
  if (event.target.closest("a")) panels.closeDrawer();
};

function goTo(room) {
  panels.closeDrawer();
  location.hash = encodeURIComponent(room);
}

addEventListener("hashchange", () => {
  if (wantedRoom() !== state.room) connection.enter();
});

panels.onConnectionChoice({
  choose(mode) {
    store.mode.set(mode);
    connection.setMode(mode);
  },
  retry: () => connection.check(),
});

// --- begin ---

// The cookie has kept the language: nobody who is sent this address should get it, too.
if (navigator.cookieEnabled) {
  const address = new URL(location.href);
  address.searchParams.delete("lang");
  history.replaceState(null, "", address);
}
text.value = store.draft.get();
fitText();
panels.showRoom(wantedRoom());
if (store.name.get()) connection.open();
else askName("");
