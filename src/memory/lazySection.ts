/** A section of the panel whose content is loaded when a person looks. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { Message } from '@lumino/messaging';
import { Panel, Widget } from '@lumino/widgets';
import { Chunk } from '../chunk';

/** The section: JupyterLab's start gets its head alone. */
export class LazySection extends Panel {
  /**
   * @param label - The section's head.
   * @param load - Loads the content. It is called when a person first sees
   * the section, and again after a failure.
   * @param trans - The words.
   */
  constructor(
    label: string,
    load: () => Promise<Widget>,
    trans: TranslationBundle
  ) {
    super();
    this._content = new Chunk(load);
    this._trans = trans;
    this.title.label = label;
  }

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._look();
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._look();
  }

  private _look(): void {
    if (this.isVisible && this._content.loaded === null) {
      void this._fill();
    }
  }

  private async _fill(): Promise<void> {
    const content = await this._content.load().catch(() => this._failure());
    if (this.isDisposed) {
      content.dispose();
    } else if (content.parent !== this) {
      this.widgets.forEach(widget => widget.dispose());
      this.addWidget(content);
    }
  }

  private _failure(): Widget {
    const node = document.createElement('p');
    node.setAttribute('role', 'status');
    node.textContent = this._trans.__(
      'This could not be loaded. Fold and unfold it to try again.'
    );
    return new Widget({ node });
  }

  private readonly _content: Chunk<Widget>;
  private readonly _trans: TranslationBundle;
}
