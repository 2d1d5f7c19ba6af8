/** The guard's toggle in the toolbar of a notebook or console. */

import type { TranslationBundle } from '@jupyterlab/translation';
import {
  caretDownEmptyThinIcon,
  MenuSvg,
  ReactWidget
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import React from 'react';
import { CommandIDs, MODES } from './commandIds';
import { holdingGuard } from '../model/guard';
import { guardIcon, guardOnIcon } from './icons';
import type { IMemguard, IWatched } from '../tokens';
import { guardText } from './guardWords';

/**
 * Turns the guard on and off; a menu beside it has the modes. For tests and
 * styles its node has the state in `data-guard-mode`, `data-guard-origin`
 * (`document`, `settings` or `kernel`) and `data-guard-asked`.
 */
export class GuardToggle extends ReactWidget {
  /** @param options - The settings, the commands and the words. */
  constructor(options: GuardToggle.IOptions) {
    super();
    this._options = options;
    this.addClass('jp-Memguard-toggle');
    options.memguard.settingsChanged.connect(this._onChange, this);
  }

  /**
   * Show a document's guard. JupyterLab makes a toolbar before the document
   * is known here; until then the toggle shows nothing.
   *
   * @param watched - The document.
   */
  watch(watched: IWatched): void {
    this._watched = watched;
    watched.agent.stateChanged.connect(this._onChange, this);
    watched.agent.guardChanged.connect(this._onChange, this);
    watched.model.changed.connect(this._onChange, this);
    watched.guardStore.changed.connect(this._onChange, this);
    this._onChange();
  }

  protected render(): React.JSX.Element | null {
    const { commands, trans, memguard } = this._options;
    const watched = this._watched;
    if (watched === null) {
      return null;
    }
    const args = { widgetId: watched.widget.id };
    const holding = holdingGuard(watched, memguard.settings);
    const text = guardText(
      holding,
      watched.agent.guard,
      memguard.settings,
      watched.kind,
      trans
    );
    const enabled = commands.isEnabled(CommandIDs.toggleGuard, args);
    const isOn = holding.mode !== 'off';
    const name = enabled
      ? text
      : trans.__('Memory guard: for Python kernels only');
    const icon = isOn && holding.isConfirmed ? guardOnIcon : guardIcon;
    const menuName = trans.__('What the memory guard does');
    // The toolbar's own buttons say on an outer element, which is no button,
    // that they are pressed.
    return (
      <>
        <button
          type="button"
          className="jp-Memguard-toggleButton"
          aria-pressed={isOn}
          aria-label={name}
          title={name}
          disabled={!enabled}
          onClick={() => void commands.execute(CommandIDs.toggleGuard, args)}
        >
          <icon.react tag="span" />
        </button>
        <button
          type="button"
          className="jp-Memguard-toggleButton jp-Memguard-toggleMenu"
          aria-haspopup="menu"
          aria-label={menuName}
          title={menuName}
          disabled={!enabled}
          onClick={() => this._openMenu(watched)}
        >
          <caretDownEmptyThinIcon.react tag="span" />
        </button>
      </>
    );
  }

  private _onChange(): void {
    if (this._watched === null) {
      return;
    }
    const { memguard } = this._options;
    const holding = holdingGuard(this._watched, memguard.settings);
    this.node.dataset.guardMode = holding.mode;
    this.node.dataset.guardOrigin = holding.origin;
    this.node.dataset.guardAsked = String(holding.isAsked);
    this.update();
  }

  private _openMenu(watched: IWatched): void {
    const { commands } = this._options;
    const args = { widgetId: watched.widget.id };
    const menu = new MenuSvg({ commands });
    menu.addClass('jp-Memguard-modes');
    for (const mode of MODES) {
      menu.addItem({
        command: CommandIDs.setGuardMode,
        args: { ...args, mode }
      });
    }
    menu.addItem({ command: CommandIDs.useDefaultGuard, args });
    menu.addItem({ command: CommandIDs.showPanel });
    // The command runs after the menu has closed.
    menu.aboutToClose.connect(() => setTimeout(() => menu.dispose()));
    const { left, bottom } = this.node.getBoundingClientRect();
    menu.open(left, bottom);
  }

  private _options: GuardToggle.IOptions;
  private _watched: IWatched | null = null;
}

/** A namespace for the toggle's options. */
export namespace GuardToggle {
  /** What a toggle needs. */
  export interface IOptions {
    memguard: IMemguard;
    commands: CommandRegistry;
    trans: TranslationBundle;
  }
}
