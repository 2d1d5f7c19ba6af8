/** The service, and the documents that are open. */

import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { DEFAULTS } from '../../model/settings';
import type { IMemguard, ISettings, IWatched } from '../../tokens';
import { FakeContext, type FakeKernel } from './kernel';
import { FakeModel } from './model';

/** A service with one document in front, or none. */
export class FakeMemguard implements IMemguard {
  constructor(public current: IWatched | null) {
    this.watched = new Set(current === null ? [] : [current]);
  }
  readonly watched: Set<IWatched>;
  readonly added: Signal<IMemguard, IWatched> = new Signal(this);
  readonly currentChanged: Signal<IMemguard, IWatched | null> = new Signal(
    this
  );
  readonly settings = DEFAULTS;
  readonly settingsChanged: Signal<IMemguard, ISettings> = new Signal(this);
  find(): IWatched | null {
    return this.current;
  }
  /** Open a document behind others, as all but one are when a page is loaded. */
  open(watched: IWatched): void {
    this.watched.add(watched);
    this.added.emit(watched);
  }
  bring(current: IWatched | null): void {
    if (current !== null && !this.watched.has(current)) {
      this.open(current);
    }
    this.current = current;
    this.currentChanged.emit(current);
  }
}

/** A document that is open. */
export function aDocument(
  name: string,
  kernel: FakeKernel | null
): { watched: IWatched; context: FakeContext; model: FakeModel } {
  const context = new FakeContext(kernel);
  const model = new FakeModel();
  const widget = Object.assign(new Widget(), { sessionContext: context });
  widget.title.label = name;
  const watched = {
    widget,
    kind: 'notebook',
    agent: model.agent,
    model,
    guardStore: { own: null, changed: new Signal({}) }
  } as unknown as IWatched;
  return { watched, context, model };
}
