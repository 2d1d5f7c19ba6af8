import { RetainedModel } from '../../model/retained';
import { FakeAgent } from '../fakes/agent';
import { sampleGuard, sampleReleased, sampleReport } from '../fakes/samples';
import { aPromise } from '../fakes/waiting';

/** A model, and an agent whose kernel answers what the samples have. */
export function aModel() {
  const agent = new FakeAgent();
  agent.answers = {
    report: sampleReport(),
    release: sampleReleased(),
    release_shown: sampleReleased(),
    release_tracebacks: sampleReleased(),
    subscribe: {},
    set_guard: sampleGuard()
  };
  const model = new RetainedModel(agent, () => 2);
  return { agent, model };
}

/** A promise that a test resolves. */
export function aGate() {
  const { promise: gate, resolve } = aPromise<void>();
  return { gate, open: () => resolve() };
}
