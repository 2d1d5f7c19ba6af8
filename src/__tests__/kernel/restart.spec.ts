import { KernelAgent } from '../../kernel/agent';
import { RetainedModel } from '../../model/retained';
import { FakeContext, FakeKernel } from '../fakes/kernel';
import { KERNEL_CODE } from '../fakes/kernelCode';
import { sampleReport } from '../fakes/samples';
import { settled } from '../fakes/waiting';

/** A document whose kernel has greeted, with the guard in a mode. */
async function aDocument(mode = 'off') {
  const context = new FakeContext();
  const kernel = new FakeKernel();
  context.setKernel(kernel);
  const agent = new KernelAgent(
    context.asContext,
    () => null,
    undefined,
    KERNEL_CODE
  );
  const model = new RetainedModel(agent, () => 1);
  const greet = async (greeting = kernel): Promise<void> => {
    await greeting.answerVersion();
    await settled();
    greeting.hello();
    const state = { ...agent.guard!, mode, set: true };
    greeting.say({ event: 'guard', data: state });
    await settled();
  };
  await greet();
  return { agent, context, kernel, model, greet };
}

/** Answer the newest request. */
async function answer(kernel: FakeKernel, result: unknown): Promise<void> {
  const { id } = kernel.requests[kernel.requests.length - 1];
  kernel.say({ id, ok: true, result });
  await settled();
}

function methods(kernel: FakeKernel): string[] {
  return kernel.requests.map(({ method }) => method);
}

describe('a connection that is made anew in mid-cell', () => {
  it('is not taken for the end of the cell', async () => {
    const { context, kernel, model } = await aDocument();
    kernel.tellStatus('busy', 'c1');
    model.observe();
    expect(methods(kernel)).toEqual([]);
    context.connectionStatusChanged.emit('connecting');
    await settled();
    expect(methods(kernel)).toEqual([]);
  });

  it('keeps a release that waits', async () => {
    const { context, kernel, model, greet } = await aDocument();
    kernel.tellStatus('busy', 'c1');
    void model.release({ kind: 'all' });
    context.connectionStatusChanged.emit('connecting');
    await settled();
    expect(model.activity.kind).toBe('queued');
    expect(model.outcome).toBeNull();
    await greet();
    expect(methods(kernel)).toEqual(['release']);
  });
});

describe('a new kernel', () => {
  it.each<[string, (context: FakeContext, kernel: FakeKernel) => void]>([
    ['of another kind', context => context.setKernel(new FakeKernel())],
    [
      'after a restart by another client',
      (_, kernel) => {
        kernel.session = 'new';
        kernel.tellStatus('busy', 'c1');
      }
    ]
  ])('%s retains nothing of the old one', async (_, change) => {
    const { context, kernel, model } = await aDocument();
    model.observe();
    await answer(kernel, sampleReport());
    expect(model.report).not.toBeNull();
    change(context, kernel);
    expect(model.report).toBeNull();
    expect(model.pushed.size).toBe(0);
  });

  it('is not asked by a cell of the old one', async () => {
    const { context, kernel, model } = await aDocument();
    kernel.tellStatus('busy', 'c1');
    model.observe();
    context.setKernel(new FakeKernel());
    await settled();
    expect(methods(kernel)).toEqual([]);
  });

  it.each(['restarting', 'connecting'] as const)(
    'tells of the ends of cells, too, after it was %s',
    async status => {
      const { context, kernel, greet } = await aDocument('large');
      await answer(kernel, {});
      if (status === 'restarting') {
        context.statusChanged.emit(status);
        await settled();
      }
      context.connectionStatusChanged.emit('connecting');
      await settled();
      await greet();
      expect(kernel.requests.map(({ params }) => params)).toEqual([
        { cell_end: true },
        { cell_end: true }
      ]);
    }
  );
});
