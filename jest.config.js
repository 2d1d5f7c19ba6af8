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
  moduleFileExtensions: [...baseConfig.moduleFileExtensions, 'py'],
  modulePathIgnorePatterns: [
    '<rootDir>/jupyter_memguard/labextension',
    '<rootDir>/\\.venv'
  ],
  testRegex: 'src/__tests__/.*\\.spec\\.tsx?$',
  transform: {
    ...baseConfig.transform,
    '\\.py$': '<rootDir>/jest-python-text.js'
  },
  transformIgnorePatterns: [`/node_modules/(?!${esModules}).+`]
};
