import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { CompressedTexts } from '../../lib/dashboard/compressed-texts.js';

describe('compressed answers', () => {
  it('are the text, compressed once for all who ask', async () => {
    const texts = new CompressedTexts();
    const [first, second] = ['{"a":1}', '{"a":2}'].map((text) => text.repeat(1_000)) as [string, string];
    const all = await Promise.all(Array.from({ length: 50 }, () => texts.get(first)));
    expect(new Set(all).size).toBe(1);
    expect(gunzipSync(all[0]!).toString()).toBe(first);
    expect(gunzipSync(await texts.get(second)).toString()).toBe(second);
  });

  it('are bounded in number and in size', async () => {
    const texts = new CompressedTexts();
    const first = await texts.get('0');
    for (let i = 1; i <= 63; i++) await texts.get(String(i));
    expect(await texts.get('0')).toBe(first);
    await texts.get('64');
    expect(await texts.get('0')).not.toBe(first);

    const kept = await texts.get('kept');
    expect(await texts.get('kept')).toBe(kept);
    const huge = 'x'.repeat(5 * 1024 * 1024);
    const once = await texts.get(huge);
    // It is more than all that may be kept.
    expect(await texts.get(huge)).not.toBe(once);
    expect(gunzipSync(once).length).toBe(huge.length);
    expect(await texts.get('kept')).not.toBe(kept);
  });
});
