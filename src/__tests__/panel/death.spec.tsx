import * as React from 'react';
import { Summary } from '../../panel/summary/summary';
import { button, cleanUp, doing, layOut, one, render } from '../fakes/render';
import { aView, noOffer } from '../fakes/view';

beforeAll(() => layOut(600));
afterEach(cleanUp);

const MIB = 1024 * 1024;

const noChoice = () => {
  throw new Error('not in this test');
};

describe('the death of a process', () => {
  it('is told beside the figures of the next, until a person dismisses it', async () => {
    const { view, model } = aView();
    const host = await render(
      <Summary view={view} chooseMode={noChoice} offerCode={noOffer} />
    );
    expect(host.textContent).not.toContain('died');
    await doing(() =>
      model.set({ death: { bytes: 545 * MIB, limitBytes: 23.5 * 1024 * MIB } })
    );
    const told = one(host, '[data-died-bytes]');
    expect(told.getAttribute('role')).toBe('alert');
    expect(told.dataset.diedBytes).toBe(String(545 * MIB));
    expect(told.textContent).toBe(
      'The kernel died at 545 MiB of 23.5 GiB, and was started anew: what it had is gone.'
    );
    await doing(() => {
      button(host, 'Dismiss').click();
      model.set({});
    });
    expect(model.death).toBeNull();
    expect(host.textContent).not.toContain('died');
  });

  it.each([
    [{ bytes: 545 * MIB, limitBytes: null }, 'The kernel died at 545 MiB.'],
    [{ bytes: null, limitBytes: null }, 'The kernel died.'],
    [
      {
        bytes: 545 * MIB,
        limitBytes: 23.5 * 1024 * MIB,
        killed: true as const
      },
      'The kernel died at 545 MiB of 23.5 GiB (killed). The system killed it because memory ran out.'
    ]
  ])('is told as far as it is known (%j)', async (death, text) => {
    const { view, model } = aView();
    model.agent.state = { kind: 'dead' };
    model.death = death;
    const host = await render(
      <Summary view={view} chooseMode={noChoice} offerCode={noOffer} />
    );
    expect(one(host, '[data-died-bytes]').textContent).toBe(text);
  });
});
