// The way to the server: two transports that carry the same events, and a Connection that opens
// one, falls back to the other, and comes back by itself when the line is lost.

import { randomId } from "./store.js";

const WELCOME_WITHIN = 8_000; // from opening to being in the room
const PING_EVERY = 20_000;
const PONG_WITHIN = 10_000;
const POLL_WITHIN = 40_000; // the server answers an idle poll after 25 s
const FIRST_RETRY = 500;
const SLOWEST_RETRY = 15_000;
const FIRST_PROBE = 30_000;
const FIRST_PROBE_AGAIN = 1_000; // WebSockets have worked here: it was the server that was away

/** Events as WebSocket frames. A browser does not show us pings, so we have our own. */
class SocketTransport {
  static socket() {
    const url = new URL("socket", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    return new WebSocket(url);
  }

  constructor(client, on) {
    this.socket = SocketTransport.socket();
    this.socket.onopen = () => {
      this.send({ type: "hello", client });
      this.pinger = setInterval(() => this.check(), PING_EVERY);
      on.open();
    };
    this.socket.onmessage = ({ data }) => {
      const event = JSON.parse(data);
      if (event.type === "pong") clearTimeout(this.deadline);
      else on.event(event);
    };
    this.socket.onclose = () => on.close();
    this.giveUp = () => on.close();
  }

  send(event) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(event));
  }

  check() {
    clearTimeout(this.deadline);
    this.deadline = setTimeout(this.giveUp, PONG_WITHIN);
    this.send({ type: "ping" });
  }

  close() {
    clearInterval(this.pinger);
    clearTimeout(this.deadline);
    this.socket.close();
  }
}

/** Events as HTTP requests: one that sends, one that waits until there is something to tell. */
class PollTransport {
  constructor(client, on) {
    Object.assign(this, { client, on, gone: new AbortController() });
    this.try(async () => {
      await this.post("poll/send", { events: [{ type: "hello", client }] });
      on.open();
      let seen = 0;
      while (!this.gone.signal.aborted) ({ seen } = await this.post("poll/receive", { seen }));
    });
  }

  send(event) {
    this.try(() => this.post("poll/send", { events: [event] }));
  }

  async try(action) {
    try {
      await action();
    } catch {
      this.on.close(); // whatever went wrong, starting over puts it right
    }
  }

  async post(path, body) {
    const deadline = setTimeout(() => this.close(), POLL_WITHIN);
    try {
      const response = await fetch(path, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ client: this.client, ...body }),
        signal: this.gone.signal,
      });
      if (!response.ok) throw new Error(`${path}: ${response.status}`);
      if (response.status === 204) return {};
      const answer = await response.json();
      for (const event of answer.events) this.on.event(event);
      return answer;
    } finally {
      clearTimeout(deadline);
    }
  }

  check() {
    // A poll that gets nowhere times out by itself.
  }

  close() {
    this.gone.abort();
  }
}

const TRANSPORTS = { websocket: SocketTransport, polling: PollTransport };

/**
 * Fires "state" when `state` ("connecting", "live", "waiting"), `kind` or `retryAt` change, and
 * "event" for each event of the server. `client` is a box that keeps the tab's secret; `join`
 * makes the event that enters the room, and is called for every attempt.
 */
export class Connection extends EventTarget {
  state = "connecting";
  kind = "websocket";
  retryAt = 0;
  #transport = null;
  #timer = 0;
  #probeTimer = 0;
  #failures = 0;
  #socketsWorked = false;

  constructor({ client, mode, join }) {
    super();
    Object.assign(this, { client, mode, join });
    if (!client.get()) client.set(randomId());
    addEventListener("online", () => this.check());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.check();
    });
  }

  /** Open the line now, by the preferred transport. */
  open(kind = this.mode === "polling" ? "polling" : "websocket") {
    this.#hangUp();
    this.kind = kind;
    this.#become("connecting");
    // A transport that was given up may still have something to say. It is not heard.
    const current = (action) => (detail) => {
      if (this.#transport === transport) action(detail);
    };
    const transport = new TRANSPORTS[kind](this.client.get(), {
      open: current(() => this.enter()),
      event: current((event) => this.#receive(event)),
      close: current(() => this.#lost()),
    });
    this.#transport = transport;
    this.#timer = setTimeout(() => this.#lost(), WELCOME_WITHIN);
  }

  /** Enter the room that `join` names: on a new line, or another room on the same. */
  enter() {
    this.#transport?.send(this.join());
  }

  send(event) {
    this.#transport?.send(event);
  }

  setMode(mode) {
    this.mode = mode;
    this.#failures = 0;
    this.open();
  }

  /** There is reason to think that the line is back, or gone: find out. */
  check() {
    if (this.state === "waiting") this.open();
    else this.#transport?.check();
  }

  #receive(event) {
    if (event.type === "bye") {
      this.#lost(event.reason);
      return;
    }
    if (event.type === "welcome" && this.state !== "live") {
      clearTimeout(this.#timer);
      this.#failures = 0;
      this.#become("live");
      this.#socketsWorked ||= this.kind === "websocket";
      this.#probe(this.#socketsWorked ? FIRST_PROBE_AGAIN : FIRST_PROBE);
    }
    this.dispatchEvent(new CustomEvent("event", { detail: event }));
    if (event.type === "error" && event.about !== "say" && this.state === "connecting") {
      this.#retryLater((event.retry ?? 0) * 1000);
    }
  }

  #lost(reason) {
    const blocked = this.state === "connecting" && this.kind === "websocket";
    if (reason === "replaced") {
      // Another tab has our secret: this one was duplicated. One of the two needs a new one.
      this.client.set(randomId());
      this.open(this.kind);
    } else if (blocked && this.mode === "auto") {
      this.open("polling");
    } else {
      this.#retryLater();
    }
  }

  /** Wait longer after each failure, and never all tabs in step: a server that comes back
   * should not be knocked over by everybody who waited for it. */
  #retryLater(atLeast = 0) {
    this.#hangUp();
    const longest = Math.min(SLOWEST_RETRY, FIRST_RETRY * 2 ** this.#failures);
    const delay = Math.max(atLeast, longest * (0.5 + Math.random() / 2));
    this.#failures += 1;
    this.retryAt = Date.now() + delay;
    this.#timer = setTimeout(() => this.open(), delay);
    this.#become("waiting");
  }

  /** Having fallen back to long-polling, look now and then whether WebSockets work by now. */
  #probe(delay) {
    if (this.mode !== "auto" || this.kind !== "polling") return;
    this.#probeTimer = setTimeout(() => {
      const socket = SocketTransport.socket();
      socket.onopen = () => {
        socket.close();
        if (this.mode === "auto" && this.kind === "polling") this.open("websocket");
      };
      socket.onerror = () => this.#probe(delay * 2);
    }, delay);
  }

  #hangUp() {
    clearTimeout(this.#timer);
    clearTimeout(this.#probeTimer);
    const transport = this.#transport;
    this.#transport = null;
    transport?.close();
  }

  #become(state) {
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}
