import { channel } from 'node:diagnostics_channel';
import { expect, it } from '@jest/globals';
import { subscribeToChannel } from '../../lib/primitives/diagnostics-channels.js';

it('hears of what is published on a channel until the subscription ends', () => {
  const heard: unknown[] = [];
  const unsubscribe = subscribeToChannel('nestjs-monitoring:test', (message) => heard.push(message));
  channel('nestjs-monitoring:test').publish(1);
  unsubscribe();
  channel('nestjs-monitoring:test').publish(2);
  unsubscribe();
  expect(heard).toEqual([1]);
});

it('keeps each subscription apart', () => {
  const heard: string[] = [];
  const first = subscribeToChannel('nestjs-monitoring:test', () => heard.push('first'));
  const second = subscribeToChannel('nestjs-monitoring:test', () => heard.push('second'));
  first();
  channel('nestjs-monitoring:test').publish(1);
  second();
  expect(heard).toEqual(['second']);
});
