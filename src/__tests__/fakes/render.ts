/** Rendering into the page, and doing there what a person does. */

import { MessageLoop } from '@lumino/messaging';
import { act, type ReactElement } from 'react';
import { createRoot, type Root } from 'react-dom/client';

// React then says so when a test forgets to wait for it.
Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

let roots: [Root, HTMLElement][] = [];

/** Render into a new element of the page, with all effects done. */
export async function render(element: ReactElement): Promise<HTMLElement> {
  const host = document.body.appendChild(document.createElement('div'));
  const root = createRoot(host);
  roots.push([root, host]);
  await act(async () => root.render(element));
  return host;
}

/** Take everything out of the page again. */
export async function cleanUp(): Promise<void> {
  for (const [root, host] of roots) {
    await act(async () => root.unmount());
    host.remove();
  }
  roots = [];
}

/** Do something and wait for what it makes React do. */
export async function doing(what: () => unknown): Promise<void> {
  await act(async () => {
    await what();
  });
}

/** The one element of a selector. */
export function one(host: ParentNode, selector: string): HTMLElement {
  const found = host.querySelectorAll<HTMLElement>(selector);
  if (found.length !== 1) {
    throw new Error(`${found.length} elements are ${selector}`);
  }
  return found[0];
}

/** The button of an accessible name. */
export function button(host: ParentNode, name: string): HTMLElement {
  const found = Array.from(host.querySelectorAll('button')).filter(
    each => (each.getAttribute('aria-label') ?? each.textContent) === name
  );
  if (found.length !== 1) {
    throw new Error(`${found.length} buttons are named ${name}`);
  }
  return found[0];
}

/** Press a key on an element. */
export function press(
  element: Element,
  key: string,
  init?: KeyboardEventInit
): Promise<void> {
  return doing(() =>
    element.dispatchEvent(
      new KeyboardEvent('keydown', { key, bubbles: true, ...init })
    )
  );
}

/** Type into a field, as React hears it. */
export function type(field: HTMLElement, text: string): Promise<void> {
  const { set } = Object.getOwnPropertyDescriptor(
    HTMLInputElement.prototype,
    'value'
  )!;
  return doing(() => {
    set!.call(field, text);
    field.dispatchEvent(new Event('input', { bubbles: true }));
  });
}

/** Give elements a size, which jsdom does not: the grid draws what fits. */
export function layOut(height: number): void {
  const sizes = { clientHeight: height, clientWidth: 300, offsetHeight: 46 };
  for (const [name, value] of Object.entries(sizes)) {
    Object.defineProperty(HTMLElement.prototype, name, {
      configurable: true,
      get: () => value
    });
  }
}

/** Do something, and what Lumino and React do after it. */
export async function redrawn(what?: () => unknown): Promise<void> {
  await act(async () => {
    await what?.();
    MessageLoop.flush();
    await new Promise(resolve => setTimeout(resolve, 5));
    MessageLoop.flush();
  });
}

/** Wait until something on the page holds. */
export async function shows(holds: () => boolean): Promise<void> {
  do {
    await redrawn();
  } while (!holds());
}
