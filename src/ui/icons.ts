/** The extension's icons; the colours are the theme's. */

import { LabIcon } from '@jupyterlab/ui-components';

// A memory module: a board with its chips, and the contacts below.
const outline = 'M2 6v11h2v2h3v-2h4v2h2v-2h4v2h3v-2h2V6H2z';
const chips = 'M4 8h16v7H4V8zm2 2v3h3v-3H6zm4.5 0v3h3v-3h-3zM15 10v3h3v-3h-3z';
const tick = 'm10.9 15-3.6-3.6 1.5-1.5 2.1 2.1 4.3-4.3 1.5 1.5z';

function svg(content: string): string {
  return (
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">' +
    `<g class="jp-icon3 jp-icon-selectable" fill="#616161">${content}</g></svg>`
  );
}

/** A memory module: the panel, the settings, and the guard when it is off. */
export const guardIcon = new LabIcon({
  name: 'jupyter-memguard:guard',
  svgstr: svg(`<path fill-rule="evenodd" d="${outline}${chips}"/>`)
});

/** A memory module with a tick: the guard is on, or has done something. */
export const guardOnIcon = new LabIcon({
  name: 'jupyter-memguard:guard-on',
  svgstr: svg(`<path fill-rule="evenodd" d="${outline}${tick}"/>`)
});
