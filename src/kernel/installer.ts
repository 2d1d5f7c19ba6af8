/** Sends the install message, until a kernel has answered it. */

import type { Kernel, KernelMessage } from '@jupyterlab/services';
import type { IGuard } from '../wire/protocol';
import type { CellRuns } from './cellRuns';
import { HeldRequest, implementationOf, learn } from './implementation';
import type { Installed } from './inject';
import { guardNeedsEngine, installRequest, readInstalled } from './inject';
import type { ICoreCode, IKernelCode } from './kernelCode';

/** How often the message is sent again when failing cells take it along. */
const MOST_ABORTS = 20;

/** How far an installation has got. */
export type InstallStep =
  /** The page loads the code that goes into the kernel. */
  | { kind: 'load' }
  | { kind: 'send' }
  /** The kernel does not run code itself, or not in IPython's shell. */
  | { kind: 'unsuitable'; implementation: string }
  | { kind: 'failed'; detail: string }
  | { kind: 'answered'; installed: Answer; session: string };

/** The answer of a kernel that did not give the message up. */
export type Answer = Exclude<Installed, { kind: 'aborted' }>;

/** One installation into one kernel. */
interface IInstallation {
  readonly kernel: Kernel.IKernelConnection;
  /** Whether the engine goes along whatever the guard needs. */
  readonly withEngine: boolean;
  /** How often failing cells took the message along. */
  aborts: number;
  /** Whether the code could not be loaded. */
  isStuck: boolean;
  /** The message, while the kernel has not told what it is. */
  held: HeldRequest | null;
}

/**
 * Installs into one kernel at a time, and ignores the outcome of an earlier
 * installation. Sending the message twice does no harm.
 */
export class Installer {
  /**
   * @param code - The code for kernels.
   * @param guard - Returns the guard to set when the message is sent.
   * @param runs - The runs of the kernel; the message is to be none of them.
   * @param isSuitable - Whether a kernel with this implementation gets code.
   * @param tell - Called with each step of the present installation.
   */
  constructor(
    code: IKernelCode,
    guard: () => IGuard | null,
    runs: CellRuns,
    isSuitable: (implementation: string) => boolean,
    tell: (step: InstallStep) => void
  ) {
    this._code = code;
    this._guard = guard;
    this._runs = runs;
    this._isSuitable = isSuitable;
    this._tell = tell;
    this.prepare();
  }

  /**
   * Load the code that the present guard needs, so that the message can go
   * out within a signal.
   */
  prepare(): void {
    // A failure is reported when the message is to be sent.
    this._load(guardNeedsEngine(this._guard())).catch(() => undefined);
  }

  /**
   * Begin an installation, in the place of the one before.
   *
   * @param kernel - The kernel's connection.
   * @param withEngine - Whether the engine goes along whatever the guard
   * needs.
   */
  start(kernel: Kernel.IKernelConnection, withEngine: boolean): void {
    this._current = {
      kernel,
      withEngine,
      aborts: 0,
      isStuck: false,
      held: null
    };
    this._send(this._current);
  }

  /** The kernel has told what it is: what waits for that goes out, or nothing. */
  learned(): void {
    const current = this._current;
    if (current?.held && this._maySend(current)) {
      current.held.release();
    }
  }

  /** Try again if the code could not be loaded. */
  resume(): void {
    if (this._current?.isStuck) {
      this._current.isStuck = false;
      this._send(this._current);
    }
  }

  /** Give up the present installation. */
  stop(): void {
    this._current = null;
  }

  private _send(current: IInstallation): void {
    const { core, engine } = this._code;
    const needsEngine = this._needsEngine(current);
    if (core.loaded === null || (needsEngine && engine.loaded === null)) {
      this._sendOnceLoaded(current, needsEngine);
    } else {
      this._post(current, core.loaded);
    }
  }

  private _sendOnceLoaded(current: IInstallation, needsEngine: boolean): void {
    this._tell({ kind: 'load' });
    this._load(needsEngine).then(
      core => {
        if (current === this._current) {
          this._post(current, core);
        }
      },
      error => {
        if (current === this._current) {
          current.isStuck = true;
          this._tell({ kind: 'failed', detail: errorName(error) });
        }
      }
    );
  }

  private _needsEngine({ withEngine }: IInstallation): boolean {
    return withEngine || guardNeedsEngine(this._guard());
  }

  /** Load the core, and the engine if it can be had: the core goes alone, too. */
  private async _load(withEngine: boolean): Promise<ICoreCode> {
    const { core, engine } = this._code;
    const [loaded] = await Promise.all([
      core.load(),
      withEngine ? engine.load().catch(() => null) : null
    ]);
    return loaded;
  }

  /** Whether a kernel that has told what it is gets code. */
  private _maySend(current: IInstallation): boolean {
    const implementation = implementationOf(current.kernel);
    if (implementation === null || this._isSuitable(implementation)) {
      return true;
    }
    this.stop();
    this._tell({ kind: 'unsuitable', implementation });
    return false;
  }

  /**
   * What is sent to a kernel that is connected to goes out at once, so it has
   * to have told what it is before.
   */
  private async _sendOnceKnown(current: IInstallation): Promise<void> {
    this._tell({ kind: 'send' });
    const { kernel } = current;
    learn(kernel, await kernel.info.catch(() => ({})));
    if (current === this._current) {
      this._send(current);
    }
  }

  private _post(current: IInstallation, core: ICoreCode): void {
    const { kernel } = current;
    if (!this._maySend(current)) {
      return;
    }
    const isKnown = implementationOf(kernel) !== null;
    if (!isKnown && kernel.connectionStatus === 'connected') {
      void this._sendOnceKnown(current);
      return;
    }
    const engine = this._needsEngine(current) ? this._code.engine.loaded : null;
    const request = installRequest(core, this._guard(), engine?.text ?? '');
    this._tell({ kind: 'send' });
    let future: ReturnType<typeof kernel.requestExecute>;
    try {
      future = this._runs.unseen(() => kernel.requestExecute(request));
    } catch {
      // The connection has gone in between; the next signal begins anew.
      return;
    }
    current.held = isKnown ? null : new HeldRequest(future.msg);
    future.done.then(
      reply => this._onReply(current, reply),
      () => {
        // A restart took the message along; its signals begin anew.
      }
    );
  }

  private _onReply(
    current: IInstallation,
    reply: KernelMessage.IExecuteReplyMsg
  ): void {
    if (current !== this._current) {
      return;
    }
    if (isInfo(reply)) {
      // It was sent before the kernel had told what it is.
      learn(current.kernel, reply.content);
      current.held = null;
      this._send(current);
      return;
    }
    const installed = readInstalled(reply.content);
    if (installed.kind !== 'aborted') {
      const { session } = reply.header;
      this._tell({ kind: 'answered', installed, session });
    } else if (current.aborts < MOST_ABORTS) {
      current.aborts++;
      this._send(current);
    } else {
      this._tell({ kind: 'failed', detail: 'aborted' });
    }
  }

  private _code: IKernelCode;
  private _guard: () => IGuard | null;
  private _runs: CellRuns;
  private _isSuitable: (implementation: string) => boolean;
  private _tell: (step: InstallStep) => void;
  private _current: IInstallation | null = null;
}

/** Whether a reply is one to the question what the kernel is. */
function isInfo(reply: KernelMessage.IMessage): boolean {
  return reply.header.msg_type === 'kernel_info_reply';
}

/** A name only: an error's text could be anything. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}
