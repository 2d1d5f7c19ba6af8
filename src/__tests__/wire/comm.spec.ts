import { MainShellComm } from '../../wire/comm';
import { FakeKernel } from '../fakes/kernel';
import { settled } from '../fakes/waiting';

/** A comm of a kernel, and what came of it. */
function aComm() {
  const kernel = new FakeKernel();
  const comm = new MainShellComm(kernel.connection, 'a target');
  const heard: unknown[] = [];
  comm.message.connect((_, data) => heard.push(data));
  comm.closed.connect(() => heard.push('closed'));
  /** Opened; each comm's messages name it by the same id. */
  const id = () => (kernel.sent[0].content as { comm_id: string }).comm_id;
  return { kernel, comm, heard, id };
}

describe('a comm', () => {
  it('sends what the kernel needs to know whose message it is', () => {
    const { kernel, comm, id } = aComm();
    comm.open({ version: 3 });
    comm.send({ one: 1 });
    comm.close();
    expect(id()).not.toBe('');
    const { username, clientId: session } = kernel;
    const header = (msg_type: string) => ({
      channel: 'shell',
      header: expect.objectContaining({ msg_type, username, session })
    });
    expect(kernel.sent).toMatchObject([
      {
        ...header('comm_open'),
        content: {
          comm_id: id(),
          target_name: 'a target',
          data: { version: 3 }
        }
      },
      { ...header('comm_msg'), content: { comm_id: id(), data: { one: 1 } } },
      { ...header('comm_close'), content: { comm_id: id(), data: {} } }
    ]);
  });

  it('keeps each message until the kernel is done with it', () => {
    const { kernel, comm } = aComm();
    const send = jest.spyOn(kernel, 'sendShellMessage');
    comm.open({});
    // No reply is expected, and its future goes when the kernel is idle.
    expect(send).toHaveBeenCalledWith(expect.anything(), false, true);
  });

  it('tells when the kernel begins with a message, and when it is done', async () => {
    const { kernel, comm } = aComm();
    const sent = comm.send({});
    let isHandled = false;
    void sent.handled.then(() => {
      isHandled = true;
    });
    await settled();
    expect([sent.begun, isHandled]).toEqual([false, false]);
    kernel.begin();
    expect([sent.begun, isHandled]).toEqual([true, false]);
    await kernel.end();
    expect(isHandled).toBe(true);
  });

  it('does not say that a message was handled which a restart took along', async () => {
    const { kernel, comm } = aComm();
    jest.spyOn(kernel, 'sendShellMessage').mockReturnValue({
      done: Promise.reject(new Error('Canceled future')),
      onIOPub: () => undefined
    });
    let isHandled = false;
    void comm.send({}).handled.then(() => {
      isHandled = true;
    });
    await settled();
    expect(isHandled).toBe(false);
  });

  it('hears what is said over it, and nothing of other comms', () => {
    const { kernel, comm, heard } = aComm();
    comm.open({});
    kernel.say({ two: 2 });
    kernel.say({}, 'comm_close');
    expect(heard).toEqual([{ two: 2 }, 'closed']);
    const other = new MainShellComm(kernel.connection, 'another');
    other.open({});
    kernel.say({ three: 3 });
    kernel.say({}, 'comm_close');
    expect(heard).toHaveLength(2);
    other.dispose();
  });

  it('is neither a stream nor a result', () => {
    const { kernel, comm, heard } = aComm();
    comm.open({});
    kernel.say({ text: 'out' }, 'stream');
    kernel.say({ text: 'out' }, 'execute_result');
    expect(heard).toEqual([]);
  });

  it('says once that it is closed, and hears nothing more', () => {
    const { kernel, comm, heard } = aComm();
    comm.open({});
    expect(comm.isDisposed).toBe(false);
    comm.close();
    comm.close();
    expect(comm.isDisposed).toBe(true);
    kernel.say({ late: true });
    expect(heard).toEqual([]);
    expect(kernel.sent.map(msg => msg.header.msg_type)).toEqual([
      'comm_open',
      'comm_close'
    ]);
  });

  it('says nothing to a kernel that is gone', () => {
    const { kernel, comm } = aComm();
    comm.open({});
    comm.dispose();
    comm.close();
    expect(kernel.sent).toHaveLength(1);
  });

  it('can be closed after its connection', () => {
    const { kernel, comm } = aComm();
    comm.open({});
    kernel.sendShellMessage = () => {
      throw new Error('disposed');
    };
    expect(() => comm.close()).not.toThrow();
    expect(comm.isDisposed).toBe(true);
    expect(() => comm.send({})).toThrow('disposed');
  });
});
