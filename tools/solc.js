#!/usr/bin/env -S node --liftoff-only
// The pinned Solidity compiler as a program: npm's soljson with the two modes that forge and
// py-solc-x ask for, `--version` and `--standard-json`. With SOLC=/path/to/solc the native
// compiler of the same version is run instead; both give the same bytes.
// (--liftoff-only: the compiler's WebAssembly starts in 1.8 s instead of 6.5 s.)
"use strict";
const fs = require("fs");
const path = require("path");
const { spawnSync } = require("child_process");

const ROOT = path.resolve(__dirname, "..");
const PACKAGE = path.join(ROOT, "node_modules", "solc");
const PINNED = require(path.join(ROOT, "package.json")).devDependencies.solc;
const args = process.argv.slice(2);

function fail(message) {
  fs.writeSync(2, `error: ${message}\n`);
  process.exit(1);
}

// A pipe takes only what fits: write until all is gone.
function print(text) {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) {
    try {
      done += fs.writeSync(1, bytes, done);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

function native(program) {
  const version = spawnSync(program, ["--version"], { encoding: "utf8" });
  if (version.error) fail(`SOLC=${program} cannot be run: ${version.error.message}`);
  const found = /Version: (\d+\.\d+\.\d+)/.exec(version.stdout);
  if (!found || found[1] !== PINNED) {
    fail(`SOLC=${program} is version ${found ? found[1] : "unknown"}, this project needs ${PINNED}`);
  }
  const run = spawnSync(program, args, { stdio: "inherit" });
  process.exit(run.status === null ? 1 : run.status);
}

function compiler() {
  if (!fs.existsSync(PACKAGE)) fail(`${PACKAGE} is missing\nhint: run npm ci in ${ROOT}`);
  return require(PACKAGE);
}

// Asked before every compilation; loading the compiler for it costs more than half a second.
function version() {
  const cache = path.join(ROOT, "build", "solc-version");
  const { size, mtimeMs } = fs.statSync(path.join(PACKAGE, "soljson.js"), { throwIfNoEntry: false }) || {};
  const stamp = `${size}-${mtimeMs}`;
  try {
    const [known, text] = fs.readFileSync(cache, "utf8").split(" ");
    if (known === stamp) return text;
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  const text = compiler().version();
  fs.mkdirSync(path.dirname(cache), { recursive: true });
  const draft = `${cache}.${process.pid}`;
  fs.writeFileSync(draft, `${stamp} ${text}`);
  fs.renameSync(draft, cache);
  return text;
}

function readFrom(bases, name) {
  const plain = name.replace(/^file:\/\//, "");
  for (const base of bases) {
    const file = path.resolve(base, plain);
    if (fs.existsSync(file)) return { contents: fs.readFileSync(file, "utf8") };
  }
  return { error: `File not found: ${name}` };
}

function options() {
  const found = { bases: [], files: [] };
  for (let i = 0; i < args.length; i++) {
    const [name, joined] = args[i].split(/=(.*)/s);
    const value = () => (joined === undefined ? args[++i] : joined);
    if (name === "--version" || name === "--standard-json") found.mode = name;
    else if (name === "--base-path" || name === "--include-path") found.bases.push(value());
    else if (name === "--allow-paths") value(); // what the user may read may be compiled
    else if (name === "-") found.files = [];
    else if (name.startsWith("-")) fail(`option ${name} is not known here`);
    else found.files.push(args[i]);
  }
  if (!found.bases.length) found.bases = [process.cwd()];
  return found;
}

if (process.env.SOLC) native(process.env.SOLC);
const { mode, bases, files } = options();
if (mode === "--version") {
  print(`solc, the solidity compiler commandline interface\nVersion: ${version()}\n`);
} else if (mode === "--standard-json") {
  const input = JSON.parse(fs.readFileSync(files.length ? files[0] : 0, "utf8"));
  for (const source of Object.values(input.sources || {})) {
    for (const url of source.content === undefined && source.urls ? source.urls : []) {
      const file = readFrom(bases, url);
      if (file.error) continue;
      source.content = file.contents;
      delete source.urls;
      break;
    }
  }
  print(compiler().compile(JSON.stringify(input), { import: (name) => readFrom(bases, name) }) + "\n");
} else {
  fail("say --version or --standard-json");
}
