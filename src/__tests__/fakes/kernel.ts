/** A kernel that says what a test tells it to, where a real one would not. */

import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import { PromiseDelegate, UUID } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';
import type { IEvents } from '../../wire/protocol';
import { PROTOCOL_VERSION } from '../../wire/protocol';
import { DIGEST } from './kernelCode';
import { sampleGuard } from './samples';
import { settled } from './waiting';

/** A message as far as the code under test reads it. */
type Message = KernelMessage.IMessage;

/** What is told of a comm's message. */
interface IFuture {
  done: Promise<void>;
  onIOPub: () => void;
}

/** A connection whose kernel answers when a test says so. */
export class FakeKernel {
  readonly id: string;
  readonly name: string;
  readonly username = 'somebody';
  readonly clientId = UUID.uuid4();
  readonly anyMessage = new Signal<this, Kernel.IAnyMessageArgs>(this);
  readonly iopubMessage = new Signal<this, Message>(this);
  /** Expressions of the install messages, oldest first. */
  readonly installs: string[] = [];
  /** What was sent over comms, oldest first. */
  readonly sent: Message[] = [];
  status: Kernel.Status = 'idle';
  connectionStatus: Kernel.ConnectionStatus = 'connecting';
  isDisposed = false;
  /** What it tells of itself over a connection that is there. */
  info: Promise<object> = Promise.resolve({ implementation: 'ipython' });
  /** The messages with the installs, as they would go out now. */
  readonly outgoing: Message[] = [];
  /** The kernel's own session, which changes when it restarts. */
  session = UUID.uuid4();

  /** @param options - What is not as with other kernels. */
  constructor(options: { id?: string; name?: string } = {}) {
    this.id = options.id ?? UUID.uuid4();
    this.name = options.name ?? 'python3';
  }

  requestExecute(
    content: KernelMessage.IExecuteRequestMsg['content']
  ): Partial<Kernel.IShellFuture> {
    this.installs.push(String(content.user_expressions?.memguard));
    const delegate = new PromiseDelegate<KernelMessage.IExecuteReplyMsg>();
    this._installs.push(delegate);
    const msg = this._message('execute_request', content);
    this.outgoing.push(msg);
    this.anyMessage.emit({ msg, direction: 'send' });
    return { done: delegate.promise, msg } as Partial<Kernel.IShellFuture>;
  }

  /** What `usage_request` is answered with; null: it is not. */
  usage: object | null = null;
  usageAsked = 0;

  sendControlMessage(): { done: Promise<unknown>; dispose: () => void } {
    this.usageAsked += 1;
    return {
      done: this.usage
        ? Promise.resolve({ content: this.usage })
        : new Promise(() => undefined),
      dispose: () => undefined
    };
  }

  sendShellMessage(msg: Message): IFuture {
    this.sent.push(msg);
    const delegate = new PromiseDelegate<void>();
    const future: IFuture = {
      done: delegate.promise,
      onIOPub: () => undefined
    };
    this._futures.push({ future, delegate });
    return future;
  }

  /** Begin with the newest message of a comm. */
  begin(): void {
    last(this._futures).future.onIOPub();
  }

  /** Be through with a message of a comm, by its place: the newest one. */
  async end(place = this._futures.length - 1): Promise<void> {
    this._futures[place].delegate.resolve();
    await settled();
  }

  /** Tell what it is, as it does before JupyterLab sends it anything. */
  tellInfo(implementation = 'ipython', supported_features?: string[]): void {
    const content = { implementation, supported_features };
    const msg = this._message('kernel_info_reply', content);
    this.anyMessage.emit({ msg, direction: 'recv' });
  }

  /** Answer the newest install message. */
  async answerInstall(content: object): Promise<void> {
    this.tellInfo();
    const msg = this._message('execute_reply', content);
    const newest = last(this._installs);
    newest.resolve(msg as unknown as KernelMessage.IExecuteReplyMsg);
    await newest.promise;
  }

  /** Answer the newest message as a question for what the kernel is. */
  async answerAsInfo(implementation: string): Promise<void> {
    const msg = this._message('kernel_info_reply', { implementation });
    const newest = last(this._installs);
    newest.resolve(msg as unknown as KernelMessage.IExecuteReplyMsg);
    await newest.promise;
  }

  /** Answer the newest install message with a version of the protocol. */
  answerVersion(version: number | string = PROTOCOL_VERSION): Promise<void> {
    const data = { 'text/plain': String(version) };
    return this.answerInstall({
      status: 'ok',
      user_expressions: { memguard: { status: 'ok', data, metadata: {} } }
    });
  }

  /** Fail the newest install message, as a restart does. */
  cancelInstall(): void {
    last(this._installs).reject(new Error('Canceled future'));
  }

  /** What was asked over the newest comm. */
  get requests(): { id: string; method: string; params: object }[] {
    return this.sent
      .filter(msg => msg.header.msg_type === 'comm_msg')
      .map(msg => (msg.content as KernelMessage.ICommMsgMsg['content']).data)
      .map(data => data as never);
  }

  /** Say something over the newest comm. */
  say(data: unknown, msgType = 'comm_msg'): void {
    const opened = this.sent.filter(m => m.header.msg_type === 'comm_open');
    const { comm_id } = last(opened)
      .content as KernelMessage.ICommOpenMsg['content'];
    this.iopubMessage.emit(this._message(msgType, { comm_id, data }));
  }

  /** Greet as the kernel code does when the comm is opened. */
  hello(more: Partial<IEvents['hello']> = {}): void {
    const guard_state = { ...sampleGuard(), mode: 'off' as const, set: false };
    const data: IEvents['hello'] = {
      version: PROTOCOL_VERSION,
      guard_state,
      execution_count: 1,
      engine: true,
      digest: DIGEST,
      ...more
    };
    this.say({ event: 'hello', data });
  }

  /** A status message that belongs to an execute request of some client. */
  tellStatus(state: string, parent: string, session = this.session): void {
    const msg = this._message('status', { execution_state: state });
    msg.header.session = session;
    msg.parent_header = {
      ...msg.header,
      msg_id: parent,
      msg_type: 'execute_request'
    } as never;
    this.anyMessage.emit({ msg, direction: 'recv' });
  }

  /** The same for those who know the interface. */
  get connection(): Kernel.IKernelConnection {
    return this as unknown as Kernel.IKernelConnection;
  }

  private _message(msg_type: string, content: object): Message {
    const header = { msg_type, msg_id: UUID.uuid4(), session: this.session };
    return {
      header,
      parent_header: {},
      content,
      channel: 'iopub',
      metadata: {}
    } as unknown as Message;
  }

  private _futures: { future: IFuture; delegate: PromiseDelegate<void> }[] = [];
  private _installs: PromiseDelegate<KernelMessage.IExecuteReplyMsg>[] = [];
}

/** A document's session with a fake kernel. */
export class FakeContext {
  /** @param kernel - The kernel that it begins with. */
  constructor(kernel: FakeKernel | null = null) {
    this.session = kernel && { kernel };
  }

  readonly kernelChanged = new Signal<this, unknown>(this);
  readonly statusChanged = new Signal<this, Kernel.Status>(this);
  readonly connectionStatusChanged = new Signal<this, Kernel.ConnectionStatus>(
    this
  );
  readonly specsManager = {
    specs: {
      kernelspecs: {
        python3: { language: 'python' },
        echo: { language: 'echo' }
      }
    } as object | null,
    specsChanged: new Signal<object, unknown>({})
  };
  isTerminating = false;
  session: { kernel: FakeKernel | null; id?: string } | null;

  /** Take another kernel, or the same one after its restart. */
  setKernel(kernel: FakeKernel | null): void {
    this.session = kernel && { kernel };
    this.kernelChanged.emit(undefined);
  }

  /** The same for those who know the interface. */
  get asContext(): ISessionContext {
    return this as unknown as ISessionContext;
  }
}

function last<T>(list: T[]): T {
  return list[list.length - 1];
}
