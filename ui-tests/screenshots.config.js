/** The browser tests' configuration for the tour's pictures and README's moving one. */
const tests = require('./playwright.config.js');

module.exports = {
  ...tests,
  testDir: __dirname,
  testMatch: ['screenshots.spec.ts', 'moving-picture.spec.ts'],
  reporter: [['list']],
  // The server with its own kernels, and the one with a low limit.
  webServer: tests.webServer.slice(0, 2)
};
