/** The guard that a kernel gets after its greeting, where it had none then. */

import { KernelAgent } from '../../kernel/agent';
import type { IEngineCode } from '../../kernel/kernelCode';
import type { IGuard } from '../../wire/protocol';
import { FakeContext, FakeKernel } from '../fakes/kernel';
import { KERNEL_CODE } from '../fakes/kernelCode';
import { sampleGuard } from '../fakes/samples';
import { aPromise, settled } from '../fakes/waiting';

const OFF: IGuard = { mode: 'off' };
const LARGE: IGuard = { mode: 'large' };
const LAST: IGuard = { mode: 'last' };

/** A kernel that has greeted before the engine, for the guard, was loaded. */
async function greeted(guard: IGuard) {
  const wanted = { guard };
  const engine = {
    loaded: null,
    load: jest
      .fn<Promise<IEngineCode>, []>()
      .mockRejectedValue(new Error('no such file'))
  };
  const context = new FakeContext();
  const kernel = new FakeKernel();
  const agent = new KernelAgent(
    context.asContext,
    () => wanted.guard,
    undefined,
    {
      ...KERNEL_CODE,
      engine
    }
  );
  context.setKernel(kernel);
  await settled();
  await kernel.answerVersion();
  await settled();
  const loading = aPromise<IEngineCode>();
  engine.load.mockReturnValue(loading.promise);
  const arrive = async (): Promise<void> => {
    loading.resolve(KERNEL_CODE.engine.loaded!);
    await settled();
  };
  return { agent, kernel, wanted, arrive };
}

/** The guards that the kernel was asked for, oldest first. */
const guards = (kernel: FakeKernel) =>
  kernel.requests
    .filter(({ method }) => method === 'set_guard')
    .map(({ params }) => params);

async function answer(kernel: FakeKernel, mode: IGuard['mode']) {
  const { id } = kernel.requests[kernel.requests.length - 1];
  const result = { ...sampleGuard(), mode, set: true };
  kernel.say({ id, ok: true, result });
  await settled();
}

describe('the guard that waits for the engine', () => {
  it('comes with the engine', async () => {
    const { kernel, arrive } = await greeted(LARGE);
    kernel.hello({ engine: false });
    expect(guards(kernel)).toEqual([]);
    await arrive();
    expect(guards(kernel)).toEqual([LARGE]);
  });

  it('is the one that is wanted when the engine comes', async () => {
    const { kernel, wanted, arrive } = await greeted(LARGE);
    kernel.hello({ engine: false });
    wanted.guard = { ...LARGE, threshold_bytes: 7 };
    await arrive();
    expect(guards(kernel)).toEqual([wanted.guard]);
  });

  it('does not come after the one that a person has chosen meanwhile', async () => {
    const { agent, kernel, wanted, arrive } = await greeted(LARGE);
    kernel.hello({ engine: false });
    wanted.guard = OFF;
    void agent.request('set_guard', OFF);
    await answer(kernel, 'off');
    await arrive();
    expect(guards(kernel)).toEqual([OFF]);
  });

  it('does not come after one that another page has set meanwhile', async () => {
    const { kernel, arrive } = await greeted(LARGE);
    kernel.hello({ engine: false });
    const data = { ...sampleGuard(), mode: 'last', set: true };
    kernel.say({ event: 'guard', data });
    await arrive();
    expect(guards(kernel)).toEqual([]);
  });

  it('does not come after one that was sent and is not answered yet', async () => {
    const { agent, kernel, arrive } = await greeted(LARGE);
    // As the model does with a guard that was asked for before a restart.
    agent.stateChanged.connect((_, { kind }) => {
      if (kind === 'ready') {
        void agent.request('set_guard', OFF);
      }
    });
    kernel.hello({ engine: false });
    await arrive();
    expect(guards(kernel)).toEqual([OFF]);
  });

  it('is sent once to a kernel that greets again', async () => {
    const { kernel, arrive } = await greeted(LARGE);
    kernel.hello({ engine: false });
    kernel.hello({ engine: false });
    await arrive();
    expect(guards(kernel)).toEqual([LARGE]);
  });
});

it('a guard that can do without the engine does not wait for it', async () => {
  const { kernel } = await greeted(LAST);
  kernel.hello({ engine: false });
  expect(guards(kernel)).toEqual([LAST]);
});
