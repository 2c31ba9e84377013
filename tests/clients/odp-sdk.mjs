// The JavaScript SDK as an application uses it: sends ODP events, asks for segments, and looks afterwards, over GraphQL, at
// what the server holds. Environment: SDK (folder with node_modules), HOST (what the SDK is pointed at), SERVER, ADMIN_KEY.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const { SDK, HOST, SERVER, ADMIN_KEY } = process.env;
const require = createRequire(path.resolve(SDK, "index.js"));
const sdk = require("@optimizely/optimizely-sdk");
const manifest = path.resolve(SDK, "node_modules/@optimizely/optimizely-sdk/package.json");
const { version } = JSON.parse(readFileSync(manifest, "utf8"));
const name = `js-${version}`;

async function graphql(query, variables = {}) {
  const headers = { "content-type": "application/json", "x-api-key": ADMIN_KEY };
  const answer = await fetch(`${SERVER}/graphql`, { method: "POST", headers, body: JSON.stringify({ query, variables }) });
  const { data, errors } = await answer.json();
  assert.equal(errors, undefined, JSON.stringify(errors));
  return data;
}

async function publicKey() {
  const made = await graphql(
    `mutation($input: ApiKeyCreateInput!) { apiKeyCreate(input: $input) { key userErrors { message } } }`,
    { input: { name, scope: "ODP_PUBLIC" } });
  return made.apiKeyCreate.key;
}

async function makeAudience(audience, type) {
  const input = { name: audience, rule: { hasIdentifier: { type } } };
  const made = await graphql(`mutation($input: AudienceUpsertInput!) { audienceUpsert(input: $input) { userErrors { message } } }`, { input });
  assert.deepEqual(made.audienceUpsert.userErrors, []);
}

function datafile(host, key) {
  const condition = (value) => ({ value, type: "third_party_dimension", match: "qualified", name: "odp.audiences" });
  const audience = (id, value) => ({ id, name: value, conditions: ["and", ["or", ["or", condition(value)]]] });
  return JSON.stringify({
    version: "4", projectId: "1", accountId: "1", revision: "1", anonymizeIP: true, botFiltering: false, sendFlagDecisions: false,
    rollouts: [], experiments: [], featureFlags: [], groups: [], attributes: [], events: [], variables: [], audiences: [],
    typedAudiences: [audience("11", "has_email"), audience("12", "has_phone")],
    integrations: [{ key: "odp", host, publicKey: key }],
  });
}

function client(file) {
  if (!sdk.createOdpManager) return sdk.createInstance({ datafile: file, odpOptions: { eventFlushInterval: 200 } });
  return sdk.createInstance({
    projectConfigManager: sdk.createStaticProjectConfigManager({ datafile: file }),
    odpManager: sdk.createOdpManager({ eventFlushInterval: 200, eventBatchSize: 10 }),
  });
}

/** The events of a customer, once there are as many as expected, or after some time. */
async function eventsOf(type, value, expected) {
  const query = `query($type: String!, $value: String!) { customer(identifier: {type: $type, value: $value}) {
    events(first: 100) { nodes { type action data identifiers { type value } } } } }`;
  let nodes = [];
  for (let attempt = 0; attempt < 60; attempt++) {
    nodes = (await graphql(query, { type, value })).customer?.events.nodes ?? [];
    if (nodes.length >= expected) break;
    await new Promise((wake) => setTimeout(wake, 250));
  }
  return nodes;
}

const user = `${name}-user`;
const email = `${name}@example.com`;
await makeAudience("has_email", "email");
await makeAudience("has_phone", "phone");
const instance = client(datafile(HOST, await publicKey()));
await instance.onReady();

// One identifier, several, and more than a batch; the first request is answered 503 and comes again.
const send = (action, identifiers, data = {}) =>
  instance.sendOdpEvent(action, "fullstack", new Map(Object.entries(identifiers)), new Map(Object.entries(data)));
send("linked", { fs_user_id: user, email }, { number: 1, flag: true, nothing: null, text: "x" });
send("alone", { email });
for (let number = 0; number < 25; number++) send("many", { "FS-USER-ID": user }, { number });
// A type that is empty and none that is given are the same.
instance.sendOdpEvent("untyped", "", new Map([["email", email]]));

const own = (event) => ["linked", "alone", "many", "untyped"].includes(event.action);
const events = (await eventsOf("email", email, 28)).filter(own);
assert.equal(events.length, 28, `every event is there once: ${events.length}`);
const numbers = events.filter((event) => event.action === "many").map((event) => event.data.number).sort((a, b) => a - b);
assert.deepEqual(numbers, [...Array(25).keys()]);
const linked = events.find((event) => event.action === "linked");
assert.deepEqual(linked.identifiers, [{ type: "email", value: email }, { type: "fs_user_id", value: user }]);
assert.equal(linked.data.number, 1);
assert.equal(linked.data.flag, true);
assert.equal(events.find((event) => event.action === "untyped").type, "fullstack");
assert.equal(new Set(events.map((event) => event.data.idempotence_id)).size, 28);

const known = instance.createUserContext(user);
assert.equal(await known.fetchQualifiedSegments(), true, "segments of a known customer");
assert.equal(known.isQualifiedFor("has_email"), true);
assert.equal(known.isQualifiedFor("has_phone"), false);
assert.deepEqual(known.qualifiedSegments, ["has_email"]);
// A user whom nobody has heard of; the quotes of the second make a request that is no JSON. Asked for without a context,
// which would tell the server of its user, as some versions do.
for (const stranger of [`${name}-stranger`, `we"ird\\user`]) {
  assert.equal(await instance.odpManager.fetchQualifiedSegments(stranger), null, `segments of ${stranger}`);
}

await instance.close();
console.log(`${name}: ${events.length} events once each, segments of a known and of unknown users`);
process.exit(0);
