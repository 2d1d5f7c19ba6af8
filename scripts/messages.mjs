/**
 * Print every text of the front end as JSON, with the files that show it:
 * scripts/catalogue.py makes the catalogue of them.
 */

import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { callsOf, sources } from './texts.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

const messages = sources(join(ROOT, 'src')).flatMap(path =>
  callsOf(path).map(({ method, texts }) => ({
    file: relative(ROOT, path),
    context: method.includes('p') ? texts[0] : null,
    texts: method.includes('p') ? texts.slice(1) : texts
  }))
);
process.stdout.write(JSON.stringify(messages));
