/// <reference types="node" />

/** The agent with a real server and real kernels. */

import { SessionContext } from '@jupyterlab/apputils';
import type { Kernel } from '@jupyterlab/services';
import { ServiceManager } from '@jupyterlab/services';
import { JupyterServer } from '@jupyterlab/testing';
import type { ISignal } from '@lumino/signaling';
import * as path from 'path';
import { KernelAgent } from '../../kernel/agent';
import { KERNEL_CODE, type IKernelCode } from '../../kernel/kernelCode';
import { RetainedModel } from '../../model/retained';
import type { IGuard } from '../../wire/protocol';
import { aChunk } from '../fakes/kernelCode';

/** How long a kernel may take to start on a slow machine, in milliseconds. */
const PATIENCE = 120000;

const server = new JupyterServer();
let manager: ServiceManager;

/** Wait until a condition holds, looking whenever a signal is emitted. */
function until<S, T>(
  signal: ISignal<S, T>,
  condition: () => boolean
): Promise<void> {
  return new Promise(resolve => {
    const look = (): void => {
      if (condition()) {
        signal.disconnect(look);
        resolve();
      }
    };
    signal.connect(look);
    look();
  });
}

/** Run a cell that does not fail, and return what it printed. */
async function execute(
  kernel: Kernel.IKernelConnection,
  code: string
): Promise<string> {
  const future = kernel.requestExecute({ code });
  let printed = '';
  future.onIOPub = ({ content }) => {
    printed += (content as { text?: string }).text ?? '';
  };
  const { content } = await future.done;
  expect(content).toMatchObject({ status: 'ok' });
  return printed;
}

/** A session with a kernel, and an agent that was there before it. */
async function aSession(
  kernel: string,
  guard: IGuard | null = null,
  code: IKernelCode = KERNEL_CODE
) {
  const context = new SessionContext({
    kernelManager: manager.kernels,
    sessionManager: manager.sessions,
    specsManager: manager.kernelspecs,
    kernelPreference: { name: kernel }
  });
  const agent = new KernelAgent(context, () => guard, undefined, code);
  await context.initialize();
  await context.ready;
  const run = (code: string) => execute(context.session!.kernel!, code);
  const ready = async (): Promise<void> => {
    const ends = ['ready', 'failed', 'version', 'no-shell'];
    await until(agent.stateChanged, () => ends.includes(agent.state.kind));
    expect(agent.state).toEqual({ kind: 'ready' });
  };
  const close = async (): Promise<void> => {
    await context.shutdown();
    agent.dispose();
    context.dispose();
  };
  return { agent, context, run, ready, close };
}

/** The code of a build that no kernel's environment has. */
async function unknownBuild(): Promise<IKernelCode> {
  const core = await KERNEL_CODE.core.load();
  const engine = await KERNEL_CODE.engine.load();
  const digest = 'unknown';
  const head = core.head.replace(core.digest, digest);
  return {
    core: aChunk({ ...core, digest, head }),
    engine: aChunk({ ...engine, digest })
  };
}

/** Prints whether the guard is on top when this cell runs. */
const IS_GUARDED = "print('update_user_ns' in vars(get_ipython().displayhook))";

/** Prints the name of the package that was installed. */
const NAME =
  "import sys; print(sys.modules['_jupyter_memguard'].__name__); del sys";

beforeAll(async () => {
  const bin = path.resolve(__dirname, '../../../.venv/bin');
  process.env.PATH = bin + path.delimiter + process.env.PATH;
  jest.spyOn(console, 'debug').mockImplementation();
  jest.spyOn(console, 'warn').mockImplementation();
  const log_level = 'INFO';
  await server.start({
    configData: {
      LabApp: { log_level },
      ServerApp: { log_level, allow_root: true }
    }
  });
  manager = new ServiceManager({ standby: 'never' });
  await manager.ready;
}, PATIENCE);

afterAll(async () => {
  await manager.sessions.shutdownAll();
  manager.dispose();
  await server.shutdown();
}, PATIENCE);

describe('a Python kernel', () => {
  it(
    'tells what it retains, and lets it go',
    async () => {
      const { agent, run, ready, close } = await aSession('ipython');
      await ready();
      await run('b"x" * 2_000_000');
      const model = new RetainedModel(agent, () => 1);
      const looking = model.observe();
      await until(model.changed, () => model.report !== null);
      expect(model.report!.results).toMatchObject([
        { numbers: [1], type: 'bytes', exact: true }
      ]);
      expect(model.report!.freed_bytes_all).toBeGreaterThanOrEqual(2000000);
      await model.release({ kind: 'large' });
      expect(model.outcome).toMatchObject({
        kind: 'released',
        result: { released: 1, still_alive: [] }
      });
      expect(model.report!.results).toEqual([]);
      looking.dispose();
      model.dispose();
      await close();
    },
    PATIENCE
  );

  it.each<IGuard['mode']>(['off', 'large'])(
    'gets core and engine as texts where it has no copy, with the guard %s',
    async mode => {
      const code = await unknownBuild();
      const { agent, run, ready, close } = await aSession(
        'ipython',
        { mode },
        code
      );
      await ready();
      expect(await run(NAME)).toBe('_jupyter_memguard\n');
      await run('b"x" * 20_000_000');
      expect(await agent.request('report', {})).toMatchObject({
        results: mode === 'off' ? [{ numbers: [2], exact: true }] : []
      });
      await close();
    },
    PATIENCE
  );

  it(
    'has its guard before the first cell, also after a restart',
    async () => {
      const session = await aSession('ipython', { mode: 'all' });
      const { context, run, ready, close } = session;
      expect(await run(IS_GUARDED)).toBe('True\n');
      await ready();
      await context.restartKernel();
      expect(await run(IS_GUARDED)).toBe('True\n');
      await ready();
      expect(session.agent.guard).toMatchObject({
        mode: 'all',
        set: true,
        since_execution: 1
      });
      await close();
    },
    PATIENCE
  );

  it(
    'is as one without',
    async () => {
      // A session tells its kernel its path in `__session__`.
      const look =
        'import sys; print(len(In), Out, get_ipython().execution_count, ' +
        "sorted(set(globals()) - {'__session__'}), 'history', " +
        '*get_ipython().history_manager.get_range(0))';
      const without = await manager.kernels.startNew({ name: 'ipython' });
      const expected = await execute(without, look);
      await without.shutdown();
      const { run, ready, close } = await aSession('ipython', { mode: 'all' });
      await ready();
      const printed = await run(look);
      expect(printed).toBe(expected);
      expect(printed).toContain('history (');
      await close();
    },
    PATIENCE
  );

  it(
    'fails a request that its restart takes along',
    async () => {
      const { agent, context, ready, close } = await aSession('ipython');
      await ready();
      const asked = agent
        .request('report', {})
        .catch((error: Error) => error.message);
      await context.restartKernel();
      expect(await asked).toBe('restarted');
      await ready();
      expect(await agent.request('report', {})).toMatchObject({ count: 0 });
      await close();
    },
    PATIENCE
  );

  it(
    'answers what waits behind cells, although it closed the comm meanwhile',
    async () => {
      const { agent, run, ready, close } = await aSession('ipython');
      await ready();
      // JupyterLab writes so of each message for a comm that was closed.
      const error = jest.spyOn(console, 'error').mockImplementation();
      // As if it had not heard of this page for long, pauses or not.
      await run(
        'import sys; package = sys.modules["_jupyter_memguard"].__name__\n' +
          "module = sys.modules[package + '.stages'].module\n" +
          "module('channel').SILENT_CELLS = 3\n" +
          "module('cells').PAUSE_S = -1"
      );
      const states: string[] = [];
      agent.stateChanged.connect((_, { kind }) => states.push(kind));
      await agent.request('subscribe', { cell_end: true });
      const cells = Array.from({ length: 6 }, () => run('b"x" * 2_000_000'));
      const released = agent.request('release', {});
      await Promise.all(cells);
      expect(await released).toMatchObject({ released: 6, still_alive: [] });
      expect(states).toEqual(['installing', 'ready']);
      for (const [said] of error.mock.calls) {
        expect(String(said)).toContain('Comm not found');
      }
      error.mockRestore();
      await close();
    },
    PATIENCE
  );

  it(
    'refuses with a code, and what comes after works',
    async () => {
      const { agent, ready, close } = await aSession('ipython');
      await ready();
      await expect(
        agent.request('explain', { key: 'no such' })
      ).rejects.toMatchObject({ code: 'unknown_key' });
      await expect(
        agent.request('set_guard', { mode: 'on' as never })
      ).rejects.toMatchObject({ code: 'bad_params' });
      expect(agent.state.kind).toBe('ready');
      await close();
    },
    PATIENCE
  );

  it(
    'can be shared by two documents of a page',
    async () => {
      const one = await aSession('ipython');
      await one.ready();
      const two = await aSession('ipython');
      await two.context.changeKernel({ id: one.context.session!.kernel!.id });
      await two.ready();
      await one.agent.request('set_guard', { mode: 'last', keep_last: 1 });
      await until(
        two.agent.guardChanged,
        () => two.agent.guard?.mode === 'last'
      );
      expect(two.agent.guard!.settings.keep_last).toBe(1);
      two.agent.dispose();
      two.context.dispose();
      await one.close();
    },
    PATIENCE
  );
});

/** A kernel that says Python, and prints all that it was ever sent. */
const RECORDING = `
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel

class Recording(Kernel):
    implementation = "Recording"
    implementation_version = banner = "1"
    language_info = {"name": "python", "mimetype": "text/x-python", "file_extension": ".py"}
    sent = []

    def do_execute(self, code, silent, store_history=True, user_expressions=None, **_):
        self.sent.append([code, *(user_expressions or {})])
        text = repr(self.sent)
        self.send_response(self.iopub_socket, "stream", {"name": "stdout", "text": text})
        return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}

IPKernelApp.launch_instance(kernel_class=Recording)
`;

/** Installs its kernelspec where the server of a kernel looks for these. */
const INSTALL = `
import json, os, pathlib, sys
folder = pathlib.Path(os.environ["JUPYTER_DATA_DIR"], "kernels", "recording")
folder.mkdir(parents=True)
(folder / "recording.py").write_text(${JSON.stringify(RECORDING)})
argv = [sys.executable, str(folder / "recording.py"), "-f", "{connection_file}"]
spec = {"argv": argv, "display_name": "Recording", "language": "python"}
(folder / "kernel.json").write_text(json.dumps(spec))
`;

describe('a kernel that says Python and passes code on', () => {
  it(
    'gets nothing but its cells, also after a restart',
    async () => {
      const helper = await manager.kernels.startNew({ name: 'ipython' });
      await execute(helper, INSTALL);
      await helper.shutdown();
      await manager.kernelspecs.refreshSpecs();
      const { agent, context, run, close } = await aSession('recording', {
        mode: 'large'
      });
      const state = {
        kind: 'not-python',
        language: 'python',
        implementation: 'Recording'
      };
      expect(await run('first')).toBe("[['first']]");
      expect(agent.state).toEqual(state);
      await context.restartKernel();
      expect(await run('second')).toBe("[['second']]");
      expect(agent.state).toEqual(state);
      await close();
    },
    PATIENCE
  );
});

/** Installs the kernelspec of the reference kernel, which answers itself. */
const INSTALL_REFERENCE = `
import json, os, pathlib, sys
folder = pathlib.Path(os.environ["JUPYTER_DATA_DIR"], "kernels", "reference")
folder.mkdir(parents=True)
argv = [sys.executable, ${JSON.stringify(
  path.resolve(__dirname, '../../../tests/reference_kernel/reference_kernel.py')
)}, "-f", "{connection_file}"]
spec = {"argv": argv, "display_name": "Reference", "language": "reference"}
(folder / "kernel.json").write_text(json.dumps(spec))
`;

describe('a kernel of another language that answers itself', () => {
  it(
    'tells what it retains, lets it go, and gets no code',
    async () => {
      const helper = await manager.kernels.startNew({ name: 'ipython' });
      await execute(helper, INSTALL_REFERENCE);
      await helper.shutdown();
      await manager.kernelspecs.refreshSpecs();
      const { agent, context, run, ready, close } = await aSession('reference');
      await ready();
      await run('b"x" * 2_000_000');
      const model = new RetainedModel(agent, () => 1);
      const looking = model.observe();
      await until(model.changed, () => model.report?.count === 1);
      expect(model.report!.results).toMatchObject([{ type: 'bytes' }]);
      await model.release({ kind: 'large' });
      expect(model.outcome).toMatchObject({
        kind: 'released',
        result: { released: 1 }
      });
      expect(model.report!.results).toEqual([]);
      looking.dispose();
      model.dispose();
      await context.restartKernel();
      await ready();
      await close();
    },
    PATIENCE
  );
});

describe('a kernel of another language', () => {
  it(
    'gets nothing',
    async () => {
      const { agent, context, close } = await aSession('echo');
      const sent: string[] = [];
      const { kernel } = context.session!;
      kernel!.anyMessage.connect((_, { msg, direction }) => {
        if (direction === 'send') {
          sent.push(msg.header.msg_type);
        }
      });
      await kernel!.info;
      await context.restartKernel();
      await kernel!.info;
      expect(agent.state).toEqual({ kind: 'not-python', language: 'echo' });
      expect(sent.filter(type => /execute|comm/.test(type))).toEqual([]);
      await close();
    },
    PATIENCE
  );
});
