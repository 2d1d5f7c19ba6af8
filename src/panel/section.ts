import { ReactWidget } from '@jupyterlab/ui-components';
import type * as React from 'react';

/**
 * A section that has its place before its content is loaded: the order of
 * sections in the page, by which Tab and screen readers go, is that in which
 * they were added.
 */
export class Section extends ReactWidget {
  /**
   * @param label - The section's head.
   * @param className - The class of the section's element.
   */
  constructor(label: string, className: string) {
    super();
    this.title.label = label;
    this.addClass(className);
  }

  /**
   * Show the content.
   *
   * @param content - What React draws from now on.
   */
  fill(content: React.JSX.Element): void {
    this._content = content;
    this.update();
  }

  protected render(): React.JSX.Element | null {
    return this._content;
  }

  private _content: React.JSX.Element | null = null;
}
