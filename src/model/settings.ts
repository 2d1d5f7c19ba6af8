/** The settings of schema/plugin.json, checked and with their defaults. */

import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { flag, measure } from '../wire/checks';
import type { ISettings } from '../tokens';
import { isMode } from '../wire/protocol';

/** Bytes in one MiB, the unit of all sizes among the settings. */
export const MIB = 1024 * 1024;

/** The plugin whose settings these are. */
export const PLUGIN_ID = 'jupyter-memguard:plugin';

/** The schema's defaults, for applications without a setting registry. */
export const DEFAULTS: ISettings = {
  guardMode: 'off',
  guardThresholdMiB: 10,
  guardTotalMiB: 100,
  guardKeepLast: 3,
  guardShownMiB: 10,
  guardTracebacks: false,
  freeMinimumMiB: 1,
  kernelImplementations: [],
  pollSeconds: 1,
  statusBar: true,
  statusBarShows: 'history',
  statusBarFreePercent: 10,
  markThresholdMiB: 10
};

/** The names of the guard's settings. */
const OF_GUARD = [
  'guardMode',
  'guardThresholdMiB',
  'guardTotalMiB',
  'guardKeepLast',
  'guardShownMiB',
  'guardTracebacks'
] as const;

/**
 * Read the settings.
 *
 * @param settings - What the registry has. A value that is not valid is
 * replaced by its default.
 */
export function readSettings(
  settings: Pick<ISettingRegistry.ISettings, 'composite'>
): ISettings {
  const given: Record<string, unknown> = settings.composite;
  const onOff = (name: 'guardTracebacks' | 'statusBar'): boolean => {
    const value = given[name];
    return flag(value) ? value : DEFAULTS[name];
  };
  const size = (name: keyof typeof LEAST): number => {
    const value = given[name];
    return measure(value) && value >= LEAST[name] && value <= MOST[name]
      ? value
      : DEFAULTS[name];
  };
  return {
    guardMode: isMode(given.guardMode) ? given.guardMode : DEFAULTS.guardMode,
    guardThresholdMiB: size('guardThresholdMiB'),
    guardTotalMiB: size('guardTotalMiB'),
    guardKeepLast: Math.round(size('guardKeepLast')),
    guardShownMiB: size('guardShownMiB'),
    guardTracebacks: onOff('guardTracebacks'),
    freeMinimumMiB: size('freeMinimumMiB'),
    kernelImplementations: namesIn(given.kernelImplementations),
    pollSeconds: size('pollSeconds'),
    statusBar: onOff('statusBar'),
    statusBarShows:
      SHOWS.find(known => known === given.statusBarShows) ??
      DEFAULTS.statusBarShows,
    statusBarFreePercent: size('statusBarFreePercent'),
    markThresholdMiB: size('markThresholdMiB')
  };
}

/** The texts of a list, which may be anything. */
function namesIn(value: unknown): readonly string[] {
  return Array.isArray(value)
    ? value.filter((name): name is string => typeof name === 'string')
    : DEFAULTS.kernelImplementations;
}

const SHOWS = ['figure', 'limit', 'history'] as const;

/** The least that each number may be. */
const LEAST = {
  guardThresholdMiB: Number.MIN_VALUE,
  guardTotalMiB: Number.MIN_VALUE,
  guardKeepLast: 0,
  guardShownMiB: 0,
  freeMinimumMiB: 0,
  pollSeconds: 0.5,
  statusBarFreePercent: 0,
  markThresholdMiB: 0
} as const;

/** A pebibyte: nobody has more, and the protocol's numbers end not far above. */
const MOST_MIB = 2 ** 30;

/** The most that each number may be. */
const MOST: Record<keyof typeof LEAST, number> = {
  guardThresholdMiB: MOST_MIB,
  guardTotalMiB: MOST_MIB,
  guardKeepLast: 1e6,
  guardShownMiB: MOST_MIB,
  freeMinimumMiB: MOST_MIB,
  pollSeconds: 3600,
  statusBarFreePercent: 100,
  markThresholdMiB: MOST_MIB
};

/**
 * Whether two settings differ in what makes a guard.
 *
 * @param one - Settings.
 * @param other - Settings to compare with them.
 */
export function guardDiffers(one: ISettings, other: ISettings): boolean {
  return OF_GUARD.some(name => one[name] !== other[name]);
}
