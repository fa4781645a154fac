// A certified OpenID provider (https://www.npmjs.com/package/oidc-provider) that does what the tests say.
//
//   node provider.mjs FOLDER     FOLDER: where `npm ci` has put it, with the package.json beside this file
//
// Each line of the standard input is a JSON object, and each is answered by one on the standard output when it is in
// force. The first answer comes by itself: {"issuer": "http://127.0.0.1:PORT"}. What a line may have:
//
//   clients  [...]         who may ask, in the words of OpenID Connect Dynamic Client Registration
//   keys     "second"      the generation of keys that sign from now on; each is made when it is first named
//   hold     ["/token"]    requests for these paths wait until the next line
//   fail     ["/jwks"]     requests for these paths get a 503
//
// What a line does not name stays as it was. Grants, sessions and tokens outlive all changes. An answer has the number
// of requests by path so far: {"asked": {"/jwks": 1}}. It ends when the standard input does.

import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

console.info = console.error; // the standard output is for answers

const installed = createRequire(join(resolve(process.argv[2]), 'package.json'));
const home = pathToFileURL(installed.resolve('oidc-provider'));
const { Provider } = await import(home);
const { createMemoryAdapter } = await import(new URL('adapters/memory_adapter.js', home));

const KINDS = [
  ['rsa', { modulusLength: 2048 }],
  ['ec', { namedCurve: 'P-256' }],
  ['ed25519', {}],
];
const generations = new Map();

function keysOf(generation) {
  if (!generations.has(generation)) {
    generations.set(generation, KINDS.map(([kind, options]) => ({
      ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }),
      kid: `${generation}, ${kind}`,
      use: 'sig',
    })));
  }
  return generations.get(generation);
}

const adapter = createMemoryAdapter();
const state = { clients: [], keys: 'first', hold: [], fail: [] };
const asked = {};
let held = [];
let serve;

const server = createServer((request, response) => {
  const path = request.url.split('?')[0];
  asked[path] = (asked[path] ?? 0) + 1;
  if (state.fail.includes(path)) {
    response.writeHead(503).end();
  } else if (state.hold.includes(path)) {
    held.push(() => serve(request, response));
  } else {
    serve(request, response);
  }
});

function provider(issuer) {
  const made = new Provider(issuer, {
    adapter,
    clients: state.clients,
    jwks: { keys: keysOf(state.keys) },
    cookies: { keys: ['of the provider of the tests'] },
    claims: {
      openid: ['sub'],
      profile: ['name', 'preferred_username'],
      email: ['email', 'email_verified'],
    },
    features: {
      backchannelLogout: { enabled: true },
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      introspection: { enabled: true },
      revocation: { enabled: true },
    },
    enabledJWA: {
      idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519', 'HS256'],
    },
    // By default it calls nobody on its own machine.
    fetch: (url, { dispatcher, ...options }) => fetch(url, options),
    findAccount: (_, sub) => ({
      accountId: sub,
      claims: () => ({
        sub,
        name: `${sub} of the tests`,
        preferred_username: sub,
        email: `${sub}@example.com`,
        email_verified: true,
      }),
    }),
  });
  made.on('server_error', (_, error) => console.error(error));
  return made.callback();
}

server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const say = () => console.log(JSON.stringify({ issuer, asked }));
  serve = provider(issuer);
  say();
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    const change = JSON.parse(line);
    Object.assign(state, change);
    if (change.clients || change.keys) serve = provider(issuer);
    const waiting = held;
    held = [];
    waiting.forEach((go) => go());
    say();
  });
  lines.on('close', () => process.exit());
});
