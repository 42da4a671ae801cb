import { describe, expect, it } from '@jest/globals';
import { type GraphModule, moduleGraph } from '../../../lib/diagnostics/process-info/module-graph.js';
import { inTimeSlices } from '../../../lib/primitives/time-slices.js';

function moduleOf(name: string, imports: GraphModule[] = []): GraphModule {
  return { name, isGlobal: false, imports, providers: { size: 2 }, controllers: { size: 1 } };
}

describe('the graph of modules', () => {
  it('names modules of the same class apart, and may be circular', async () => {
    const imports: GraphModule[] = [];
    const first = moduleOf('ConfigModule', imports);
    const second = moduleOf('ConfigModule', [first]);
    imports.push(second);
    const rows = await inTimeSlices(moduleGraph([first, second], 10));
    expect(rows.map((row) => [row.name, row.imports])).toEqual([
      ['ConfigModule', ['ConfigModule#2']],
      ['ConfigModule#2', ['ConfigModule']],
    ]);
  });

  it('is bounded, in modules and in the imports of each', async () => {
    const modules = Array.from({ length: 1_000 }, (_, i) => moduleOf(`Module${i}`));
    const root = moduleOf('Root', modules);
    const [row, ...rest] = await inTimeSlices(moduleGraph([root, ...modules], 50));
    expect(rest).toHaveLength(49);
    expect(row!.imports).toHaveLength(101);
    expect(row!.imports.at(-1)).toBe('(900 more)');
  });

  it('shows no secret in a name', async () => {
    const [row] = await inTimeSlices(moduleGraph([moduleOf('postgres://user:planted@host/db')], 1));
    expect(row!.name).not.toContain('planted');
  });
});
