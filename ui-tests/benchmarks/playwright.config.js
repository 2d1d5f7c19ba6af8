/** The browser tests' configuration for what measures and asserts no speed. */
const path = require('path');
const tests = require('../playwright.config.js');

module.exports = {
  ...tests,
  testDir: __dirname,
  outputDir: path.join(__dirname, '../test-results'),
  timeout: 10 * 60 * 1000,
  reporter: [['list']],
  // The first server is the one with its own kernels.
  webServer: tests.webServer.slice(0, 1).map(server => ({
    ...server,
    cwd: path.join(__dirname, '..')
  }))
};
