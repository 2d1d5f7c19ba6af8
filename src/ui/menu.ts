/** A menu under a button of ours. */

import { CommandRegistry } from '@lumino/commands';
import { Menu } from '@lumino/widgets';

/** An entry of a menu. */
export interface IMenuItem {
  readonly label: string;
  readonly isEnabled: boolean;
  run(): void;
}

/**
 * Open a menu under a button; the focus goes back to the button.
 *
 * @param anchor - The button.
 * @param items - The entries.
 */
export function openMenu(
  anchor: HTMLElement,
  items: readonly IMenuItem[]
): void {
  const commands = new CommandRegistry();
  const menu = new Menu({ commands });
  menu.addClass('jp-Memguard-menu');
  items.forEach(({ label, isEnabled, run }, index) => {
    const command = `memguard-menu:${index}`;
    commands.addCommand(command, {
      label,
      isEnabled: () => isEnabled,
      execute: run,
      describedBy: { args: { type: 'object', properties: {} } }
    });
    menu.addItem({ command });
  });
  menu.aboutToClose.connect(() => {
    anchor.focus();
    // The chosen command runs after the menu has closed.
    requestAnimationFrame(() => menu.dispose());
  });
  const { left, bottom } = anchor.getBoundingClientRect();
  menu.open(left, bottom);
}
