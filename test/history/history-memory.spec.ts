import { describe, expect, it } from '@jest/globals';
import { HistoryMemory } from '../../lib/history/history-memory.js';

describe('the memory of the history', () => {
  it('is reserved up to its limit, and free again when it is released', () => {
    const memory = new HistoryMemory(100);
    const budget = memory.budget(() => undefined);
    expect([budget.reserve(() => 60), budget.reserve(() => 50), memory.bytes]).toEqual([true, false, 60]);
    budget.release(60);
    expect([budget.reserve(() => 100), memory.bytes]).toEqual([true, 100]);
  });

  it('is made free by eviction for a budget that may evict, and for no other', () => {
    const memory = new HistoryMemory(100);
    const chart = memory.budget(() => false);
    chart.reserve(() => 90);
    const missing: number[] = [];
    const required = memory.budget(() => (bytes) => {
      missing.push(bytes);
      chart.release(50);
    });
    expect([chart.reserve(() => 20), required.reserve(() => 40)]).toEqual([false, true]);
    expect([missing, memory.bytes]).toEqual([[30], 80]);
  });

  it('asks for the amount again after an eviction, which may have changed it', () => {
    const memory = new HistoryMemory(100);
    const chart = memory.budget(() => undefined);
    chart.reserve(() => 100);
    let amount = 50;
    const required = memory.budget(() => () => {
      chart.release(100);
      amount = 10;
    });
    expect([required.reserve(() => amount), memory.bytes]).toEqual([true, 10]);
  });

  it('is ample while an eighth of it stays free', () => {
    const memory = new HistoryMemory(80);
    memory.budget(() => undefined).reserve(() => 60);
    expect([memory.isAmple(10), memory.isAmple(11)]).toEqual([true, false]);
  });
});
