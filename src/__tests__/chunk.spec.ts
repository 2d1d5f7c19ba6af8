import { Chunk } from '../chunk';

describe('a chunk', () => {
  it('is loaded once for all who ask, and not before', async () => {
    const load = jest.fn(async () => 'the part');
    const chunk = new Chunk(load);
    expect(load).not.toHaveBeenCalled();
    expect(chunk.loaded).toBeNull();
    const asked = [chunk.load(), chunk.load()];
    expect(await Promise.all(asked)).toEqual(['the part', 'the part']);
    expect(chunk.loaded).toBe('the part');
    await chunk.load();
    expect(load).toHaveBeenCalledTimes(1);
  });

  it('is tried again by the next who asks after a failure', async () => {
    const said = jest.spyOn(console, 'error').mockImplementation();
    const load = jest.fn().mockRejectedValueOnce(new Error('offline'));
    const chunk = new Chunk<string>(load);
    await expect(chunk.load()).rejects.toThrow('offline');
    expect(said).toHaveBeenCalledTimes(1);
    said.mockRestore();
    load.mockResolvedValue('the part');
    expect(await chunk.load()).toBe('the part');
  });
});
