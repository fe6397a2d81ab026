// Reads a saved visit document with the JavaScript Automerge and prints what it sees:
// `node visit.mjs <node_modules> <document>`.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [modules, file] = process.argv.slice(2);
const load = createRequire(resolve(modules, "from-here.js"));
const Automerge = load("@automerge/automerge");

const document = Automerge.load(readFileSync(file));

const conflictsOf = (map) =>
  Object.fromEntries(
    Object.keys(map).map((key) => {
      const values = Automerge.getConflicts(map, key) ?? { only: map[key] };
      return [key, Object.values(values).map(String).sort()];
    }),
  );

const findings = Object.fromEntries(
  Object.entries(document.findings).map(([id, finding]) => [id, String(finding.text)]),
);

console.log(
  JSON.stringify({
    heads: [...Automerge.getHeads(document)].sort(),
    answers: conflictsOf(document.answers),
    seal_states: conflictsOf(document.seal_states),
    findings,
    note: String(document.note),
  }),
);
