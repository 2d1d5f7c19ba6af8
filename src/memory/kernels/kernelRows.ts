/** The kernels as the list shows them. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { kernelIdOf } from '../../model/sharing';
import type { IFigure, IMemguard, IWatched } from '../../tokens';
import { formatBytes } from '../../ui/format';
import type { IKernelMemory, ILimit } from '../../wire/rest';
import { isShared, severityOf, type Severity } from '../level';
import { retainedOf, watchedWith } from '../retained';
import { reasonText } from '../words';
import type { KernelList } from './kernelList';

/** A document that uses a kernel; where there is none, the kernel itself. */
export interface IKernelUser {
  /** The notebook's path, else the console's name, else the kernelspec's. */
  path: string;
  /** The document, if it is open here. */
  watched: IWatched | null;
  /** Whether there is a document to show. */
  opens: boolean;
}

/** One kernel as the list shows it. */
export interface IKernelRow {
  id: string;
  users: readonly IKernelUser[];
  /** Its memory with that of its child processes, or null if not known. */
  bytes: number | null;
  /** Whether it has ended and uses no memory. */
  isGone: boolean;
  /** Its own part of its limit, from 0 to 1. */
  share: number | null;
  severity: Severity;
  /** The limit that it shares with others, and the used part of that. */
  shared: { limit: ILimit; level: number } | null;
  /** Why there is no figure, or how to read the figure; may be empty. */
  note: string;
  retained: IFigure | null;
}

type IFigures = Pick<
  IKernelRow,
  'bytes' | 'note' | 'share' | 'severity' | 'shared'
>;

/**
 * The kernels for the list, the biggest first.
 *
 * @param list - The server's kernels.
 * @param memguard - The open documents.
 * @param trans - The words.
 */
export function rowsOf(
  list: KernelList,
  memguard: IMemguard,
  trans: TranslationBundle
): IKernelRow[] {
  return (list.kernels ?? [])
    .map(kernel => rowOf(kernel, list, memguard, trans))
    .sort((one, other) => (other.bytes ?? -1) - (one.bytes ?? -1));
}

function rowOf(
  kernel: IKernelMemory,
  list: KernelList,
  memguard: IMemguard,
  trans: TranslationBundle
): IKernelRow {
  return {
    id: kernel.id,
    users: usersOf(kernel, list, memguard),
    isGone: kernel.reason === 'died' || kernel.reason === 'no_kernel',
    retained: retainedIn(kernel.id, memguard),
    ...figuresOf(kernel, list, trans)
  };
}

/** What a kernel keeps, as far as one of its documents knows. */
function retainedIn(
  kernelId: string,
  { current, watched }: IMemguard
): IFigure | null {
  // The panel reads for the document in front.
  const open = [...watched].sort(
    (one, other) => Number(other === current) - Number(one === current)
  );
  return (
    open
      .filter(each => kernelIdOf(each) === kernelId)
      .map(retainedOf)
      .find(known => known !== null) ?? null
  );
}

/** Who uses a kernel, in the order of their names. */
function usersOf(
  kernel: IKernelMemory,
  list: KernelList,
  memguard: IMemguard
): IKernelUser[] {
  const sessions = list.sessionsOf(kernel.id);
  if (sessions.length < 2) {
    // The server knows it, whether or not JupyterLab has heard of it by now.
    const path = kernel.notebook ?? kernel.title ?? kernel.name;
    const watched = watchedWith(memguard, kernel.id);
    const opens = watched !== null || kernel.kind === 'notebook';
    return [{ path, watched, opens }];
  }
  const open = new Map(
    [...memguard.watched].map(watched => [
      watched.widget.sessionContext.session?.id,
      watched
    ])
  );
  return sessions
    .map(({ id, path, name, type }) => {
      const watched = open.get(id) ?? null;
      return type === 'notebook'
        ? { path, watched, opens: true }
        : { path: name || path, watched, opens: watched !== null };
    })
    .sort((one, other) => nameOf(one).localeCompare(nameOf(other)));
}

/** What a kernel's user is called, without its folder. */
export function nameOf({ path }: IKernelUser): string {
  return path.split('/').pop() ?? path;
}

/** A kernel's memory, by the server or by what the kernel says. */
function figuresOf(
  kernel: IKernelMemory,
  list: KernelList,
  trans: TranslationBundle
): IFigures {
  if (kernel.rss_bytes !== null) {
    const children = kernel.children_bytes ?? 0;
    return {
      ...nearnessOf(kernel.rss_bytes, kernel),
      // What the kernel shares with its forks counts once.
      bytes: children
        ? (kernel.pss_bytes ?? kernel.rss_bytes) + children
        : kernel.rss_bytes,
      note: children
        ? trans.__('%1 of it child processes', formatBytes(children))
        : ''
    };
  }
  const reading = list.remote.get(kernel.id);
  if (reading?.kind === 'usage_request') {
    return {
      ...nearnessOf(reading.bytes, { ...reading, nearest: reading.limit }),
      bytes: reading.bytes,
      note: trans.__('PSS with children, as the kernel tells')
    };
  }
  const note =
    kernel.reason === 'remote'
      ? trans.__('remote kernel')
      : reasonText(kernel.reason ?? 'unsupported', trans);
  return { ...nearnessOf(0, null), bytes: null, note };
}

/** How near a kernel is to its limit, and how full a limit is that many share. */
function nearnessOf(
  bytes: number,
  known: Pick<IKernelMemory, 'limit' | 'level' | 'nearest'> | null
): Omit<IFigures, 'bytes' | 'note'> {
  const limit = known?.limit ?? null;
  const nearest = known?.nearest ?? limit;
  const level = known?.level ?? null;
  // A limit of the address space is not a limit of the resident memory.
  const own = limit?.source === 'rlimit_as' ? limit.used_bytes : bytes;
  const share = limit && own !== null ? own / limit.limit_bytes : null;
  const shared =
    nearest && level !== null && isShared(nearest)
      ? { limit: nearest, level }
      : null;
  return { share, severity: severityOf(shared ? share : level), shared };
}
