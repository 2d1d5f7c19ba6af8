/** The long soak: one story on one server, with sizes from the environment. */
const config = require('./playwright.config');

module.exports = {
  ...config,
  testMatch: 'soak.spec.ts',
  webServer: config.webServer.slice(0, 1)
};
