/** The extension's icons; the colours are the theme's. */

import { LabIcon } from '@jupyterlab/ui-components';

// A memory module: a board with its chips, and the contacts below.
const outline = 'M2 4v14h2v2h3v-2h4v2h2v-2h4v2h3v-2h2V4H2z';
const chips =
  'M4 6h16v10H4V6zm2 2.5v5h3v-5H6zm4.5 0v5h3v-5h-3zM15 8.5v5h3v-5h-3z';
const tick = 'M10.4 15.6-4.4-4.4 1.7-1.7 2.7 2.7 5.9-5.9 1.7 1.7z';

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
