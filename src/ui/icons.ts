/** The extension's icons; the colours are the theme's. */

import { LabIcon } from '@jupyterlab/ui-components';

const shield =
  'M12 2 4 5v6c0 5 3.4 9.7 8 11 4.6-1.3 8-6 8-11V5l-8-3zm0 2.1 6 2.3V11' +
  'c0 4-2.5 7.7-6 8.9-3.5-1.2-6-4.9-6-8.9V6.4l6-2.3z';

function svg(content: string): string {
  return (
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">' +
    `<g class="jp-icon3 jp-icon-selectable" fill="#616161">${content}</g></svg>`
  );
}

/** A shield: the panel, the settings, and the guard when it is off. */
export const guardIcon = new LabIcon({
  name: 'jupyter-memguard:guard',
  svgstr: svg(`<path d="${shield}"/>`)
});

/** A shield with a tick: the guard is on. */
export const guardOnIcon = new LabIcon({
  name: 'jupyter-memguard:guard-on',
  svgstr: svg(
    `<path d="${shield}"/><path d="m10.9 15.9-3.3-3.3 1.3-1.3 2 2 4.2-4.2 1.3 1.3z"/>`
  )
});
