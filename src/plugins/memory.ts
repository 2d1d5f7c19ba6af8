import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { KernelList } from '../memory/kernels/kernelList';
import { MemoryPoll } from '../memory/poll';
import { followProcessEnd } from '../memory/processEnd';
import { IMemoryReadings } from '../memory/readings';
import { MemorySource } from '../memory/source';
import { UsageRequests } from '../memory/usageRequest';
import { IMemguard } from '../tokens';
import { Rest } from '../wire/rest';

/** A figure older than this is not shown as live, in milliseconds. */
const LIVE_MS = 3000;

/** The readings of kernels' memory, which other plugins show. */
export const memoryPlugin: JupyterFrontEndPlugin<IMemoryReadings> = {
  id: 'jupyter-memguard:memory',
  description: "Reads kernels' memory.",
  autoStart: true,
  provides: IMemoryReadings,
  requires: [IMemguard],
  activate: (app: JupyterFrontEnd, memguard: IMemguard): IMemoryReadings => {
    const { serverSettings, sessions } = app.serviceManager;
    const rest = new Rest(serverSettings);
    const source = new MemorySource(
      new Rest(serverSettings, LIVE_MS),
      new UsageRequests()
    );
    const poll = new MemoryPoll(memguard, source);
    const list = new KernelList(memguard, rest, source, sessions);
    followProcessEnd(memguard, poll);
    readWhenServerIsBack(poll, list);
    return { poll, list, rest };
  }
};

/**
 * Read all kernels as soon as the server is back: the list alone would notice
 * late, because it asks a server that is gone less and less often.
 */
function readWhenServerIsBack(poll: MemoryPoll, list: KernelList): void {
  let isGone = false;
  poll.changed.connect((_, reading) => {
    const wasGone = isGone;
    isGone = reading.kind === 'none' && reading.reason === 'unreachable';
    if (wasGone && !isGone) {
      list.readNow();
    }
  });
}
