/** The browser tests' configuration for what measures and asserts no speed. */
const path = require('path');
const tests = require('../playwright.config.js');

// Where another build of the extension is, to compare it with this one.
const other = process.env.MEMGUARD_BENCHMARK_JUPYTER_PATH;

module.exports = {
  ...tests,
  testDir: __dirname,
  outputDir: path.join(__dirname, '../test-results'),
  timeout: 10 * 60 * 1000,
  reporter: [['list']],
  // The first server is the one with its own kernels.
  webServer: tests.webServer.slice(0, 1).map(server => ({
    ...server,
    cwd: path.join(__dirname, '..'),
    env: {
      ...server.env,
      JUPYTER_PATH: [other, server.env.JUPYTER_PATH]
        .filter(Boolean)
        .join(path.delimiter)
    }
  }))
};
