/**
 * Write docs/words.md, all texts that the front end shows: `node scripts/words.mjs`.
 *
 * With `--check` nothing is written; it fails if the document is not what would
 * be written.
 */

import console from 'node:console';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { callsOf, sources } from './texts.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const DOCUMENT = join(ROOT, 'docs', 'words.md');

const HEAD = `# Words

Every text of the panel, the status bar, the menus and the notifications, and the file that shows it. \`node scripts/words.mjs\` writes this document from the code, and the linters fail where it is not up to date. Two texts with an oblique between them are one thing and several.

One word stands for one idea:

- **size**: all that a result or a variable refers to, with what others share;
- **frees**: what comes back if it goes;
- **kept**: what IPython holds for you after a cell showed it.

The kernel's code says the rest: what it shows at a cell is in [guard.md](guard.md) and [magics.md](magics.md).

| where | text |
| ----- | ---- |
`;

/** The texts of a source, each once. */
function textsOf(path) {
  return [...new Set(callsOf(path).map(({ texts }) => texts.join(' / ')))];
}

/** A text as a cell of a Markdown table. */
function cell(text) {
  return text.replace(/[\\|`*_<>[\]]/g, '\\$&');
}

const rows = sources(join(ROOT, 'src')).flatMap(path =>
  textsOf(path).map(text => {
    const where = relative(join(ROOT, 'src'), path);
    return `| \`${where}\` | ${cell(text)} |\n`;
  })
);
const { format } = await import('prettier');
const document = await format(HEAD + rows.join(''), {
  parser: 'markdown',
  singleQuote: true
});
if (!process.argv.includes('--check')) {
  writeFileSync(DOCUMENT, document);
} else if (
  !existsSync(DOCUMENT) ||
  readFileSync(DOCUMENT, 'utf8') !== document
) {
  console.error(
    'docs/words.md is not up to date: `node scripts/words.mjs` writes it.'
  );
  process.exit(1);
}
