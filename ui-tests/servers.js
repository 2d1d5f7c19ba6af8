/**
 * The servers of the stories: each kind on a port of its own, from
 * MEMGUARD_TEST_PORT on.
 */
const FIRST_PORT = Number(process.env.MEMGUARD_TEST_PORT ?? 8888);

const portOf = offset => FIRST_PORT + offset;
const urlOf = offset => `http://localhost:${portOf(offset)}`;

module.exports = {
  /** Its own kernels, and the machine's memory. */
  OWN: 0,
  /** Kernels that may have `LIMIT_BYTES`, and are given up when they die twice. */
  LIMITED: 1,
  /** The kernels of `GATEWAY`. */
  REMOTE: 2,
  /** A Jupyter Kernel Gateway, which has no pages. */
  GATEWAY: 3,
  /** Killed and started again by the stories that are about that. */
  DOOMED: 4,
  /** This extension is disabled there, by the command for that. */
  WITHOUT: 5,
  LIMIT_BYTES: 600_000_000,
  /** What the kernel that is not Python was sent. */
  ECHO_LOG: `/tmp/memguard-echo-${FIRST_PORT}.log`,
  portOf,
  urlOf
};
