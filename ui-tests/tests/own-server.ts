/** A JupyterLab that one file of stories has for itself, to do with it what others could not bear. */
import { expect } from '@playwright/test';
import { spawn, type ChildProcess } from 'child_process';
import { closeSync, mkdtempSync, openSync, readFileSync } from 'fs';
import { tmpdir } from 'os';
import { join } from 'path';
import { portOf, urlOf } from '../servers';

/** As long as Playwright waits for the servers that it starts. */
export const START_MS = 120_000;

interface IOptions {
  /** Which of the ports is its own: see `servers.js`. */
  offset: number;
  /** Environment variables beside those of the stories. */
  env?: Record<string, string>;
}

export class OwnServer {
  constructor(private readonly options: IOptions) {}

  async start(): Promise<void> {
    const { offset, env } = this.options;
    const log = openSync(this.log, 'a');
    this.process = spawn('jlpm', ['start'], {
      env: {
        ...process.env,
        MEMGUARD_TEST_PORT: String(portOf(offset)),
        JUPYTERLAB_GALATA_ROOT_DIR: this.folder,
        ...env
      },
      stdio: ['ignore', log, log],
      // A group of its own, so that its children end with it.
      detached: true
    });
    closeSync(log);
    try {
      await expect.poll(() => this.isThere(), { timeout: START_MS }).toBe(true);
    } catch (error) {
      const said = readFileSync(this.log, 'utf8').slice(-2000);
      throw new Error(`The server did not come: ${said}`, { cause: error });
    }
  }

  /** End it as the system does when memory has run out. */
  async kill(): Promise<void> {
    process.kill(-(this.process?.pid ?? NaN), 'SIGKILL');
    await expect.poll(() => this.isThere()).toBe(false);
  }

  private isThere(): Promise<boolean> {
    return fetch(`${urlOf(this.options.offset)}/lab`).then(
      response => response.ok,
      () => false
    );
  }

  /** The notebooks outlive the server. */
  private readonly folder = mkdtempSync(join(tmpdir(), 'memguard-'));
  /** What it says. */
  private readonly log = join(
    mkdtempSync(join(tmpdir(), 'memguard-log-')),
    'server.log'
  );
  private process: ChildProcess | null = null;
}
