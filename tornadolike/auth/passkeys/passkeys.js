// Passkeys in pages. What it does is said in the page, by attributes:
//
//   <button type="button" data-passkey-sign-in="/passkeys/sign-in">
//   <button type="button" data-passkey-register="/passkeys/mine">
//   <input autocomplete="username webauthn">   offers passkeys where the user types a name
//   <p data-passkey-message role="status">     where it says what has gone wrong
//   <input data-passkey-name>                  what the user calls a new passkey
//   <input type="hidden" name="next" value="/inbox">  where to go when somebody has signed in
//
// Or by calls: passkeys.signIn(url), passkeys.register(url, name), passkeys.remove(url, id), which give promises.
// Behind a success the button has an event "passkey", behind a failure "passkey-error"; a page that calls
// preventDefault() does by itself what would come then.
"use strict";
(() => {
  let running = null; // only one question at a time may be open in a page

  class PasskeyError extends Error {
    constructor(code, message) {
      super(message);
      this.code = code;
    }
  }

  const bytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));

  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replaceAll("=", "");

  function xsrfToken() {
    const field = document.querySelector('input[name="_xsrf"]');
    if (field) return field.value;
    const cookie = document.cookie.split("; ").find((one) => one.startsWith("_xsrf="));
    return cookie ? cookie.slice(6).replaceAll('"', "") : null;
  }

  async function send(url, message) {
    // Text of visitors may have attributes (sanitizers leave data-* alone), and these lead nowhere else: who answers
    // says what is to be signed, gets that, and says where the page goes then.
    if (new URL(url, document.baseURI).origin !== location.origin)
      throw new PasskeyError("failed", "Passkeys are for the page's own site.");
    const headers = { "Content-Type": "application/json" };
    const token = xsrfToken();
    if (token) headers["X-XSRFToken"] = token;
    const body = JSON.stringify(message);
    const answer = await fetch(url, { method: "POST", headers, body, credentials: "same-origin" });
    if (answer.redirected) return { next: answer.url };
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new PasskeyError(said.error || "failed", said.message || answer.statusText);
    return said;
  }

  const described = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  function asked(options) {
    const made = { ...options, challenge: bytes(options.challenge) };
    if (options.user) made.user = { ...options.user, id: bytes(options.user.id) };
    if (options.excludeCredentials) made.excludeCredentials = described(options.excludeCredentials);
    if (options.allowCredentials) made.allowCredentials = described(options.allowCredentials);
    return made;
  }

  function told(credential) {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"])
      if (credential.response[name]) response[name] = text(credential.response[name]);
    if (credential.response.getTransports) response.transports = credential.response.getTransports();
    const id = text(credential.rawId);
    return { id, rawId: id, type: credential.type, response };
  }

  // Takes the place of a question that is still open, such as that of the field for the name.
  function next() {
    if (running) running.abort();
    running = new AbortController();
    return running;
  }

  async function ask(how, options, more) {
    try {
      return told(await navigator.credentials[how]({ publicKey: asked(options), ...more }));
    } catch (error) {
      if (error.name === "AbortError") throw error;
      if (error.name === "InvalidStateError")
        throw new PasskeyError("exists", "This device has a passkey for this account already.");
      throw new PasskeyError("cancelled", "No passkey was used.");
    }
  }

  async function forget(rpId, credentialId) {
    // So that it is not offered again: the site has removed it.
    if (PublicKeyCredential.signalUnknownCredential)
      await PublicKeyCredential.signalUnknownCredential({ rpId, credentialId }).catch(() => {});
  }

  async function answer(url, options, finish) {
    const wanted = document.querySelector('input[name="next"]');
    try {
      return await send(url, { finish, next: wanted ? wanted.value : null });
    } catch (error) {
      if (error.code === "unknown") await forget(options.rpId, finish.id);
      throw error;
    }
  }

  async function signIn(url) {
    const control = next();
    const options = await send(url, { begin: true });
    return answer(url, options, await ask("get", options, { signal: control.signal }));
  }

  async function register(url, name) {
    const control = next();
    const options = await send(url, { begin: true });
    const finish = await ask("create", options, { signal: control.signal });
    return send(url, { finish, name: name || "" });
  }

  const remove = (url, id) => send(url, { remove: id });

  function say(message) {
    const place = document.querySelector("[data-passkey-message]");
    if (place) place.textContent = message;
  }

  function happened(element, name, detail) {
    return element.dispatchEvent(new CustomEvent(name, { bubbles: true, cancelable: true, detail }));
  }

  // Returns whether it went well.
  async function run(element, what, then) {
    say("");
    try {
      const said = await what();
      if (happened(element, "passkey", said)) then(said);
      return true;
    } catch (error) {
      if (error.name !== "AbortError" && happened(element, "passkey-error", error)) say(error.message);
      return false;
    }
  }

  const go = (said) => location.assign(said.next || "/");

  // The field for the name offers passkeys as long as the page is open: what was asked is asked anew before its time
  // is over.
  async function offer(element, url) {
    let control = next(); // before waiting for anything: a button that is pressed meanwhile goes first
    const able = PublicKeyCredential.isConditionalMediationAvailable;
    if (!able || !(await PublicKeyCredential.isConditionalMediationAvailable())) return;
    for (;; control = next()) {
      let late = false;
      let timer = null;
      try {
        const options = await send(url, { begin: true });
        timer = setTimeout(() => {
          late = true;
          control.abort();
        }, options.timeout * 0.8);
        const more = { signal: control.signal, mediation: "conditional" };
        const finish = await ask("get", options, more);
        clearTimeout(timer);
        if (await run(element, () => answer(url, options, finish), go)) return;
      } catch (error) {
        clearTimeout(timer);
        if (!late) return;
      }
    }
  }

  function start() {
    const signIns = document.querySelectorAll("[data-passkey-sign-in]");
    const registers = document.querySelectorAll("[data-passkey-register]");
    if (!window.PublicKeyCredential) {
      for (const element of [...signIns, ...registers]) element.hidden = true;
      return;
    }
    const offers = signIns.length && document.querySelector('input[autocomplete~="webauthn"]');
    const offerAgain = () => offers && offer(signIns[0], signIns[0].dataset.passkeySignIn);
    for (const element of signIns)
      element.addEventListener("click", async () => {
        if (!(await run(element, () => signIn(element.dataset.passkeySignIn), go))) offerAgain();
      });
    for (const element of registers)
      element.addEventListener("click", () => {
        const name = document.querySelector("[data-passkey-name]");
        run(
          element,
          () => register(element.dataset.passkeyRegister, name && name.value),
          () => location.reload(),
        );
      });
    offerAgain();
  }

  window.passkeys = { signIn, register, remove };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
