/**
 * What goes wrong in a page unseen: an error that nobody catches, a rejection
 * that nobody takes, and what this extension writes into the log as an error.
 */
import type { BrowserContext } from '@playwright/test';

/** What is not ours, by its text, each with its reason. */
const KNOWN: readonly RegExp[] = [
  // Notebook 7.6 itself, on opening a notebook, also where we are disabled.
  /Cannot read properties of undefined \(reading 'schema'\)\n.*notebook_core/,
  // Notebook 7.6 itself: it has no file browser on a notebook's page.
  /Command 'filebrowser:open-path' not registered\.\n.*notebook_core/
];

/** Collect what goes wrong in all pages of a context from now on. */
export function watchPages(context: BrowserContext): string[] {
  const wrong: string[] = [];
  const add = (text: string): void => {
    if (!KNOWN.some(known => known.test(text))) {
      wrong.push(text);
    }
  };
  context.on('weberror', event => {
    const { message, stack } = event.error();
    // What is thrown without being an error has no stack.
    add(`uncaught: ${stack === undefined || stack === '' ? message : stack}`);
  });
  context.on('console', message => {
    const text = message.text();
    if (message.type() !== 'error' || BY_THE_BROWSER.test(text)) {
      return;
    }
    const { url } = message.location();
    if (/memguard/i.test(`${url} ${text}`)) {
      add(`console.error: ${text} (${url})`);
    }
  });
  return wrong;
}

/**
 * The browser's own line for each answer that is not a success, which a page
 * cannot prevent: who asked for it decides what it means.
 */
const BY_THE_BROWSER = /^Failed to load resource: /;
