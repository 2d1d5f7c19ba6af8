/**
 * A real agent, model and panel on a kernel whose replies are malformed: what
 * is asked ends, and the panel says why in a sentence.
 */

import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import fc from 'fast-check';
import { RetainedModel } from '../../model/retained';
import { MemguardPanel } from '../../panel/panel';
import type { IWatched } from '../../tokens';
import type { FakeKernel } from '../fakes/kernel';
import { readyAgent } from '../fakes/kernelAgents';
import { FakeMemguard } from '../fakes/memguard';
import { cleanUp, doing, layOut, one } from '../fakes/render';
import { sampleReport, samples } from '../fakes/samples';
import { settled } from '../fakes/waiting';

beforeAll(() => layOut(600));
afterEach(cleanUp);

async function aPanel() {
  const { agent, context, kernel } = await readyAgent();
  const model = new RetainedModel(agent, () => 2);
  const watched = {
    widget: Object.assign(new Widget(), { sessionContext: context }),
    kind: 'notebook',
    agent,
    model,
    guardStore: { own: null, changed: new Signal({}) }
  } as unknown as IWatched;
  const panel = new MemguardPanel(new FakeMemguard(watched), {
    goTo: async () => 'same',
    chooseMode: () => undefined,
    offerCode: async () => undefined,
    translator: nullTranslator
  });
  await doing(() => panel.load());
  await doing(() => Widget.attach(panel, document.body));
  return { kernel, model, panel };
}

/** Answer everything that is asked, until nothing more is. */
async function answerAll(
  kernel: FakeKernel,
  answer: (id: string, method: string) => unknown
): Promise<void> {
  let answered = 0;
  await doing(async () => {
    while (answered < kernel.requests.length) {
      const { id, method } = kernel.requests[answered++];
      kernel.say(answer(id, method));
      // It is through with the message, whatever it has said.
      await kernel.end(kernel.sent.length - 1);
      await settled();
    }
  });
}

/** What the panel says: nothing is left that promises to pass by itself. */
function saidBy(panel: MemguardPanel, model: RetainedModel): string {
  expect(model.activity).toEqual({ kind: 'idle' });
  expect(panel.node.querySelectorAll('[aria-busy=true]')).toHaveLength(0);
  expect(panel.node.querySelectorAll('progress, .jp-mod-busy')).toHaveLength(0);
  return panel.node.textContent ?? '';
}

/** Something in the place of a reply; `id` is that of the request. */
const malformed = fc.oneof(
  fc.jsonValue().map(value => () => value),
  fc.jsonValue().map(result => (id: string) => ({ id, ok: true, result })),
  fc.jsonValue().map(error => (id: string) => ({ id, ok: false, error })),
  fc.jsonValue().map(ok => (id: string) => ({ id, ok })),
  fc.jsonValue().map(event => () => ({ event, data: event })),
  fc
    .constantFrom(...samples.invalid.filter(({ kind }) => kind !== 'request'))
    .map(({ message }) => (id: string) => ({ ...(message as object), id }))
);

it('a malformed reply to a report ends the reading, with a sentence', async () => {
  await fc.assert(
    fc.asyncProperty(malformed, async reply => {
      const { kernel, model, panel } = await aPanel();
      await answerAll(kernel, id => reply(id));
      expect(panel.node.dataset.state).toBe('failed');
      expect(saidBy(panel, model)).toContain(
        'The kernel cannot be looked into'
      );
      const hint = panel.node.querySelector('.jp-Memguard-stateHint');
      expect(hint?.textContent).toMatch(/^The kernel .+\. Try again/);
      await doing(() => panel.dispose());
      model.dispose();
    }),
    { numRuns: 60 }
  );
});

it('a malformed reply to a release ends it, with a sentence', async () => {
  await fc.assert(
    fc.asyncProperty(malformed, async reply => {
      const { kernel, model, panel } = await aPanel();
      const answer = (id: string, method: string): unknown =>
        method === 'release'
          ? reply(id)
          : { id, ok: true, result: method === 'report' ? sampleReport() : {} };
      await answerAll(kernel, answer);
      // As the button does.
      await doing(() => {
        void model.release({ kind: 'large' });
      });
      await answerAll(kernel, answer);
      expect(kernel.requests.map(({ method }) => method)).toContain('release');
      expect(model.outcome).toMatchObject({ kind: 'failed' });
      const account = one(panel.node, '.jp-Memguard-accountText').textContent;
      expect(saidBy(panel, model)).toContain(account);
      expect(account).toMatch(/ .+\./);
      await doing(() => panel.dispose());
      model.dispose();
    }),
    { numRuns: 60 }
  );
});
