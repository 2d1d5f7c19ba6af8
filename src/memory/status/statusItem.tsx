import type { TranslationBundle } from '@jupyterlab/translation';
import { VDomModel, VDomRenderer } from '@jupyterlab/ui-components';
import * as React from 'react';
import { createPortal } from 'react-dom';
import type { IMemguard, IWatched } from '../../tokens';
import { severityOf } from '../level';
import { Parts } from './parts';
import { HISTORY, MemoryPoll } from '../poll';
import { retainedOf } from '../retained';
import { Sparkline } from './sparkline';
import { statusText } from '../words';

/** What the status item shows: the poll's reading, and what is retained. */
export class StatusModel extends VDomModel {
  /**
   * @param memguard - says which document is in front.
   * @param poll - reads its kernel's memory.
   */
  constructor(
    readonly memguard: IMemguard,
    readonly poll: MemoryPoll
  ) {
    super();
    poll.changed.connect(this.emitChanged, this);
    memguard.settingsChanged.connect(this.emitChanged, this);
    memguard.currentChanged.connect(this.onCurrent, this);
    this.onCurrent(memguard, memguard.current);
  }

  /** Whether there is something to show, and it is wanted. */
  get active(): boolean {
    return this.memguard.settings.statusBar && this.watched !== null;
  }

  /** The document in front. */
  get watched(): IWatched | null {
    return this._watched;
  }

  private onCurrent(_: IMemguard, current: IWatched | null): void {
    this._watched?.model.changed.disconnect(this.emitChanged, this);
    this._watched = current;
    current?.model.changed.connect(this.emitChanged, this);
    this.emitChanged();
  }

  private emitChanged(): void {
    this.stateChanged.emit();
  }

  private _watched: IWatched | null = null;
}

/** The kernel's memory as a button, for the status bar or a toolbar. */
export class StatusItem extends VDomRenderer<StatusModel> {
  /**
   * @param model - what it shows; it is disposed with the item.
   * @param open - what a click does.
   * @param trans - the translator.
   */
  constructor(
    model: StatusModel,
    private readonly open: () => void,
    private readonly trans: TranslationBundle
  ) {
    super(model);
    this.addClass('jp-Memguard-statusItem');
    this.addClass('jp-mod-highlighted');
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    const { model } = this;
    super.dispose();
    model.dispose();
  }

  protected render(): JSX.Element | null {
    return this.model.active ? (
      <Status model={this.model} open={this.open} trans={this.trans} />
    ) : null;
  }
}

function Status(props: {
  model: StatusModel;
  open: () => void;
  trans: TranslationBundle;
}): JSX.Element {
  const { model, trans } = props;
  const { reading, history } = model.poll;
  const [anchor, setAnchor] = React.useState<DOMRect | null>(null);
  const popupId = React.useId();
  const { statusBarShows } = model.memguard.settings;
  const text = statusText(reading, trans, statusBarShows !== 'figure');
  const show = (event: React.SyntheticEvent) =>
    setAnchor(event.currentTarget.getBoundingClientRect());
  const hide = () => setAnchor(null);
  const level = reading.kind === 'none' ? null : reading.level;
  return (
    <>
      <button
        type="button"
        className="jp-Memguard-status"
        data-bytes={reading.kind === 'none' ? undefined : reading.bytes}
        data-level={level ?? undefined}
        data-severity={severityOf(level)}
        data-reason={reading.kind === 'none' ? reading.reason : undefined}
        aria-label={
          reading.kind === 'none' ? text : trans.__('Kernel memory: %1', text)
        }
        aria-describedby={anchor ? popupId : undefined}
        onClick={props.open}
        onMouseEnter={show}
        onMouseLeave={hide}
        onFocus={show}
        onBlur={hide}
        onKeyDown={event => {
          if (event.key === 'Escape') {
            hide();
          }
        }}
      >
        {statusBarShows === 'history' && (
          <Sparkline values={history} slots={HISTORY} />
        )}
        <span>{text}</span>
      </button>
      {anchor &&
        createPortal(
          <div
            id={popupId}
            role="tooltip"
            className="jp-ThemedContainer jp-Memguard-statusPopup"
            style={placeBeside(anchor)}
          >
            <Parts
              reading={reading}
              retained={retainedOf(model.watched)}
              trans={trans}
            />
          </div>,
          document.body
        )}
    </>
  );
}

/** Above what is low on the page, below what is high; inside the window. */
function placeBeside(anchor: DOMRect): React.CSSProperties {
  const { innerWidth, innerHeight } = window;
  const gap = 4;
  return {
    ...(anchor.left < innerWidth / 2
      ? { left: anchor.left }
      : { right: innerWidth - anchor.right }),
    ...(anchor.top > innerHeight / 2
      ? { bottom: innerHeight - anchor.top + gap }
      : { top: anchor.bottom + gap })
  };
}
