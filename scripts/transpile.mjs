/**
 * Write JavaScript from `src/` into `lib/` whenever a file changes, until it is
 * ended. That takes milliseconds, because no type is looked at: `tsc` does that
 * beside it, and says by `isolatedModules` what cannot be done file by file.
 */
import console from 'node:console';
import fs from 'node:fs';
import path from 'node:path';
import { setInterval } from 'node:timers';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const sources = path.join(root, 'src');
/** Between two looks. What the system tells of folders differs by system. */
const LOOK_MS = 100;
const out = path.join(root, 'lib');

const { options } = ts.getParsedCommandLineOfConfigFile(
  path.join(root, 'tsconfig.json'),
  { sourceMap: true },
  { ...ts.sys, onUnRecoverableConfigFileDiagnostic: console.error }
);

/** Write a file's JavaScript and its source map, unless they are there. */
function transpile(file) {
  const target = path.join(out, path.relative(sources, file));
  const made = target.replace(/\.tsx?$/, '.js');
  let text;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch {
    return; // it has been removed
  }
  const { outputText, sourceMapText } = ts.transpileModule(text, {
    compilerOptions: options,
    fileName: file
  });
  const map = JSON.parse(sourceMapText);
  const place = path.relative(path.dirname(made), file);
  map.sources = [place.split(path.sep).join('/')];
  write(`${made}.map`, JSON.stringify(map));
  write(made, outputText);
}

function write(file, text) {
  if (!fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== text) {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
  }
}

/** The sources, each with what changes when it is written. */
function states() {
  const found = new Map();
  for (const name of fs.readdirSync(sources, { recursive: true })) {
    const file = path.join(sources, name);
    const stat = /(?<!\.d)\.tsx?$/.test(name)
      ? fs.statSync(file, { throwIfNoEntry: false })
      : undefined;
    if (stat !== undefined) {
      found.set(file, `${stat.mtimeMs} ${stat.size}`);
    }
  }
  return found;
}

let seen = new Map();

/** Write what is not as it was when it was looked at last. */
function look() {
  const now = states();
  for (const [file, state] of now) {
    if (seen.get(file) !== state) {
      transpile(file);
    }
  }
  seen = now;
}

look();
setInterval(look, LOOK_MS);
