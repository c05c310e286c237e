// Runs one of the clients for Node, unchanged: node node_clients.cjs CLIENT KEY URL FAULT_KEY FAULT_URL FAULTS.
// First it says what there is to say to a server whose clock is an hour ahead, with one event that no reader reads;
// then it sends FAULTS events, one by one, to a server that misbehaves.
const [, , name, key, url, faultKey, faultUrl, faults] = process.argv;
const when = new Date("2025-03-01T10:00:00.123Z");
const absurd = new Date("1960-01-01T00:00:00Z");
const errors = [];
const failed = (error) => error && errors.push(String(error.reason || error));
const numbers = [...Array(Number(faults)).keys()];
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

async function likeSegment(make, flush) {
  const client = make(key, url);
  client.identify({ userId: "u1", traits: { plan: "pro" } });
  client.track({ userId: "u1", event: "Ran", properties: { n: 1 }, context: { groupId: "acme" } });
  client.track({ userId: "u1", event: "Absurd", timestamp: absurd });
  client.track({ userId: "u1", event: "Before", timestamp: when });
  client.group({ userId: "u1", groupId: "acme", traits: { seats: 5 } });
  await flush(client);
  const tried = make(faultKey, faultUrl);
  for (const number of numbers) {
    tried.track({ userId: "u1", event: `Fault ${number}` });
    await flush(tried);
  }
}

// Everything that a page has and that these clients look at.
function browser() {
  const { JSDOM } = require("jsdom");
  const { window } = new JSDOM("<!doctype html><title>t</title>", { url: "http://app.example.com/x", pretendToBeVisual: true });
  for (const part of ["document", "navigator", "location", "localStorage", "sessionStorage", "history", "screen", "Event"])
    Object.defineProperty(globalThis, part, { value: window[part], configurable: true, writable: true });
  globalThis.window = window;
  for (const part of ["fetch", "Response", "Headers", "Request"]) window[part] = globalThis[part];
}

const clients = {
  "segment-node": async () => {
    const { Analytics } = require("@segment/analytics-node");
    const make = (writeKey, host) => {
      const client = new Analytics({ writeKey, host, httpRequestTimeout: 2000 });
      client.on("error", failed);
      return client;
    };
    await likeSegment(make, (client) => client.flush());
  },
  "segment-node-6": async () => {
    const Analytics = require("analytics-node");
    const make = (writeKey, host) => new Analytics(writeKey, { host, timeout: 2000, errorHandler: failed });
    await likeSegment(make, (client) => sleep(50).then(() => client.flush().catch(failed)));
    await sleep(3000); // its first event goes out by itself, and nothing tells when
  },
  "rudder-node": async () => {
    const Analytics = require("@rudderstack/rudder-sdk-node");
    const make = (writeKey, dataPlaneUrl) => new (Analytics.default || Analytics)(writeKey, { dataPlaneUrl });
    await likeSegment(make, (client) => sleep(50).then(() => new Promise((done) => client.flush((error) => done(failed(error))))));
    await sleep(3000);
  },
  "posthog-node": async () => {
    const { PostHog } = require("posthog-node");
    const make = (writeKey, host) => {
      const client = new PostHog(writeKey, { host, requestTimeout: 2000, fetchRetryDelay: 200 });
      client.on("error", failed);
      return client;
    };
    const client = make(key, url);
    client.identify({ distinctId: "u1", properties: { plan: "pro" } });
    client.capture({ distinctId: "u1", event: "Ran", properties: { n: 1 }, groups: { company: "acme" } });
    client.capture({ distinctId: "u1", event: "Absurd", timestamp: absurd });
    client.capture({ distinctId: "u1", event: "Before", timestamp: when });
    client.groupIdentify({ groupType: "company", groupKey: "acme", properties: { seats: 5 } });
    await client.shutdown();
    const tried = make(faultKey, faultUrl);
    for (const number of numbers) {
      tried.capture({ distinctId: "u1", event: `Fault ${number}` });
      await sleep(50);
      await tried.flush().catch(failed);
    }
    await tried.shutdown().catch(failed);
  },
  jitsu: async () => {
    const { jitsuAnalytics } = require("@jitsu/js");
    const client = jitsuAnalytics({ host: url, writeKey: `${key}:secret` });
    await client.identify("u1", { plan: "pro" });
    await client.group("acme", { seats: 5 });
    await client.track("Ran", { n: 1 });
    const tried = jitsuAnalytics({ host: faultUrl, writeKey: `${faultKey}:secret` });
    await tried.identify("u1", {});
    for (const number of numbers) await tried.track(`Fault ${number}`);
  },
  "segment-browser": async () => {
    browser();
    const { AnalyticsBrowser } = require("@segment/analytics-next");
    const client = AnalyticsBrowser.load({ writeKey: key, cdnURL: url });
    await client.identify("u1", { plan: "pro" });
    await client.track("Ran", { n: 1 }, { context: { groupId: "acme" } });
    await client.track("Absurd", {}, { timestamp: absurd });
    await client.track("Before", {}, { timestamp: when });
    await client.group("acme", { seats: 5 });
    await sleep(500);
    const tried = AnalyticsBrowser.load({ writeKey: faultKey, cdnURL: faultUrl }, { disableClientPersistence: true });
    for (const number of numbers) await tried.track(`Fault ${number}`);
    await sleep(8000 * Math.sign(numbers.length)); // it tries again after up to 5 s
  },
  "posthog-browser": async () => {
    browser();
    const posthog = require("posthog-js");
    const client = posthog.default || posthog;
    client.init(key, { api_host: url, capture_pageview: false, capture_pageleave: false, persistence: "memory", bootstrap: { distinctID: "a1" } });
    client.identify("u1", { plan: "pro" });
    client.group("company", "acme", { seats: 5 });
    client.capture("Ran", { n: 1 });
    client.capture("Absurd", {}, { timestamp: absurd });
    client.capture("Before", {}, { timestamp: when });
    await sleep(4500);
  },
};

process.on("unhandledRejection", failed);
clients[name]()
  .then(() => console.log("\n" + JSON.stringify(errors)))
  .catch((error) => console.error(error))
  .finally(() => process.exit());
