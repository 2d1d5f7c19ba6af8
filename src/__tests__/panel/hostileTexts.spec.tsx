import * as React from 'react';
import { Results } from '../../panel/results/results';
import { Variables } from '../../panel/variables/variables';
import { cleanUp, doing, layOut, one, press, render } from '../fakes/render';
import { aGroup, anOverview, aReport, aRow, aVariable } from '../fakes/rows';
import { aView } from '../fakes/view';

/** What a hostile notebook may call things, as a kernel sends it. */
const TEXTS = [
  '<img src=x onerror="alert(1)">',
  '"><script>alert(1)</script>',
  '</span><iframe srcdoc="x">',
  '[click](javascript:alert(1))',
  'javascript:alert(1)',
  '&lt;b&gt;&#x3c;b&#x3e;',
  'a\u202eb\u2066c',
  '%1 %2 ${alert(1)} {{7*7}}'
];

beforeAll(() => layOut(600));
afterEach(cleanUp);

/** That nothing stands there but what we draw, and no link leads anywhere. */
function expectText(host: HTMLElement, text: string) {
  expect(host.textContent).toContain(text);
  expect(host.querySelectorAll('img, script, iframe')).toHaveLength(0);
  expect(host.querySelectorAll('[href], [src], [srcdoc]')).toHaveLength(0);
  const names = [...host.querySelectorAll('*')].flatMap(node =>
    node.getAttributeNames()
  );
  expect(names.filter(name => name.startsWith('on'))).toEqual([]);
}

describe('what a notebook calls things', () => {
  it.each(TEXTS)('is text in rows and their details: %s', async text => {
    const { view, model } = aView();
    const row = aRow(1, 10, {
      type: text,
      summary: text,
      source: text,
      variables: [text],
      shared_variables: [text]
    });
    model.explained = { key: '', holders: [text], paths: [[text]], cut: false };
    model.set({ report: aReport([row]) });
    const host = await render(<Results view={view} />);
    expectText(host, text);
    const line = one(host, '[role=row][data-key]');
    await doing(() => line.focus());
    await press(document.activeElement!, 'Enter');
    expectText(one(host, '.jp-Memguard-detail'), text);
  });

  it.each(TEXTS)('is text in results that share memory: %s', async text => {
    const { view, model } = aView();
    const more = { type: text, summary: text, source: text };
    const rows = [aRow(1, 10, more), aRow(2, 10, more)];
    model.set({
      report: aReport(rows, { groups: [aGroup(rows, 30)] })
    });
    const host = await render(<Results view={view} />);
    expectText(host, text);
  });

  it.each(TEXTS)('is text among the variables: %s', async text => {
    const { view, model } = aView();
    model.report = aReport([]);
    model.overview = anOverview({
      largest: [
        aVariable('x', 2 ** 20, { type: text, shared_with: [text] }),
        aVariable(text, 2 ** 20)
      ]
    });
    const host = await render(
      <Variables view={view} offerCode={async () => undefined} />
    );
    expectText(host, text);
  });
});
