/** The kernel's memory as a button, for the status bar or a toolbar. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { VDomRenderer } from '@jupyterlab/ui-components';
import * as React from 'react';
import { createPortal } from 'react-dom';
import { likelyBytes } from '../../model/figures';
import type { IFigure } from '../../tokens';
import { severityOf } from '../level';
import { HISTORY } from '../poll';
import { retainedOf, worthFreeing } from '../retained';
import { statusText, toFreeText } from '../words';
import { Parts } from './parts';
import { Sparkline } from './sparkline';
import type { StatusModel } from './statusModel';

/** The button. Pointing at it, or focusing it, shows the parts. */
export class StatusItem extends VDomRenderer<StatusModel> {
  /**
   * @param model - What it shows; the item disposes it.
   * @param open - What a click does.
   * @param trans - The words.
   * @param isShort - Whether the pop-up alone says what can be freed: a
   * toolbar puts an item that grows out of sight.
   */
  constructor(
    model: StatusModel,
    open: () => void,
    trans: TranslationBundle,
    isShort = false
  ) {
    super(model);
    this._isShort = isShort;
    this._open = open;
    this._trans = trans;
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
      <Status
        model={this.model}
        open={this._open}
        trans={this._trans}
        isShort={this._isShort}
      />
    ) : null;
  }

  private readonly _open: () => void;
  private readonly _trans: TranslationBundle;
  private readonly _isShort: boolean;
}

function Status(props: {
  model: StatusModel;
  open: () => void;
  trans: TranslationBundle;
  isShort: boolean;
}): JSX.Element {
  const { model, trans } = props;
  const { reading, history } = model.poll;
  const [anchor, setAnchor] = React.useState<DOMRect | null>(null);
  const popupId = React.useId();
  const { statusBarShows } = model.memguard.settings;
  const death = model.watched?.model.death ?? null;
  const withLimit = statusBarShows !== 'figure';
  const toFree = toFreeOf(model);
  const text =
    statusText(reading, trans, withLimit, death) +
    (props.isShort ? '' : toFreeText(toFree, trans));
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
        data-free-bytes={toFree === null ? undefined : likelyBytes(toFree)}
        data-severity={severityOf(level)}
        data-died-bytes={death === null ? undefined : (death.bytes ?? '')}
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
        onKeyDown={event => event.key === 'Escape' && hide()}
      >
        {statusBarShows === 'history' && (
          <Sparkline values={history} slots={HISTORY} />
        )}
        <span>{text}</span>
      </button>
      {anchor && (
        <PopUp id={popupId} anchor={anchor} model={model} trans={trans} />
      )}
    </>
  );
}

/** What could be freed, once that is worth a word. */
function toFreeOf({ memguard, poll, watched }: StatusModel): IFigure | null {
  const { reading } = poll;
  const percent = memguard.settings.statusBarFreePercent;
  return reading.kind === 'none'
    ? null
    : worthFreeing(retainedOf(watched), reading.bytes, percent);
}

/** The parts of the memory, beside the button. */
function PopUp(props: {
  id: string;
  anchor: DOMRect;
  model: StatusModel;
  trans: TranslationBundle;
}): React.ReactPortal {
  const { id, anchor, model, trans } = props;
  return createPortal(
    <div
      id={id}
      role="tooltip"
      className="jp-ThemedContainer jp-Memguard-statusPopup"
      style={placeBeside(anchor)}
    >
      <Parts
        reading={model.poll.reading}
        retained={retainedOf(model.watched)}
        guard={model.watched?.agent.guard ?? null}
        trans={trans}
      />
    </div>,
    document.body
  );
}

/** Above an anchor low on the page, else below it; within the window. */
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
