// What the browser remembers: across visits (localStorage) or for this tab (sessionStorage).

/** A value kept under a key. A browser that refuses to store still gets a working page. */
class Kept {
  constructor(storage, key, initial) {
    Object.assign(this, { storage, key, value: initial });
    try {
      const text = storage().getItem(key);
      if (text !== null) this.value = JSON.parse(text);
    } catch {
      // Storage is off or holds something strange: begin with the initial value.
    }
  }

  get() {
    return this.value;
  }

  set(value) {
    this.value = value;
    try {
      this.storage().setItem(this.key, JSON.stringify(value));
    } catch {
      // Full or forbidden: it is still remembered until the page is left.
    }
    return value;
  }
}

/** 128 random bits as text. (crypto.randomUUID is missing on plain-HTTP addresses.) */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export const name = new Kept(() => localStorage, "chat.name", "");
export const mode = new Kept(() => localStorage, "chat.mode", "auto");

/** The tab's secret, which proves to the server who comes back after a reload. */
export const client = new Kept(() => sessionStorage, "chat.client", "");

/** What is written but not sent, and the name that is typed but not taken: kept for a reload. */
export const draft = new Kept(() => sessionStorage, "chat.draft", "");
export const typedName = new Kept(() => sessionStorage, "chat.typed-name", "");

const pending = new Kept(() => sessionStorage, "chat.pending", []);
const MOST_PENDING = 50;

/**
 * Messages the server has not confirmed. They survive lost connections and reloads. Each has an
 * id made here, so that the server recognises one that is sent again.
 */
export const outbox = {
  add(room, text) {
    if (pending.get().length >= MOST_PENDING) return null;
    const entry = { id: randomId(), room, text, time: Date.now(), failed: null };
    pending.set([...pending.get(), entry]);
    return entry;
  },
  inRoom(room) {
    return pending.get().filter((entry) => entry.room === room);
  },
  find(id) {
    return pending.get().find((entry) => entry.id === id);
  },
  remove(id) {
    pending.set(pending.get().filter((entry) => entry.id !== id));
  },
  mark(id, failed) {
    pending.set(pending.get().map((entry) => (entry.id === id ? { ...entry, failed } : entry)));
  },
};
