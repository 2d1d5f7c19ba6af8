import type { IDisposable } from '@lumino/disposable';

/**
 * Keeps the focus in an element when its focused descendant is removed: a row
 * that was released, or a button that has done its work.
 */
export class FocusKeeper implements IDisposable {
  /**
   * @param node - The element.
   * @param next - Finds what gets the focus instead.
   */
  constructor(node: HTMLElement, next: () => HTMLElement | null) {
    this._node = node;
    this._next = next;
    node.addEventListener('focusin', this._onFocusIn);
    node.addEventListener('focusout', this._onFocusOut);
    this._observer.observe(node, { childList: true, subtree: true });
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._observer.disconnect();
    this._node.removeEventListener('focusin', this._onFocusIn);
    this._node.removeEventListener('focusout', this._onFocusOut);
  }

  private _onFocusIn = (event: FocusEvent): void => {
    this._last = event.target as HTMLElement;
  };

  private _onFocusOut = (event: FocusEvent): void => {
    const left = event.target as HTMLElement;
    // Browsers may also fire this for an element that is being removed, some
    // of them before it is out of the page: look again when that is done.
    setTimeout(() => {
      if (left === this._last && left.isConnected) {
        this._last = null;
      }
    });
  };

  private _onRemoved = (): void => {
    if (this._last === null || this._last.isConnected) {
      return;
    }
    this._last = null;
    const { activeElement, body } = document;
    if (activeElement === null || activeElement === body) {
      this._next()?.focus({ preventScroll: true });
    }
  };

  private _node: HTMLElement;
  private _next: () => HTMLElement | null;
  private _last: HTMLElement | null = null;
  private _observer = new MutationObserver(this._onRemoved);
  private _isDisposed = false;
}
