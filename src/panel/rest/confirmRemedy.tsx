/** Asks a person before code runs in their kernel. */

import { Dialog, showDialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

/**
 * Show code, and ask whether it may run.
 *
 * @param code - The code.
 * @param trans - The words.
 * @returns whether it may.
 */
export async function confirmRemedy(
  code: string,
  trans: TranslationBundle
): Promise<boolean> {
  const { button } = await showDialog({
    title: trans.__('Run this code in the kernel?'),
    body: (
      <div className="jp-Memguard-confirm">
        <pre>{code}</pre>
        <p>
          {trans.__(
            'It runs beside your cells and shows no output. What nothing else uses then comes back; this cannot be undone.'
          )}
        </p>
      </div>
    ),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Cancel') }),
      Dialog.warnButton({ label: trans.__('Run') })
    ],
    // The one that changes nothing.
    defaultButton: 0
  });
  return button.accept;
}
