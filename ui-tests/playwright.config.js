/**
 * Galata's configuration with one server for each kind of story, and the
 * browser that MEMGUARD_BROWSER names, if any: Playwright's own otherwise.
 */
const path = require('path');
const baseConfig = require('@jupyterlab/galata/lib/playwright-config');

const servers = require('./servers');

const browser = process.env.MEMGUARD_BROWSER;
const server = {
  timeout: 120 * 1000,
  stderr: 'ignore',
  reuseExistingServer: false
};
const lab = (offset, env = {}) => ({
  ...server,
  command: 'jlpm start',
  url: `${servers.urlOf(offset)}/lab`,
  env: {
    MEMGUARD_TEST_PORT: String(servers.portOf(offset)),
    // Where the kernel that is not Python is, and where it logs.
    JUPYTER_PATH: path.join(__dirname, 'share'),
    MEMGUARD_TEST_ECHO_LOG: servers.ECHO_LOG,
    ...env
  }
});
const gateway = offset => ({
  ...server,
  // Lab lists the kernels of its gateway, which by default is refused.
  command: [
    'jupyter kernelgateway --KernelGatewayApp.port_retries=0',
    `--KernelGatewayApp.port=${servers.portOf(offset)}`,
    '--JupyterWebsocketPersonality.list_kernels=True',
    '--KernelRestarter.restart_limit=1000',
    '--KernelManager.transport=ipc'
  ].join(' '),
  url: `${servers.urlOf(offset)}/api/kernels`
});

module.exports = {
  ...baseConfig,
  testDir: 'tests',
  // Real kernels with hundreds of megabytes each: one at a time.
  workers: 1,
  retries: 0,
  timeout: 120 * 1000,
  // What a loaded machine needs: conditions are waited for, not timed.
  expect: { timeout: 20 * 1000 },
  reporter: [
    ['list'],
    [
      'json',
      {
        outputFile:
          process.env.PLAYWRIGHT_JSON_OUTPUT_FILE ?? 'test-results/report.json'
      }
    ]
  ],
  use: {
    ...baseConfig.use,
    baseURL: servers.urlOf(servers.OWN),
    // Recording slows every story down: MEMGUARD_TRACE=1 asks for it.
    trace: process.env.MEMGUARD_TRACE ? 'retain-on-failure' : 'off',
    screenshot: 'only-on-failure',
    // Playwright's recorder wants an ffmpeg of its own.
    video: 'off',
    launchOptions: browser
      ? {
          executablePath: browser,
          args: [
            '--no-sandbox',
            '--disable-gpu',
            '--disable-quic',
            '--no-first-run',
            '--disable-background-networking',
            '--disable-component-update',
            '--disable-sync'
          ]
        }
      : {}
  },
  webServer: [
    lab(servers.OWN),
    lab(servers.LIMITED, {
      MEMGUARD_TEST_LIMIT: String(servers.LIMIT_BYTES),
      MEMGUARD_TEST_RESTARTS: '1'
    }),
    lab(servers.REMOTE, {
      MEMGUARD_TEST_GATEWAY: servers.urlOf(servers.GATEWAY)
    }),
    gateway(servers.GATEWAY)
  ]
};
