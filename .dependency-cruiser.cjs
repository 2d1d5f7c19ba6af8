/**
 * What may import what in src. Imports of types count, too: whoever reads a
 * folder need only know the folders below it.
 */

/** From bottom to top: a layer may import itself and what is below it. */
const LAYERS = [
  { name: 'chunk', path: '^src/chunk\\.ts$' },
  { name: 'wire', path: '^src/wire/' },
  { name: 'tokens', path: '^src/tokens\\.ts$' },
  { name: 'kernel', path: '^src/kernel/' },
  { name: 'model', path: '^src/model/' },
  { name: 'ui', path: '^src/ui/' },
  { name: 'panel', path: '^src/panel/' },
  { name: 'memory', path: '^src/memory/' },
  { name: 'plugins', path: '^src/plugins/' },
  { name: 'index', path: '^src/index\\.ts$' }
];

module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      comment: 'Files that import each other cannot be read one by one.',
      severity: 'error',
      from: {},
      to: { circular: true }
    },
    {
      name: 'every-file-in-a-layer',
      comment: 'A new folder needs a place among the layers.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/__tests__/' },
      to: {
        path: '^src/',
        pathNot: LAYERS.map(({ path }) => path)
      }
    },
    ...LAYERS.slice(0, -1).map(({ name, path }, index) => ({
      name: `${name}-imports-only-what-is-below`,
      comment: `${name} may not import a layer above it.`,
      severity: 'error',
      from: { path },
      to: { path: LAYERS.slice(index + 1).map(above => above.path) }
    }))
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^src/__tests__/' }
  }
};
