/** The texts of the front end, as its sources have them. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** The methods of a TranslationBundle; each literal argument is a text. */
const METHODS = ['__', '_n', '_p', '_np'];

/** The sources below a folder, without tests, in the order of their names. */
export function sources(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .flatMap(entry => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        return entry.name === '__tests__' ? [] : sources(path);
      }
      return /\.tsx?$/.test(entry.name) ? [path] : [];
    });
}

/**
 * The texts of a source, in the order in which it has them: the method's name
 * and the literals of each call.
 */
export function callsOf(path) {
  const source = ts.createSourceFile(
    path,
    readFileSync(path, 'utf8'),
    ts.ScriptTarget.Latest
  );
  const found = [];
  const visit = node => {
    if (
      ts.isCallExpression(node) &&
      ts.isPropertyAccessExpression(node.expression) &&
      METHODS.includes(node.expression.name.text)
    ) {
      const texts = node.arguments.filter(ts.isStringLiteralLike);
      found.push({
        method: node.expression.name.text,
        texts: texts.map(({ text }) => text)
      });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}
