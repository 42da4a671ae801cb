import {
  type Channel,
  channel,
  type ChannelListener,
  subscribe,
  unsubscribe,
} from 'node:diagnostics_channel';
import { processWide } from './process-wide.js';

/**
 * Subscribes to a diagnostics channel by its name. The channel is kept as long as the process runs, since Node holds
 * channels weakly: if one is collected that was subscribed to before its publisher exists, Node 20 also forgets the new
 * one of that name which the publisher creates before the finalizer runs, and no later subscriber hears of it.
 *
 * @returns a function that ends the subscription
 */
export function subscribeToChannel(name: string, listener: ChannelListener): () => void {
  const kept = processWide('diagnosticsChannels', () => new Map<string, Channel>());
  if (!kept.has(name)) kept.set(name, channel(name));
  subscribe(name, listener);
  return () => void unsubscribe(name, listener);
}
