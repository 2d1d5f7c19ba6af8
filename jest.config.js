const jestJupyterLab = require('@jupyterlab/testutils/lib/jest-config');

const esModules = [
  '@codemirror',
  '@jupyter/',
  '@jupyterlab/',
  '@microsoft/',
  'exenv-es6',
  'lib0',
  'nanoid',
  'vscode-ws-jsonrpc',
  'y-protocols',
  'y-websocket',
  'yjs'
].join('|');

const baseConfig = jestJupyterLab(__dirname);

module.exports = {
  ...baseConfig,
  automock: false,
  collectCoverageFrom: ['src/**/*.{ts,tsx}', '!src/__tests__/**'],
  coverageDirectory: '<rootDir>/build/reports/branches',
  coverageReporters: ['json-summary'],
  modulePathIgnorePatterns: [
    // Stryker's copy of the sources: stryker.config.mjs.
    '<rootDir>/build/stryker',
    '<rootDir>/jupyter_memguard/labextension',
    '<rootDir>/\\.venv'
  ],
  setupFilesAfterEnv: ['<rootDir>/src/__tests__/setup.ts'],
  // A test that hangs still ends; one on a busy machine has the time to.
  testTimeout: 30000,
  testRegex: 'src/__tests__/.*\\.spec\\.tsx?$',
  transformIgnorePatterns: [`/node_modules/(?!${esModules}).+`]
};
