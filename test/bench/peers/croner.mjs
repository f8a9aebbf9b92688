// Jobs on croner, each a request by undici. The arguments are those of every peer: see
// test/bench/compare/peers.py.
import { createWriteStream } from "node:fs";
import { parseArgs } from "node:util";
import { createRequire } from "node:module";

// The packages are in the folder of the build, not beside this file.
const require = createRequire(process.env.PEER_PACKAGES + "/");
const { Cron } = require("croner");
const { Pool } = require("undici");

const text = (otherwise) => ({ type: "string", default: otherwise });
const { values: given } = parseArgs({
  options: {
    port: text("0"), jobs: text("1"), every: text("0"), groups: text("1"), at: text("0"), cron: text(""),
    seconds: text("60"), connections: text("100"), log: text("/dev/null"),
  },
});
const every = Number(given.every), groups = Number(given.groups), at = Number(given.at);

const log = createWriteStream(given.log, { flags: "a" });
const pool = new Pool(`http://127.0.0.1:${given.port}`, { connections: Number(given.connections), pipelining: 1 });

async function send(name, instant) {
  const begun = performance.now();
  try {
    const reply = await pool.request({
      path: "/run", method: "POST",
      headers: { "carillon-job": name, "carillon-scheduled-at": new Date(instant).toISOString().replace("Z", "000Z") },
    });
    await reply.body.dump();
    log.write(`${new Date().toISOString()} ${name}: ${reply.statusCode} in ${(performance.now() - begun).toFixed(3)} ms\n`);
  } catch (error) {
    log.write(`${new Date().toISOString()} ${name}: ${error}\n`);
  }
}

// croner does not tell a job its instant: it is the second in which the job begins.
const latestSecond = () => Math.floor(Date.now() / 1000) * 1000;

function add(i) {
  const name = `tenant-${String(i).padStart(7, "0")}-refresh`;
  if (given.cron) return new Cron(given.cron, { timezone: "UTC", protect: true }, () => send(name, Date.now()));
  if (at) return new Cron(new Date(at * 1000), () => send(name, at * 1000));
  return new Cron("* * * * * *", { timezone: "UTC", protect: true }, () => send(name, latestSecond()));
}

if (!given.cron && !at && (every !== 1000 || groups !== 1)) {
  console.error("croner: jobs at each full second, at one instant, or by a cron expression");
  process.exit(2);
}
const kept = [];
for (let i = 0; i < Number(given.jobs); ++i) kept.push(add(i));
console.log("ready");
setTimeout(() => process.exit(0), Number(given.seconds) * 1000);
