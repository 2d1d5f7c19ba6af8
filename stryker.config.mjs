/**
 * Changes the model, the agent and the protocol of the front end, one place at
 * a time, and says which changes no test notices. docs/reliability.md has the
 * command, which brings Stryker along: no other work needs it.
 */
export default {
  mutate: [
    'src/model/*.ts',
    'src/wire/*.ts',
    'src/kernel/agent.ts',
    'src/kernel/agentStates.ts'
  ],
  testRunner: 'jest',
  jest: {
    configFile: 'jest.config.js',
    config: {
      testRegex: 'src/__tests__/(kernel|model|wire)/.*\\.spec\\.ts$',
      // It starts a server and kernels.
      testPathIgnorePatterns: ['/kernel/kernel\\.spec\\.ts$']
    }
  },
  coverageAnalysis: 'perTest',
  // What runs once, when a module is loaded, would want all tests each time.
  ignoreStatic: true,
  concurrency: 2,
  // A machine that has other work takes longer; a change that is only slow
  // would count as noticed.
  timeoutMS: 30_000,
  // All that these tests need. Of the rest nothing is copied.
  ignorePatterns: [
    '**',
    '!src/**/*',
    '!schema/*',
    '!jupyter_memguard/kernel/tests/protocol_samples.json',
    '!*.js',
    '!package.json',
    '!tsconfig*'
  ],
  // None: Stryker would adapt it, and want a TypeScript of its own for that.
  tsconfigFile: 'none',
  tempDirName: 'build/stryker',
  // A run that follows tries what survived or has changed.
  incremental: true,
  incrementalFile: 'build/stryker.json',
  reporters: ['clear-text', 'progress'],
  clearTextReporter: { allowColor: false, logTests: false }
};
