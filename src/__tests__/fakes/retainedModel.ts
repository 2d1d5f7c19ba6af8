/** A real model of a fake agent. */

import { RetainedModel } from '../../model/retained';
import { FakeAgent } from './agent';
import { sampleGuard, sampleReleased, sampleReport } from './samples';

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
